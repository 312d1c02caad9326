import { randomUUID } from 'node:crypto'
import type { AwsContext } from '../../aws/context.js'
import { ExitCode, InterruptedError } from '../../errors.js'
import { ENDINGS } from '../../pipeline/arrival-pattern.js'
import type { RunRecord } from '../../transform/record.js'
import { inboxKey } from '../../transform/layout.js'
import { listInbox, type InboxObject } from '../inbox.js'
import type { BackfillProgress, Execution, Orchestrator } from '../orchestrator.js'
import { readRecords } from '../records.js'
import { endedExecution, runningExecution, type RunExecution } from './execution.js'
import { failureReason } from './failure-reason.js'
import { openOrchestrator, type OpenBackfill } from './orchestrators.js'
import { runExitCode } from './run.js'
import { firstName, repeatedName } from './work.js'

export interface BackfillRequest {
  /** Only the files of this dataset. */
  dataset?: string
  /** Only what was uploaded then or later. */
  since?: Date
  /** Also what was processed before. */
  all: boolean
}

export interface BackfillResult {
  /** null: nothing was pending, nothing was started. */
  backfill: {
    name: string
    status: Execution['status']
    progress: BackfillProgress
    error?: string
  } | null
  /** How each file ended that was pending at the start. */
  executions: RunExecution[]
}

export type BackfillEvent =
  | { type: 'backfill.found'; pending: number; failedBefore: RunRecord[] }
  | { type: 'backfill.started'; name: string }
  | { type: 'backfill.progress'; progress: BackfillProgress }

const NO_PROGRESS: BackfillProgress = { total: 0, pending: 0, running: 0, processed: 0, failed: 0 }

interface Candidate {
  object: InboxObject
  /** Name of the worker that the backfill gives it. */
  worker: string
}

/**
 * Has the deployed backfill process what is pending, and follows it to its end. It goes on in AWS when nobody follows it.
 * @param open replaces the environment's own orchestrator
 * @throws DatapipeError ENVIRONMENT_NOT_UP, BACKFILL_NOT_DEPLOYED; InterruptedError
 */
export async function backfill(
  aws: AwsContext,
  request: BackfillRequest,
  signal: AbortSignal,
  onEvent: (event: BackfillEvent) => void = () => undefined,
  open: (aws: AwsContext) => Promise<OpenBackfill> = openOrchestrator,
): Promise<BackfillResult> {
  const name = randomUUID()
  const { candidates, failedBefore } = await findCandidates(aws, request, name, signal).catch(
    (error: unknown) => {
      throw signal.aborted ? new InterruptedError() : error
    },
  )
  onEvent({ type: 'backfill.found', pending: candidates.length, failedBefore })
  if (candidates.length === 0) return { backfill: null, executions: [] }
  const opened = await open(aws)
  try {
    await opened.backfill.start(name, {
      prefix: prefixOf(request),
      ...(request.since === undefined ? {} : { since: Math.floor(request.since.getTime() / 1000) }),
      ...(request.all ? { again: true } : {}),
    })
    onEvent({ type: 'backfill.started', name })
    let progress = NO_PROGRESS
    const ended = await opened.backfill
      .watch(
        name,
        new Set(candidates.map(({ worker }) => worker)),
        (now) => {
          progress = now
          onEvent({ type: 'backfill.progress', progress: now })
        },
        signal,
      )
      .catch((error: unknown) => {
        throw signal.aborted ? interrupted(aws, progress, opened.inProcess) : error
      })
    const executions = await outcomes(aws, candidates, opened.orchestrator, signal)
    const error = ended.status === 'SUCCEEDED' ? undefined : failureReason(ended)
    return {
      backfill: { name, status: ended.status, progress, ...(error === undefined ? {} : { error }) },
      executions,
    }
  } finally {
    await opened.close()
  }
}

/** As of `run`, and 1 when the backfill itself failed. */
export function backfillExitCode({ backfill: ended, executions }: BackfillResult): ExitCode {
  if (ended !== null && ended.status !== 'SUCCEEDED') return ExitCode.failed
  return runExitCode(executions)
}

function prefixOf({ dataset }: BackfillRequest): string {
  return dataset === undefined ? 'inbox/' : inboxKey(dataset, '')
}

/** What the state machine will start something for: it goes by names, and this by records, which say the same but for the past. */
async function findCandidates(
  aws: AwsContext,
  request: BackfillRequest,
  name: string,
  signal: AbortSignal,
): Promise<{ candidates: Candidate[]; failedBefore: RunRecord[] }> {
  const listed = await listInbox(aws, signal, prefixOf(request), request.since?.getTime())
  const objects = listed.filter(({ key }) => ENDINGS.some((ending) => key.endsWith(`.${ending}`)))
  if (request.all) {
    const candidates = objects.map((object) => ({ object, worker: repeatedName(name, object) }))
    return { candidates, failedBefore: [] }
  }
  const records = await readRecords(aws, objects, signal)
  const failedBefore = records.filter(
    (record) => record?.status === 'failed' || record?.status === 'rejected',
  )
  const candidates = objects
    .filter((_, index) => records[index] === undefined)
    .map((object) => ({ object, worker: firstName(object) }))
  return { candidates, failedBefore: failedBefore.filter((record) => record !== undefined) }
}

async function outcomes(
  aws: AwsContext,
  candidates: readonly Candidate[],
  orchestrator: Orchestrator,
  signal: AbortSignal,
): Promise<RunExecution[]> {
  const records = await readRecords(
    aws,
    candidates.map(({ object }) => object),
    signal,
  )
  const executions: RunExecution[] = []
  for (const [index, { object, worker }] of candidates.entries()) {
    const record = records[index]
    if (record?.runId === worker) {
      executions.push(endedExecution({ name: worker, status: 'SUCCEEDED' }, object, record))
      continue
    }
    executions.push(endOf(await orchestrator.describe(worker), worker, object, record))
  }
  return executions
}

function endOf(
  execution: Execution | undefined,
  worker: string,
  object: InboxObject,
  record: RunRecord | undefined,
): RunExecution {
  if (execution === undefined) {
    const never: Execution = {
      name: worker,
      status: 'FAILED',
      error: 'No worker was started for this version; datapipe run shows whether it is pending',
    }
    return endedExecution(never, object, undefined)
  }
  // Somebody else's, which the backfill passed over.
  if (execution.status === 'RUNNING') return runningExecution(worker, object)
  return endedExecution(execution, object, record)
}

function interrupted(aws: AwsContext, progress: BackfillProgress, inProcess: boolean): InterruptedError {
  const { processed, total } = progress
  return new InterruptedError(`Interrupted: ${processed} of ${total} files were looked at.`, {
    suggestions: [
      inProcess
        ? 'Run the same command again: it processes the others.'
        : `The backfill goes on in AWS. See what it has done: datapipe status --env ${aws.env}`,
    ],
  })
}
