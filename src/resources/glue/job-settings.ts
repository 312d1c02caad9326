import type { Job, JobUpdate } from '@aws-sdk/client-glue'

export type SparkWorkerType = 'G.1X' | 'G.2X' | 'G.4X' | 'G.8X'

export interface GlueJobProperties {
  description: string
  roleArn: () => string
  /** `s3://bucket/key.py` */
  scriptLocation: () => string
  workerType: SparkWorkerType
  /** At most: with auto-scaling Glue takes what the run needs. */
  workers: number
  /** On spare capacity. */
  flex: boolean
  timeoutMinutes: number
  /** Runs at once; what is started above that waits, or with `flex` is refused. */
  maxConcurrentRuns: number
  /** Name. */
  securityConfiguration: () => string
  /** `s3://bucket/prefix/` for what a run needs no longer than it runs. */
  tempDir: () => string
  /** Further default arguments, `--name` to value. */
  arguments: Record<string, string>
}

/** What is compared, observed or desired. */
export interface JobSettings extends Record<string, unknown> {
  description: string | undefined
  /** Name, not ARN. */
  role: string
  command: { name: string | undefined; scriptLocation: string | undefined; pythonVersion: string | undefined }
  glueVersion: string | undefined
  workerType: string | undefined
  workers: number | undefined
  executionClass: string | undefined
  timeoutMinutes: number | undefined
  maxRetries: number | undefined
  maxConcurrentRuns: number | undefined
  queuing: boolean | undefined
  securityConfiguration: string | undefined
  /** Others may add arguments; ours must be there. */
  arguments: Record<string, string>
}

/** Pinned: left out, AWS takes its newest, and the script is written for this one (spec §11.4). */
export const GLUE_VERSION = '5.0'

/** `MaxCapacity` is never sent: Glue refuses it beside workers (spec §11.4). */
export function jobSettingsRequest(properties: GlueJobProperties) {
  return {
    Description: properties.description,
    Role: properties.roleArn(),
    Command: { Name: 'glueetl', ScriptLocation: properties.scriptLocation(), PythonVersion: '3' },
    GlueVersion: GLUE_VERSION,
    WorkerType: properties.workerType,
    NumberOfWorkers: properties.workers,
    ExecutionClass: properties.flex ? ('FLEX' as const) : ('STANDARD' as const),
    Timeout: properties.timeoutMinutes,
    // The state machine repeats, and knows why.
    MaxRetries: 0,
    ExecutionProperty: { MaxConcurrentRuns: properties.maxConcurrentRuns },
    // A run above the limit waits. Runs on spare capacity cannot be queued.
    JobRunQueuingEnabled: !properties.flex,
    SecurityConfiguration: properties.securityConfiguration(),
    DefaultArguments: defaultArguments(properties),
  } satisfies JobUpdate
}

function defaultArguments({ arguments: own, tempDir }: GlueJobProperties): Record<string, string> {
  return {
    '--TempDir': tempDir(),
    '--enable-auto-scaling': 'true',
    '--enable-continuous-cloudwatch-log': 'true',
    '--enable-glue-datacatalog': 'true',
    '--enable-metrics': 'true',
    // Runs are given the files to read; a bookmark would skip what has to be read again.
    '--job-bookmark-option': 'job-bookmark-disable',
    ...own,
  }
}

export function jobSettings(job: Job): JobSettings {
  return {
    description: job.Description,
    role: (job.Role ?? '').replace(/^arn:[^/]*:role\//, ''),
    command: {
      name: job.Command?.Name,
      scriptLocation: job.Command?.ScriptLocation,
      pythonVersion: job.Command?.PythonVersion,
    },
    glueVersion: job.GlueVersion,
    workerType: job.WorkerType,
    workers: job.NumberOfWorkers,
    executionClass: job.ExecutionClass ?? 'STANDARD',
    timeoutMinutes: job.Timeout,
    maxRetries: job.MaxRetries ?? 0,
    maxConcurrentRuns: job.ExecutionProperty?.MaxConcurrentRuns,
    queuing: job.JobRunQueuingEnabled ?? false,
    securityConfiguration: job.SecurityConfiguration,
    arguments: job.DefaultArguments ?? {},
  }
}

/** What others set and we say nothing about: UpdateJob resets whatever is not sent (spec §1.6). */
export function keptSettings(job: Job): Partial<JobUpdate> {
  return {
    JobMode: job.JobMode,
    LogUri: job.LogUri,
    NonOverridableArguments: job.NonOverridableArguments,
    Connections: job.Connections,
    NotificationProperty: job.NotificationProperty,
    MaintenanceWindow: job.MaintenanceWindow,
  }
}
