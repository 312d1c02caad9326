import type {
  CreateTaskCommandInput,
  DescribeTaskCommandOutput,
  FilterRule,
  Options,
  TaskReportConfig,
  VerifyMode,
} from '@aws-sdk/client-datasync'
import type { Datasync } from '../../config/datasync.js'

export interface DataSyncTaskProperties {
  sourceArn: () => string
  destinationArn: () => string
  logGroupArn: () => string
  /** Patterns; nothing means everything. */
  include: readonly string[]
  exclude: readonly string[]
  /** `cron(…)` or `rate(…)` in UTC; undefined: only on demand. */
  schedule: string | undefined
  verify: Datasync['verify']
  bytesPerSecond: number | undefined
  /** Where the report of each execution goes. */
  report: { bucketArn: string; path: string; roleArn: string } | undefined
}

const VERIFY: Record<Datasync['verify'], VerifyMode> = {
  transferred: 'ONLY_FILES_TRANSFERRED',
  all: 'POINT_IN_TIME_CONSISTENT',
  none: 'NONE',
}

/** No limit, as DataSync says it. */
const UNLIMITED = -1

/**
 * New and changed files only, nothing deleted in the bucket when it goes on the server, and no owners or permissions, which
 * mean nothing there (spec §12). `Atime` and `Mtime` are a pair that must be set together.
 */
export function taskOptions({ bytesPerSecond, verify }: DataSyncTaskProperties): Options {
  return {
    VerifyMode: VERIFY[verify],
    OverwriteMode: 'ALWAYS',
    Atime: 'BEST_EFFORT',
    Mtime: 'PRESERVE',
    Uid: 'NONE',
    Gid: 'NONE',
    PosixPermissions: 'NONE',
    PreserveDeletedFiles: 'PRESERVE',
    TransferMode: 'CHANGED',
    TaskQueueing: 'ENABLED',
    LogLevel: 'BASIC',
    BytesPerSecond: bytesPerSecond ?? UNLIMITED,
  }
}

/** One rule with all patterns: the list may hold one only. An empty list takes the rule away. */
export function filterRules(patterns: readonly string[]): FilterRule[] {
  return patterns.length === 0 ? [] : [{ FilterType: 'SIMPLE_PATTERN', Value: patterns.join('|') }]
}

/** An empty one takes the report away. */
export function reportConfig(report: DataSyncTaskProperties['report']): TaskReportConfig {
  if (report === undefined) return {}
  return {
    Destination: {
      S3: { S3BucketArn: report.bucketArn, Subdirectory: report.path, BucketAccessRoleArn: report.roleArn },
    },
    OutputType: 'STANDARD',
    ReportLevel: 'SUCCESSES_AND_ERRORS',
  }
}

/** What create and update both send. */
export function taskRequest(name: string, properties: DataSyncTaskProperties) {
  return {
    Name: name,
    CloudWatchLogGroupArn: properties.logGroupArn(),
    Options: taskOptions(properties),
    Includes: filterRules(properties.include),
    Excludes: filterRules(properties.exclude),
  } satisfies Partial<CreateTaskCommandInput>
}

/** What a task looks like for comparing. `emulated`: without what moto does not keep. */
export function desiredTask(name: string, properties: DataSyncTaskProperties, emulated: boolean) {
  const { destinationArn, exclude, include, logGroupArn, report, schedule, sourceArn } = properties
  const kept = {
    name,
    sourceArn: sourceArn(),
    destinationArn: destinationArn(),
    logGroupArn: logGroupArn(),
    options: { ...taskOptions(properties) },
    exclude: patternsOf(filterRules(exclude)),
  }
  if (emulated) return kept
  return {
    ...kept,
    mode: 'BASIC',
    include: patternsOf(filterRules(include)),
    schedule: schedule ?? null,
    report:
      report === undefined
        ? null
        : { bucketArn: report.bucketArn, path: bare(report.path), roleArn: report.roleArn },
  }
}

export function observedTask(task: DescribeTaskCommandOutput): Record<string, unknown> {
  const s3 = task.TaskReportConfig?.Destination?.S3
  return {
    name: task.Name,
    sourceArn: task.SourceLocationArn,
    destinationArn: task.DestinationLocationArn,
    // Answered with the trailing `:*` or without.
    logGroupArn: task.CloudWatchLogGroupArn?.replace(/:\*$/, ''),
    options: { ...task.Options },
    exclude: patternsOf(task.Excludes),
    mode: task.TaskMode ?? 'BASIC',
    include: patternsOf(task.Includes),
    // A switched-off schedule is none: whether we or the service switched it off.
    schedule: task.Schedule?.Status === 'DISABLED' ? null : emptyToNull(task.Schedule?.ScheduleExpression),
    report:
      s3 === undefined
        ? null
        : { bucketArn: s3.S3BucketArn, path: bare(s3.Subdirectory ?? ''), roleArn: s3.BucketAccessRoleArn },
  }
}

/**
 * The schedule as DataSync has it, with why it does not run: it switches a schedule off by itself when its runs keep failing
 * in the same way. undefined while it runs, or when it was switched off by somebody.
 */
export function scheduleOffByService({
  Schedule: schedule,
  ScheduleDetails: details,
}: DescribeTaskCommandOutput): string | undefined {
  if (schedule?.Status !== 'DISABLED' || details?.DisabledBy !== 'SERVICE') return undefined
  const reason = details.DisabledReason === undefined ? '' : `: ${details.DisabledReason}`
  return `${schedule.ScheduleExpression ?? ''} (switched off by DataSync${reason})`
}

function patternsOf(rules: readonly FilterRule[] | undefined): string | null {
  return emptyToNull(rules?.[0]?.Value)
}

function emptyToNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}

/** A path without slashes around it. */
function bare(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}
