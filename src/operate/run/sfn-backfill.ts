import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  type DescribeExecutionCommandOutput,
  type MapRunItemCounts,
} from '@aws-sdk/client-sfn'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { sleep } from '../../engine/wait.js'
import type { BackfillInput } from '../../pipeline/state-machines/backfill.js'
import { backfillNotDeployed } from './backfill-errors.js'
import type { BackfillProgress, BackfillRunner, Execution } from '../orchestrator.js'

const FASTEST_POLL_MS = 2000
const SLOWEST_POLL_MS = 15_000

/** Runs the backfill in Step Functions. */
export class SfnBackfill implements BackfillRunner {
  readonly #sfn: SFNClient

  constructor(private readonly aws: AwsContext) {
    this.#sfn = aws.clients.of(SFNClient)
  }

  /** @throws DatapipeError BACKFILL_NOT_DEPLOYED */
  async start(name: string, input: BackfillInput): Promise<void> {
    try {
      await this.#sfn.send(
        new StartExecutionCommand({
          stateMachineArn: this.aws.names.stateMachineArn('backfill'),
          name,
          input: JSON.stringify(input),
        }),
      )
    } catch (error) {
      if (!isAwsError(error, 'StateMachineDoesNotExist', 'StateMachineDeleting')) throw error
      throw backfillNotDeployed(this.aws.env, error)
    }
  }

  /** Polls, at first often. @throws InterruptedError */
  async watch(
    name: string,
    workers: ReadonlySet<string>,
    onProgress: (progress: BackfillProgress) => void,
    signal: AbortSignal,
  ): Promise<Execution> {
    const executionArn = this.aws.names.arn(
      'states',
      `execution:${this.aws.names.stateMachine('backfill')}:${name}`,
    )
    let pauseMs = FASTEST_POLL_MS
    for (;;) {
      const found = await this.#describe(executionArn)
      const counts = await this.#counts(executionArn)
      if (counts !== undefined) {
        const failed = await this.#failedWorkers(workers, found.startDate)
        onProgress(progressOf(counts, failed))
      }
      if (found.status !== 'RUNNING' && found.status !== 'PENDING_REDRIVE') return toExecution(name, found)
      await sleep(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 1.3, SLOWEST_POLL_MS)
    }
  }

  async #describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    return this.#sfn.send(new DescribeExecutionCommand({ executionArn }))
  }

  /** undefined until the map has begun. */
  async #counts(executionArn: string): Promise<MapRunItemCounts | undefined> {
    const { mapRuns = [] } = await this.#sfn.send(new ListMapRunsCommand({ executionArn }))
    const mapRunArn = mapRuns[0]?.mapRunArn
    if (mapRunArn === undefined) return undefined
    return (await this.#sfn.send(new DescribeMapRunCommand({ mapRunArn }))).itemCounts
  }

  /** The map counts a child whose worker failed as a success: it did what it had to. The latest executions come first. */
  async #failedWorkers(workers: ReadonlySet<string>, since: Date | undefined): Promise<number> {
    const failed = new Set<string>()
    for (const statusFilter of ['FAILED', 'TIMED_OUT', 'ABORTED'] as const) {
      let nextToken: string | undefined
      do {
        const page = await this.#sfn.send(
          new ListExecutionsCommand({
            stateMachineArn: this.aws.names.stateMachineArn('worker'),
            statusFilter,
            maxResults: 1000,
            nextToken,
          }),
        )
        const executions = page.executions ?? []
        const recent = executions.filter(
          ({ startDate }) => startDate !== undefined && since !== undefined && startDate >= since,
        )
        for (const { name = '' } of recent) if (workers.has(name)) failed.add(name)
        nextToken = recent.length === executions.length ? page.nextToken : undefined
      } while (nextToken !== undefined)
    }
    return failed.size
  }
}

function progressOf(counts: MapRunItemCounts, failedWorkers: number): BackfillProgress {
  const { aborted = 0, failed = 0, pending = 0, running = 0, succeeded = 0, timedOut = 0, total = 0 } = counts
  return {
    total,
    pending,
    running,
    processed: Math.max(0, succeeded - failedWorkers),
    failed: failed + timedOut + aborted + failedWorkers,
  }
}

function toExecution(name: string, found: DescribeExecutionCommandOutput): Execution {
  const { cause, error, startDate, status, stopDate } = found
  return {
    name,
    status: status === 'SUCCEEDED' || status === 'TIMED_OUT' || status === 'ABORTED' ? status : 'FAILED',
    startedAt: startDate?.toISOString(),
    stoppedAt: stopDate?.toISOString(),
    error,
    cause,
  }
}
