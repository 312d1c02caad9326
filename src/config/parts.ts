import { z } from 'zod'

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
  network: {
    cidr: '10.20.0.0/16',
    zones: 2,
    egress: 'public',
    flowLogs: 'off',
    networkAcls: false,
    interfaceEndpoints: [],
  },
  compute: { architecture: 'arm64', logRetentionDays: 30, spot: false, maxConcurrency: 10 },
  schedule: { timezone: 'UTC', enabled: true },
  backfill: false,
  query: { maxScanBytes: 10_000_000_000 },
  notify: { email: [], onSuccess: false },
  monitoring: { dashboard: false },
  catalog: { crawler: 'off', schedule: 'cron(0 3 * * ? *)' },
  spark: { enabled: false, workers: 2, workerType: 'G.1X', flex: false, timeoutMinutes: 120 },
  bucketNamespace: 'account-regional',
  keyDeletionDays: 30,
} as const

/** Minutes, hours, day of month, month, day of week, year; one of the two days must be `?`. */
const CRON = /^[\d*,/-]+ [\d*,/-]+ (\? \S+ [^\s?]\S*|[^\s?]\S* \S+ \?) [\d*,/-]+$/
const CRON_RULE =
  'must be the six fields of an EventBridge schedule, one of the two days being ?, such as 0 6 1 * ? *'

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export const networkSchema = z.strictObject({
  cidr: cidr.meta({ default: DEFAULTS.network.cidr }).describe('Addresses of the VPC.'),
  zones: z
    .union([z.literal(2), z.literal(3)])
    .meta({ default: DEFAULTS.network.zones })
    .describe('Availability zones.'),
  egress: z
    .enum(['public', 'nat', 'nat-per-az', 'endpoints'])
    .meta({ default: DEFAULTS.network.egress })
    .describe(
      'How tasks reach AWS: public (no NAT; tasks get a public address and accept no connection), nat or nat-per-az ' +
        '(private subnets, one NAT gateway or one in each zone), endpoints (private subnets without any way to the internet).',
    ),
  flowLogs: z
    .enum(['off', 's3'])
    .meta({ default: DEFAULTS.network.flowLogs })
    .describe('Record every connection of the VPC in the logs bucket.'),
  networkAcls: z
    .boolean()
    .meta({ default: DEFAULTS.network.networkAcls })
    .describe('Network ACLs of our own for the subnets, beside the security groups.'),
  interfaceEndpoints: z
    .array(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$/,
          'must be the short name of an AWS service, such as secretsmanager',
        )
        .refine((service) => service !== 's3', 'must not be s3, which has its free endpoint already'),
    )
    .readonly()
    .meta({ default: DEFAULTS.network.interfaceEndpoints })
    .describe('Services that get an interface endpoint besides those that `egress: endpoints` needs.'),
})

export const computeSchema = z.strictObject({
  architecture: z
    .enum(['arm64', 'x86_64'])
    .meta({ default: DEFAULTS.compute.architecture })
    .describe('Processor of the Fargate tasks.'),
  image: z
    .string()
    .optional()
    .describe(
      'Container image of the transform. Left out: the one that `up` has CodeBuild build (docs/image.md).',
    ),
  logRetentionDays: z
    .union([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731].map((days) => z.literal(days)))
    .meta({ default: DEFAULTS.compute.logRetentionDays })
    .describe('Days that CloudWatch keeps the logs.'),
  spot: z
    .boolean()
    .meta({ default: DEFAULTS.compute.spot })
    .describe(
      'Try each file on Fargate Spot first: cheaper, and on-demand when Spot is interrupted or full.',
    ),
  maxConcurrency: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .meta({ default: DEFAULTS.compute.maxConcurrency })
    .describe(
      'Files that a backfill, the schedule or `run` processes at once; the others wait. Files that arrive by themselves wait for the Fargate quota of the account instead.',
    ),
})

