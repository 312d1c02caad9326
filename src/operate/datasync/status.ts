import {
  DataSyncClient,
  DescribeTaskCommand,
  DescribeTaskExecutionCommand,
  paginateListTaskExecutions,
  type DescribeTaskCommandOutput,
} from '@aws-sdk/client-datasync'
import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import type { Operation } from '../../engine/operation.js'
import { unlessGone } from '../../resources/datasync/errors.js'
import type { DataSyncLocation } from '../../resources/datasync/location.js'
import { configuredIngestion } from './configured.js'
import { toExecution, type TransferExecution } from './execution.js'

export interface LocationStatus {
  arn: string
  /** `nfs://files.example.com/export` */
  address: string
}

export interface TransferSchedule {
  expression: string
  enabled: boolean
  /** `SERVICE`: DataSync switched it off after repeated failures. */
  disabledBy: string | null
  reason: string | null
}

export interface DatasyncStatus {
  agent: { arn: string; status: string; lastConnection: string | null; endpoint: string | null } | null
  source: LocationStatus | null
  destination: LocationStatus | null
  task: {
    arn: string
    status: string
    error: string | null
    schedule: TransferSchedule | null
  } | null
  /** Newest first. */
  executions: TransferExecution[]
  /** What needs somebody's attention, in sentences. */
  problems: string[]
}

const SHOWN = 5
/** Enough to hold the newest whichever way the list is sorted, and few enough to look at each. */
const LOOKED_AT = 50

/** What there is and how it went. Changes nothing. @throws UsageError DATASYNC_NOT_CONFIGURED */
export async function datasyncStatus(
  aws: AwsContext,
  environment: Environment,
  signal: AbortSignal,
): Promise<DatasyncStatus> {
  const { agent, destination, source, task } = configuredIngestion(aws, environment)
  const op: Operation = { signal, waiting: () => undefined }
  const client = aws.clients.of(DataSyncClient)
  const [agentSeen, taskSeen, from, to] = await Promise.all([
    agent?.read(),
    task?.read(),
    source === undefined ? null : locationStatus(source, environment.datasync?.location.type ?? ''),
    locationStatus(destination, 's3'),
  ])
  signal.throwIfAborted()
  const detail =
    taskSeen === undefined
      ? undefined
      : await unlessGone(client.send(new DescribeTaskCommand({ TaskArn: taskSeen.physicalId })))
  const status: Omit<DatasyncStatus, 'problems'> = {
    agent:
      agentSeen === undefined
        ? null
        : {
            arn: agentSeen.physicalId,
            status: agentSeen.status ?? 'UNKNOWN',
            lastConnection: agentSeen.lastConnection?.toISOString() ?? null,
            endpoint: agentSeen.endpointType ?? null,
          },
    source: from,
    destination: to,
    task: detail?.TaskArn === undefined ? null : taskStatus(detail.TaskArn, detail),
    executions: detail?.TaskArn === undefined ? [] : await executions(aws, detail.TaskArn, detail, op),
  }
  return {
    ...status,
    problems: problems(status, {
      emulated: aws.emulated,
      scheduled: environment.datasync?.schedule !== undefined,
    }),
  }
}

async function locationStatus(location: DataSyncLocation, scheme: string): Promise<LocationStatus | null> {
  const seen = await location.read()
  if (seen === undefined) return null
  const { host, path } = seen.properties
  return { arn: seen.physicalId, address: `${scheme}://${String(host)}${String(path)}` }
}

function taskStatus(arn: string, task: DescribeTaskCommandOutput): NonNullable<DatasyncStatus['task']> {
  const error = [task.ErrorCode, task.ErrorDetail].filter((text) => text !== undefined).join(': ')
  const { Schedule: schedule, ScheduleDetails: details } = task
  return {
    arn,
    status: task.Status ?? 'UNKNOWN',
    error: error === '' ? null : error,
    schedule:
      schedule?.ScheduleExpression === undefined || schedule.ScheduleExpression === ''
        ? null
        : {
            expression: schedule.ScheduleExpression,
            enabled: schedule.Status !== 'DISABLED',
            disabledBy: schedule.Status === 'DISABLED' ? (details?.DisabledBy ?? null) : null,
            reason: schedule.Status === 'DISABLED' ? (details?.DisabledReason ?? null) : null,
          },
  }
}

async function executions(
  aws: AwsContext,
  taskArn: string,
  task: DescribeTaskCommandOutput,
  op: Operation,
): Promise<TransferExecution[]> {
  const client = aws.clients.of(DataSyncClient)
  const arns: string[] = []
  // moto lists no executions: there, the last one is all that is known.
  if (aws.emulated)
    arns.push(...(task.CurrentTaskExecutionArn === undefined ? [] : [task.CurrentTaskExecutionArn]))
  else {
    for await (const page of paginateListTaskExecutions({ client, pageSize: 100 }, { TaskArn: taskArn })) {
      arns.push(...(page.TaskExecutions ?? []).flatMap(({ TaskExecutionArn: arn }) => arn ?? []))
    }
  }
  op.signal.throwIfAborted()
  // AWS does not say how the list is sorted, and it has no times: look at both of its ends.
  const candidates = [...new Set([...arns.slice(0, LOOKED_AT), ...arns.slice(-LOOKED_AT)])]
  const found = await Promise.all(
    candidates.map(async (arn) => {
      const seen = await unlessGone(client.send(new DescribeTaskExecutionCommand({ TaskExecutionArn: arn })))
      return seen === undefined ? [] : [toExecution(arn, seen)]
    }),
  )
  return found
    .flat()
    .sort((a, b) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? 1 : -1))
    .slice(0, SHOWN)
}

function problems(
  status: Omit<DatasyncStatus, 'problems'>,
  { emulated, scheduled }: { emulated: boolean; scheduled: boolean },
): string[] {
  const { agent, executions: runs, task } = status
  const found: string[] = []
  if (agent === null && !emulated) found.push('No agent is activated: datapipe datasync activate')
  if (agent !== null && agent.status !== 'ONLINE') {
    found.push(`The agent is ${agent.status}: check its virtual machine and that it reaches AWS on port 443.`)
  }
  if (task === null) found.push('There is no task yet: datapipe up')
  if (task?.status === 'UNAVAILABLE')
    found.push(`The task cannot run: ${task.error ?? 'DataSync does not say why.'}`)
  const schedule = task?.schedule
  // One that the configuration took away is switched off by `up`.
  if (scheduled && schedule?.enabled === false) {
    const who = schedule.disabledBy === 'SERVICE' ? 'DataSync itself, after repeated failures' : 'somebody'
    const why = schedule.reason === null ? '' : ` (${schedule.reason})`
    found.push(
      `The schedule ${schedule.expression} was switched off by ${who}${why}. When the reason is gone, \`datapipe up\` switches it on again.`,
    )
  }
  const last = runs[0]
  if (last?.status === 'ERROR') {
    const why = [last.error?.code, last.error?.detail]
      .filter((text) => text !== null && text !== undefined)
      .join(': ')
    found.push(`The last execution failed${why === '' ? '.' : `: ${why}`}`)
  } else if (last !== undefined && last.filesFailed > 0) {
    found.push(
      `The last execution could not copy ${last.filesFailed} files; the report in the artifacts bucket names them.`,
    )
  }
  return found
}
