import { z } from 'zod'

/** What applies where neither the environment nor the top level says anything; only looked at once a location is given. */
export const DATASYNC_DEFAULTS = {
  include: [] as string[],
  // Names under which programs write what is not finished: DataSync copies whatever is there (spec §12).
  exclude: ['*.tmp', '*.filepart'],
  verify: 'transferred',
  report: true,
} as const

const HOSTNAME = /^(([a-zA-Z0-9-]*[a-zA-Z0-9])\.)*([A-Za-z0-9-]*[A-Za-z0-9])$/

const locationSchema = z.strictObject({
  type: z.enum(['nfs', 'smb']).describe('What the file server speaks.'),
  host: z
    .string()
    .max(255)
    .regex(HOSTNAME, 'must be a host name or an IP address, as the agent can reach it')
    .describe('Name or address of the file server.'),
  path: z
    .string()
    .max(4096)
    .regex(
      /^\/[\p{L}\p{N}_\-+./()$\p{Zs}]*$/u,
      'must start with /: the exported path (NFS), or /share or /share/folder (SMB)',
    )
    .describe('Exported path (NFS), or /share or /share/folder (SMB).'),
  user: z.string().optional().describe('SMB: the user that reads the share.'),
  domain: z.string().max(253).optional().describe('SMB: the Windows domain of the user.'),
  // Not checked by the schema, whose messages quote what they found: somebody may write the password itself here.
  secretArn: z
    .unknown()
    .transform((value) => (value === undefined ? undefined : typeof value === 'string' ? value : ''))
    .optional()
    .describe('SMB: ARN of the Secrets Manager secret whose plain text is the password.'),
  secretKeyArn: z
    .string()
    .regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-zA-Z-]+$/, 'must be the ARN of a KMS key')
    .optional()
    .describe('SMB: the KMS key of the secret, when it is not the AWS managed one.'),
  mountOptions: z
    .strictObject({
      version: z
        .enum(['AUTOMATIC', 'NFS3', 'NFS4_0', 'NFS4_1', 'SMB1', 'SMB2', 'SMB2_0', 'SMB3'])
        .describe('Protocol version. AUTOMATIC unless the server has trouble with it.'),
    })
    .optional(),
})

const excludePattern = z
  .string()
  .min(1)
  .regex(/^[^|\0]+$/, 'must be one pattern without |; write several as a list')

/** AWS takes `*` in an include only as its last character: `*.csv` would match nothing. */
const includePattern = excludePattern.regex(
  /^\/[^*]*\*?$/,
  'must start with / and may have * only as its last character, such as /measurements/* (AWS supports no *.csv here; leave files out with `exclude` instead)',
)

/** Files from a file server by AWS DataSync. The whole part exists only where it is configured. */
export const datasyncSchema = z.strictObject({
  location: locationSchema.describe('Where the files are.'),
  agent: z
    .string()
    .regex(
      /^arn:[a-z-]+:datasync:[a-z0-9-]+:\d{12}:agent\/agent-[0-9a-f]{17}$/,
      'must be the ARN of an activated DataSync agent',
    )
    .optional()
    .describe('An agent of another environment. Left out: the one of `datapipe datasync activate`.'),
  schedule: z
    .string()
    .max(256)
    .refine(isSchedule, {
      error:
        'must be rate(<n> hours), rate(<n> days) or cron(<minute> <hour> <day> <month> <weekday> <year>) in UTC with one minute, ? as day or weekday, and so at least an hour between runs',
    })
    .optional()
    .describe('When to copy, in UTC, at most every hour. Left out: only `datapipe datasync run` copies.'),
  include: z.array(includePattern).describe('Copy only these files and folders. Left out: everything.'),
  exclude: z
    .array(excludePattern)
    .meta({ default: DATASYNC_DEFAULTS.exclude })
    .describe('Leave these files and folders out.'),
  verify: z
    .enum(['transferred', 'all', 'none'])
    .meta({ default: DATASYNC_DEFAULTS.verify })
    .describe('What DataSync compares by checksum afterwards: what it copied, everything, or nothing more.'),
  report: z
    .boolean()
    .meta({ default: DATASYNC_DEFAULTS.report })
    .describe('A report of every execution in the artifacts bucket, file by file.'),
  bytesPerSecond: z
    .number()
    .int()
    .min(1_048_576)
    .optional()
    .describe('Most bandwidth to use, for a line that others need too. Left out: all there is.'),
})

export type DatasyncFile = Partial<z.infer<typeof datasyncSchema>>
/** Resolved: with every default in place. */
export type Datasync = z.infer<typeof datasyncSchema>
export type DatasyncLocation = Datasync['location']

/** AWS schedules have six fields; the minute must be one number, or the task would run more often than hourly. */
function isSchedule(text: string): boolean {
  if (/^rate\((1 (hour|day)|([2-9]|[1-9]\d+) (hours|days))\)$/.test(text)) return true
  const fields = /^cron\((.*)\)$/.exec(text)?.[1]?.split(' ') ?? []
  const [minute = '', , day = '', , weekday = ''] = fields
  if (fields.length !== 6 || !/^[0-5]?\d$/.test(minute)) return false
  if ((day === '?') === (weekday === '?')) return false
  return fields.every((field) => /^[\dA-Za-z*?,\-/LW#]+$/.test(field))
}

type Report = (key: string[], message: string) => void

const SECRET_ARN = /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/
const SMB_ONLY = ['user', 'domain', 'secretArn', 'secretKeyArn'] as const
const USER = /^[^"[\]/\\:;|=,+*?<>]{1,104}$/

/** What the type of the server decides about the other keys. The message never quotes a value: it could be a password. */
export function checkDatasync({ location }: DatasyncFile, report: Report): void {
  if (location === undefined) return
  const { mountOptions, type } = location
  const version = mountOptions?.version ?? 'AUTOMATIC'
  if (version !== 'AUTOMATIC' && !version.toLowerCase().startsWith(type)) {
    report(['location', 'mountOptions', 'version'], `is no version of ${type.toUpperCase()}.`)
  }
  if (type === 'nfs') {
    for (const key of SMB_ONLY)
      if (location[key] !== undefined) report(['location', key], 'is for `type: smb` only.')
    return
  }
  if (location.user === undefined) report(['location', 'user'], 'is missing: SMB needs a user.')
  else if (!USER.test(location.user)) {
    report(['location', 'user'], 'must be a user name alone; the Windows domain goes to `domain`.')
  }
  if (location.secretArn === undefined || !SECRET_ARN.test(location.secretArn)) {
    report(
      ['location', 'secretArn'],
      'must be the ARN of a secret in AWS Secrets Manager whose plain text is the password of the user.',
    )
  }
}
