import {
  DataSyncClient,
  DescribeTaskCommand,
  DescribeTaskExecutionCommand,
  StartTaskExecutionCommand,
} from '@aws-sdk/client-datasync'
import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { sleep } from '../../engine/wait.js'
import { DatapipeError, InterruptedError, UsageError } from '../../errors.js'
import { configuredIngestion } from './configured.js'
import { hasEnded, toExecution, type TransferExecution } from './execution.js'

export interface TransferRequest {
  /** Follow it to its end. */
  watch: boolean
  signal: AbortSignal
  /** Called when the execution was found, and whenever its phase or its counts have changed. */
  onProgress: (execution: TransferExecution) => void
  /** First and longest pause between looks. */
  pollMs?: { first: number; longest: number }
}

export interface TransferResult {
  /** false: one was under way already, and was joined. */
  started: boolean
  execution: TransferExecution
}

/**
 * Copies now, or joins the copying that is under way.
 * @throws UsageError DATASYNC_NOT_CONFIGURED; DatapipeError DATASYNC_NO_TASK, DATASYNC_TASK_UNAVAILABLE; InterruptedError:
 *   the copying itself goes on
 */
export async function transfer(
  aws: AwsContext,
  environment: Environment,
  request: TransferRequest,
): Promise<TransferResult> {
  const client = aws.clients.of(DataSyncClient)
  const taskArn = await requireTask(aws, environment)
  const task = await client.send(new DescribeTaskCommand({ TaskArn: taskArn }))
  if (task.Status === 'UNAVAILABLE') {
    const reason = [task.ErrorCode, task.ErrorDetail].filter((text) => text !== undefined).join(': ')
    throw new DatapipeError(
      'DATASYNC_TASK_UNAVAILABLE',
      `DataSync cannot run the task${reason === '' ? '.' : `: ${reason}`}`,
      {
        suggestions: [`See what is wrong: datapipe datasync status --env ${environment.name}`],
      },
    )
  }
  const busy = task.Status === 'RUNNING' || task.Status === 'QUEUED'
  const joined = busy ? task.CurrentTaskExecutionArn : undefined
  const arn = joined ?? (await start(client, taskArn))
  const look = async () =>
    toExecution(arn, await client.send(new DescribeTaskExecutionCommand({ TaskExecutionArn: arn })))
  const first = await look()
  request.onProgress(first)
  const execution = request.watch ? await follow(first, look, request) : first
  return { started: joined === undefined, execution }
}

async function requireTask(aws: AwsContext, environment: Environment): Promise<string> {
  const { task } = configuredIngestion(aws, environment)
  if (task === undefined) {
    throw new UsageError(
      'DATASYNC_EMULATED',
      `Environment ${environment.name} is an emulator, which has no NFS.`,
      {
        suggestions: ['Choose an environment on AWS with --env, or send files with `datapipe upload`.'],
      },
    )
  }
  const found = await task.read()
  if (found !== undefined) return found.physicalId
  throw new DatapipeError('DATASYNC_NO_TASK', `Environment ${environment.name} has no DataSync task yet.`, {
    suggestions: [
      `Make it with \`datapipe up --env ${environment.name}\`; it needs an agent: datapipe datasync activate --env ${environment.name}`,
    ],
  })
}

async function start(client: DataSyncClient, taskArn: string): Promise<string> {
  const { TaskExecutionArn } = await client.send(new StartTaskExecutionCommand({ TaskArn: taskArn }))
  if (TaskExecutionArn === undefined) throw new Error('DataSync answered without TaskExecutionArn')
  return TaskExecutionArn
}

async function follow(
  first: TransferExecution,
  look: () => Promise<TransferExecution>,
  { onProgress, pollMs = { first: 1000, longest: 10_000 }, signal }: TransferRequest,
): Promise<TransferExecution> {
  let seen = first
  let delay = pollMs.first
  while (!hasEnded(seen)) {
    try {
      await sleep(delay, signal)
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error
      throw new InterruptedError('Stopped watching. The copying goes on in AWS.', {
        suggestions: ['See how it ends: datapipe datasync status'],
        result: { execution: seen },
      })
    }
    delay = Math.min(delay * 1.5, pollMs.longest)
    const next = await look()
    if (next.status !== seen.status || next.filesTransferred !== seen.filesTransferred) onProgress(next)
    seen = next
  }
  return seen
}
