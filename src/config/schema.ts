import { z } from 'zod'
import { datasetName, datasetSchema } from './dataset.js'

const cidr = z
  .string()
  .regex(
    /^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-2])$/,
    'must be an IPv4 block between /16 and /22, such as 10.20.0.0/16',
  )

const networkSchema = z.strictObject({
  cidr: cidr.default('10.20.0.0/16'),
  zones: z.union([z.literal(2), z.literal(3)]).default(2),
  egress: z
    .enum(['public'])
    .default('public')
    .describe('How tasks reach AWS: public (no NAT; tasks get a public address and accept no connection).'),
})

const computeSchema = z.strictObject({
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  image: z
    .string()
    .optional()
    .describe('Container image of the transform. Left out: <repository>:<version of datapipe>.'),
  logRetentionDays: z
    .union([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731].map((d) => z.literal(d)))
    .default(30),
})

const querySchema = z.strictObject({
  maxScanBytes: z
    .number()
    .int()
    .min(10_000_000)
    .default(10_000_000_000)
    .describe('Athena stops a query that scans more bytes.'),
})

const notifySchema = z.strictObject({ email: z.array(z.email()).default([]) })

/** What an environment can set for itself, over the top level. */
const settings = {
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not an AWS region name such as eu-north-1')
    .optional(),
  network: networkSchema.partial().optional(),
  compute: computeSchema.partial().optional(),
  query: querySchema.partial().optional(),
  notify: notifySchema.partial().optional(),
  bucketNamespace: z
    .enum(['account-regional', 'global'])
    .optional()
    .describe('account-regional (default): only your account can ever own the bucket names.'),
  keyDeletionDays: z
    .number()
    .int()
    .min(7)
    .max(30)
    .optional()
    .describe('Waiting period of the KMS key after `down`.'),
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
    .union([z.literal('embedded'), z.url()])
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
    .default('datapipe'),
  ...settings,
  environments: z
    .record(
      environmentName,
      environmentSchema.nullable().transform((e) => e ?? {}),
    )
    .default({}),
  datasets: z.record(datasetName, datasetSchema).default({}),
})

export type ConfigFile = z.infer<typeof configSchema>
export type EnvironmentFile = z.infer<typeof environmentSchema>

export { computeSchema, environmentName, networkSchema, notifySchema, querySchema }

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
  bucketNamespace: 'account-regional' | 'global'
  keyDeletionDays: number
  datasets: ConfigFile['datasets']
}