export const scheduleSchema = z.strictObject({
  cron: z
    .string()
    .regex(CRON, CRON_RULE)
    .optional()
    .describe('When what is pending is swept, as six fields of EventBridge Scheduler. Left out: never.'),
  timezone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone such as Europe/Stockholm')
    .meta({ default: DEFAULTS.schedule.timezone })
    .describe('Time zone of `cron`, with its daylight saving.'),
  enabled: z
    .boolean()
    .meta({ default: DEFAULTS.schedule.enabled })
    .describe('false: the schedule stays, and starts nothing.'),
})

export const querySchema = z.strictObject({
  maxScanBytes: z
    .number()
    .int()
    .min(10_000_000)
    .meta({ default: DEFAULTS.query.maxScanBytes })
    .describe('Athena stops a query that scans more bytes.'),
})

export const notifySchema = z.strictObject({
  // The topic carries a tag for each address, and a topic takes 50 tags.
  email: z.array(z.email()).max(40).describe('Addresses that get a message when a file fails.'),
  onSuccess: z
    .boolean()
    .meta({ default: DEFAULTS.notify.onSuccess })
    .describe('A message for every processed file too.'),
})

export const monitoringSchema = z.strictObject({
  alarms: z
    .boolean()
    .optional()
    .describe('CloudWatch alarms that write to the topic. Left out: on when `notify.email` has an address.'),
  dashboard: z
    .boolean()
    .meta({ default: DEFAULTS.monitoring.dashboard })
    .describe('A CloudWatch dashboard. The first three of an account are free.'),
  noSuccessDays: z
    .number()
    .int()
    .min(1)
    .max(89)
    .optional()
    .describe('A daily check: a message when no file was processed for so many days.'),
  rejectedRowsPerDay: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('An alarm when more rows than this are rejected within a day.'),
  budgetMonthlyUsd: z
    .number()
    .positive()
    .optional()
    .describe('An AWS Budgets alarm for what this environment costs in a month, in USD.'),
})

export const catalogSchema = z.strictObject({
  crawler: z
    .enum(['off', 'on-demand', 'schedule'])
    .meta({ default: DEFAULTS.catalog.crawler })
    .describe(
      'Glue crawler over the transformed files: off, on-demand (datapipe crawl), or on a schedule as well.',
    ),
  schedule: z
    .string()
    .regex(
      /^cron\((\S+ ){5}\S+\)$/,
      'must be a Glue schedule of six fields in UTC, such as cron(0 3 * * ? *)',
    )
    .meta({ default: DEFAULTS.catalog.schedule })
    .describe('When `crawler: schedule` runs, in UTC.'),
  namedQueries: z
    .record(
      z.string().regex(/^[\w .-]{1,64}$/, 'must be 1-64 letters, digits, spaces, or one of . _ -'),
      z.string().min(1).max(262_144),
    )
    .optional()
    .describe('Queries that Athena keeps in the workgroup, by name.'),
})

export const sparkSchema = z.strictObject({
  enabled: z
    .boolean()
    .meta({ default: DEFAULTS.spark.enabled })
    .describe('Provide the Glue Spark job, for what one machine cannot take.'),
  workers: z
    .number()
    .int()
    .min(2)
    .max(100)
    .meta({ default: DEFAULTS.spark.workers })
    .describe('Workers at most; Glue takes fewer when fewer do.'),
  workerType: z
    .enum(['G.1X', 'G.2X', 'G.4X', 'G.8X'])
    .meta({ default: DEFAULTS.spark.workerType })
    .describe('G.1X: 4 vCPU and 16 GB; each further type has twice as much.'),
  flex: z
    .boolean()
    .meta({ default: DEFAULTS.spark.flex })
    .describe('Cheaper, on spare capacity: starts later and may take longer.'),
  timeoutMinutes: z
    .number()
    .int()
    .min(5)
    .max(10_080)
    .meta({ default: DEFAULTS.spark.timeoutMinutes })
    .describe('Glue stops a run after this time.'),
})
