import { z } from 'zod'
import { datasetName, datasetSchema } from './dataset.js'
import { datasyncSchema, type Datasync } from './datasync.js'
import {
  networkSchema,
  computeSchema,
  scheduleSchema,
  querySchema,
  notifySchema,
  monitoringSchema,
  catalogSchema,
  sparkSchema,
  DEFAULTS,
} from './parts.js'

const regionName = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not an AWS region name such as eu-north-1')

/** What an environment can set for itself, over the top level. */
const settings = {
  region: regionName.optional().describe('AWS region. Left out: AWS_REGION, then the region of the profile.'),
  network: networkSchema.partial().optional(),
  compute: computeSchema.partial().optional(),
  query: querySchema.partial().optional(),
  notify: notifySchema.partial().optional(),
  datasync: datasyncSchema.partial().optional(),
  schedule: scheduleSchema.partial().optional(),
  backfill: z
    .boolean()
    .optional()
    .meta({ default: DEFAULTS.backfill })
    .describe('Provide the state machine that processes everything pending; `schedule.cron` brings it too.'),
  monitoring: monitoringSchema.partial().optional(),
  catalog: catalogSchema.partial().optional(),
  spark: sparkSchema.partial().optional(),
  bucketNamespace: z
    .enum(['account-regional', 'global'])
    .optional()
    .meta({ default: DEFAULTS.bucketNamespace })
    .describe('account-regional: only your account can ever own the bucket names.'),
  keyDeletionDays: z
    .number()
    .int()
    .min(7)
    .max(30)
    .optional()
    .meta({ default: DEFAULTS.keyDeletionDays })
    .describe('Days of waiting period of the KMS key after `down`.'),
  permissionsBoundary: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/,
      'must be the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/boundary',
    )
    .optional()
    .describe('Managed policy that limits every role of the environment. Left out: none is set.'),
}

const environmentSchema = z.strictObject({
  ...settings,
  account: z
    .string()
    .regex(/^\d{12}$/, 'must be a 12-digit AWS account id in quotes')
    .optional()
    .describe('Refuse to act on any other account.'),
  profile: z.string().optional().describe('AWS profile of this environment.'),
  protect: z.boolean().optional().describe('`down` needs --confirm with the name of the environment.'),
  endpoint: z
    .union([z.literal('embedded'), z.url('must be embedded, or a URL such as http://127.0.0.1:4566')])
    .optional()
    .describe('embedded: the AWS that datapipe runs on this machine. Otherwise the address of an emulator.'),
})

const environmentName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,11}$/,
    'must be 1-12 lower-case letters, digits or - (it is part of every AWS name)',
  )

/** `datapipe.yaml` as the user writes it. Every key is optional; unknown keys are errors. */
export const configSchema = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be 1-31 lower-case letters, digits or -')
    .default('datapipe')
    .describe('Part of every AWS name and tag.'),
  ...settings,
  environments: z
    .record(
      environmentName,
      environmentSchema.nullable().transform((e) => e ?? {}),
    )
    .default({})
    .describe('Environments by name. Listing any makes unlisted ones an error, except local.'),
  datasets: z.record(datasetName, datasetSchema).default({}).describe('Datasets by table name.'),
})

export type ConfigFile = z.infer<typeof configSchema>
export type EnvironmentFile = z.infer<typeof environmentSchema>

export { environmentName, regionName }

/** One environment, resolved: top level, overridden by the environment, completed by defaults. */
export interface Environment {
  name: string
  project: string
  /** undefined: from the SDK's own chain (AWS_REGION, profile). */
  region?: string
  account?: string
  profile?: string
  protect: boolean
  /** undefined: AWS, or what AWS_ENDPOINT_URL says. */
  endpoint?: string
  network: z.infer<typeof networkSchema>
  compute: z.infer<typeof computeSchema>
  query: z.infer<typeof querySchema>
  notify: z.infer<typeof notifySchema>
  /** undefined: no file server is copied from. */
  datasync?: Datasync
  schedule: z.infer<typeof scheduleSchema>
  backfill: boolean
  monitoring: z.infer<typeof monitoringSchema>
  catalog: z.infer<typeof catalogSchema>
  spark: z.infer<typeof sparkSchema>
  bucketNamespace: 'account-regional' | 'global'
  keyDeletionDays: number
  /** ARN. */
  permissionsBoundary?: string
  datasets: ConfigFile['datasets']
}
