import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { datasetSchema } from '../../config/dataset.js'
import { DatapipeError } from '../../errors.js'

const optionalNumber = z
  .string()
  .optional()
  .transform((text) => (text === undefined || text === '' ? undefined : Number(text)))
  .pipe(z.number().positive().optional())

const environmentSchema = z.object({
  DP_ENV: z.string().min(1),
  DP_PROJECT: z.string().min(1),
  DP_CONFIG_BUCKET: z.string().min(1),
  DP_CONFIG_KEY: z.string().min(1),
  DP_TRANSFORMED_BUCKET: z.string().min(1),
  DP_GLUE_DATABASE: z.string().min(1),
  DP_BUCKET: z.string().min(1),
  DP_KEY: z.string().min(1),
  DP_VERSION_ID: z.string().default(''),
  DP_EXECUTION: z.string().default(''),
  DP_RESULT_KEY: z.string().default(''),
  DP_FORCE: z.enum(['', '0', '1']).default(''),
  DP_SCRATCH: z.string().optional(),
  DP_MEMORY_MB: optionalNumber,
})

/**
 * Begins the names of executions that something started by itself: an event, a sweep. Under any other name a person asked for
 * this very version again (`run --file`, `run --backfill --all`, `dlq redrive`).
 */
const FIRST_EXECUTION = 'o-'

/** What one container is to do. */
export interface Settings {
  env: string
  project: string
  configBucket: string
  configKey: string
  transformedBucket: string
  database: string
  bucket: string
  key: string
  /** undefined: the current version. */
  versionId: string | undefined
  execution: string
  /** Where in the transformed bucket the execution looks for the result; undefined: nowhere. */
  resultKey: string | undefined
  /** Load it also when this version is loaded already. */
  force: boolean
  scratch: string
  /** All that this process may use, in MiB. */
  memoryMb: number | undefined
}

/** @throws DatapipeError CONTAINER_SETTINGS with the names of the variables that are missing or wrong */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))]
    throw new DatapipeError(
      'CONTAINER_SETTINGS',
      `These environment variables are missing or wrong: ${names.join(', ')}.`,
    )
  }
  const env = parsed.data
  return {
    env: env.DP_ENV,
    project: env.DP_PROJECT,
    configBucket: env.DP_CONFIG_BUCKET,
    configKey: env.DP_CONFIG_KEY,
    transformedBucket: env.DP_TRANSFORMED_BUCKET,
    database: env.DP_GLUE_DATABASE,
    bucket: env.DP_BUCKET,
    key: env.DP_KEY,
    versionId: env.DP_VERSION_ID === '' ? undefined : env.DP_VERSION_ID,
    execution: env.DP_EXECUTION,
    resultKey: env.DP_RESULT_KEY === '' ? undefined : env.DP_RESULT_KEY,
    force: env.DP_FORCE === '1' || !env.DP_EXECUTION.startsWith(FIRST_EXECUTION),
    scratch: env.DP_SCRATCH ?? join(tmpdir(), 'datapipe'),
    memoryMb: env.DP_MEMORY_MB,
  }
}

/** The configuration as `up` leaves it in the artifacts bucket. */
export const deployedConfigSchema = z.object({
  schemaVersion: z.literal(1),
  datasets: z.record(z.string(), datasetSchema),
})
