import pLimit from 'p-limit'
import type { AwsContext } from '../../aws/context.js'
import { anySignal } from '../../engine/signals.js'
import { ExitCode, InterruptedError } from '../../errors.js'
import type { RunRecord } from '../../transform/record.js'
import type { InboxObject } from '../inbox.js'
import { readRecordOf } from '../records.js'
import { endedExecution, runningExecution, type RunExecution } from './execution.js'
import { launch } from './launch.js'
import { openOrchestrator, type OpenOrchestrator } from './orchestrators.js'
import { handOver, Places } from './places.js'
import { findWork, type Work, type WorkRequest } from './work.js'

export interface RunRequest extends WorkRequest {
  /** Follow everything to its end; without it, what runs in the cloud is only started. */
  watch: boolean
  /** Files in the cloud at once; the others wait. Left out: the orchestrator's own number. */
  concurrency?: number
}

export interface RunResult {
  /** Name of the execution of the backfill that has taken them all over. */
  backfill?: string
  executions: RunExecution[]
}

/** What happens while running. */
export type RunEvent =
  | { type: 'run.found'; pending: number; failedBefore: RunRecord[] }
  /** More than may run at once: the others wait in this process, or with a backfill in AWS. */
  | { type: 'run.waiting'; concurrency: number; backfill?: string }
  | { type: 'run.started'; name: string; object: InboxObject }
  | { type: 'run.state'; name: string; object: InboxObject; state: string }
  | { type: 'run.finished'; execution: RunExecution }

export type RunListener = (event: RunEvent) => void

/**
 * Processes what is pending. A file that fails does not keep the others from being processed.
 * @param open replaces the environment's own orchestrator
 * @throws DatapipeError ENVIRONMENT_NOT_UP, FILE_NOT_FOUND, InterruptedError (with the executions so far as result), and
 *   errors of the SDK when executions cannot be started or followed
 */
export async function run(
  aws: AwsContext,
  request: RunRequest,
  signal: AbortSignal,
  onEvent: RunListener = () => undefined,
  open: (aws: AwsContext) => Promise<OpenOrchestrator> = openOrchestrator,
): Promise<RunResult> {
  const { failedBefore, work } = await findWork(aws, request, signal).catch((error: unknown) => {
    throw signal.aborted ? new InterruptedError() : error
  })
  onEvent({ type: 'run.found', pending: work.length, failedBefore })
  return runWork(aws, work, request, signal, onEvent, open)
}

/** As `run`, with the files that somebody has chosen. */
export async function runWork(
  aws: AwsContext,
  work: readonly Work[],
  request: Pick<RunRequest, 'watch' | 'concurrency'>,
  signal: AbortSignal,
  onEvent: RunListener = () => undefined,
  open: (aws: AwsContext) => Promise<OpenOrchestrator> = openOrchestrator,
): Promise<RunResult> {
  if (work.length === 0) return { executions: [] }
  const opened = await open(aws)
  try {
    return await runAll(aws, work, request, opened, signal, onEvent)
  } finally {
    await opened.close()
  }
}

async function runAll(
  aws: AwsContext,
  work: readonly Work[],
  request: Pick<RunRequest, 'watch' | 'concurrency'>,
  opened: OpenOrchestrator,
  signal: AbortSignal,
  onEvent: RunListener,
): Promise<RunResult> {
  // On this machine its size decides.
  const concurrency = opened.inProcess ? opened.concurrency : (request.concurrency ?? opened.concurrency)
  const onlyStarts = !request.watch && !opened.inProcess
  if (onlyStarts && work.length > concurrency) {
    const backfill = await handOver(opened, work)
    onEvent({ type: 'run.waiting', concurrency, ...(backfill === undefined ? {} : { backfill }) })
    if (backfill !== undefined) return { backfill, executions: [] }
  }
  const limit = pLimit(concurrency)
  const places = new Places(work.length, onlyStarts && work.length > concurrency)
  const executions: RunExecution[] = []
  const stop = new AbortController()
  const either = anySignal(signal, stop.signal)
  let failure: { error: unknown } | undefined
  await Promise.all(
    work.map((item) =>
      limit(async () => {
        if (either.aborted) return
        try {
          executions.push(await runOne(aws, item, request, opened, places, either, onEvent))
        } catch (error) {
          // Not about this file: what keeps one execution from being followed keeps the others too.
          failure ??= { error }
          stop.abort()
        }
      }),
    ),
  )
  if (signal.aborted) throw interrupted(executions, work.length, opened.inProcess)
  if (failure !== undefined) throw failure.error
  return { executions }
}

async function runOne(
  aws: AwsContext,
  work: Work,
  { watch }: Pick<RunRequest, 'watch'>,
  { inProcess, orchestrator }: OpenOrchestrator,
  places: Places,
  signal: AbortSignal,
  onEvent: RunListener,
): Promise<RunExecution> {
  const { object } = work
  const launched = await launch(orchestrator, work)
  places.onStarted()
  if (launched.state === 'over') {
    const record = await readRecordOf(aws, object, signal)
    return finish(endedExecution(launched.execution, object, record), onEvent)
  }
  const { name } = launched
  onEvent({ type: 'run.started', name, object })
  const follow = watch || inProcess
  if (!follow && !places.scarce) return runningExecution(name, object)
  const until = follow ? signal : anySignal(signal, places.allTaken)
  const ended = await orchestrator
    .watch(
      name,
      ({ state }) => {
        if (follow) onEvent({ type: 'run.state', name, object, state })
      },
      until,
    )
    .catch((error: unknown) => {
      if (!until.aborted || signal.aborted) throw error
      return undefined
    })
  if (ended === undefined) return runningExecution(name, object)
  return finish(endedExecution(ended, object, await readRecordOf(aws, object, signal)), onEvent)
}

function finish(execution: RunExecution, onEvent: RunListener): RunExecution {
  onEvent({ type: 'run.finished', execution })
  return execution
}

/** 0 when every file was processed or is under way; 1 when one failed; 5 when the worst is a file with too many bad rows. */
export function runExitCode(executions: readonly Pick<RunExecution, 'status'>[]): ExitCode {
  if (executions.some(({ status }) => status === 'failed')) return ExitCode.failed
  return executions.some(({ status }) => status === 'rejected') ? ExitCode.rejected : ExitCode.ok
}

function interrupted(executions: RunExecution[], total: number, inProcess: boolean): InterruptedError {
  const result: RunResult = { executions }
  return new InterruptedError(`Interrupted: ${executions.length} of ${total} files are done.`, {
    result,
    suggestions: [
      inProcess
        ? 'Run the same command again: it processes the others.'
        : 'What was started goes on in AWS. Follow it: datapipe run --watch',
    ],
  })
}
