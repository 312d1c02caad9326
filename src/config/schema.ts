import { z } from 'zod'
import { datasetName, datasetSchema } from './dataset.js'

const cidr = z
  .string()
  .regex(
    /^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|20)$/,
    'must be an IPv4 block between /16 and /20, such as 10.20.0.0/16',
  )

/**
 * What applies where neither the environment nor the top level says anything. Kept out of the schemas: a default inside
 * them would fill in an environment's `network: {}` and so hide what the top level says.
 */
export const DEFAULTS = {
  network: { cidr: '10.20.0.0/16', zones: 2, egress: 'public' },
  compute: { architecture: 'arm64', logRetentionDays: 30 },
  query: { maxScanBytes: 10_000_000_000 },
  notify: { email: [] },
  bucketNamespace: 'account-regional',
  keyDeletionDays: 30,
} as const

const networkSchema = z.strictObject({
  cidr: cidr.meta({ default: DEFAULTS.network.cidr }).describe('Addresses of the VPC.'),
  zones: z
    .union([z.literal(2), z.literal(3)])
    .meta({ default: DEFAULTS.network.zones })
    .describe('Availability zones.'),
  egress: z
    .enum(['public'])
    .meta({ default: DEFAULTS.network.egress })
    .describe('How tasks reach AWS: public (no NAT; tasks get a public address and accept no connection).'),
})

const computeSchema = z.strictObject({
  architecture: z
    .enum(['arm64', 'x86_64'])
    .meta({ default: DEFAULTS.compute.architecture })
    .describe('Processor of the Fargate tasks.'),
  image: z
    .string()
    .optional()
    .describe('Container image of the transform. Left out: <repository>:<version of datapipe>.'),
  logRetentionDays: z
    .union([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731].map((days) => z.literal(days)))
    .meta({ default: DEFAULTS.compute.logRetentionDays })
    .describe('Days that CloudWatch keeps the logs.'),
})

const querySchema = z.strictObject({
  maxScanBytes: z
    .number()
    .int()
    .min(10_000_000)
    .meta({ default: DEFAULTS.query.maxScanBytes })
    .describe('Athena stops a query that scans more bytes.'),
})

const notifySchema = z.strictObject({
  email: z.array(z.email()).describe('Addresses that get a message when a file fails.'),
})

const regionName = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not an AWS region name such as eu-north-1')

/** What an environment can set for itself, over the top level. */
const settings = {
  region: regionName.optional().describe('AWS region. Left out: AWS_REGION, then the region of the profile.'),
  network: networkSchema.partial().optional(),
  compute: computeSchema.partial().optional(),
  query: querySchema.partial().optional(),
  notify: notifySchema.partial().optional(),
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
  bucketNamespace: 'account-regional' | 'global'
  keyDeletionDays: number
  datasets: ConfigFile['datasets']
}
