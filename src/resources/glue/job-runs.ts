import { BatchStopJobRunCommand, paginateGetJobRuns, type GlueClient } from '@aws-sdk/client-glue'
import { isAwsError } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'

/** BatchStopJobRun takes 25. */
const BATCH = 25
const STOP_MS = 600_000
const ACTIVE: readonly string[] = ['STARTING', 'RUNNING', 'WAITING']

/**
 * Stops every run of a job and waits until all have ended: a run outlives its job and goes on costing.
 * @throws DatapipeError GLUE_RUNS_NOT_STOPPED: the call succeeds as a whole and fails run by run
 */
export async function stopJobRuns(glue: GlueClient, job: string, op: Operation): Promise<void> {
  const active = await runIds(glue, job, ACTIVE)
  const failed: string[] = []
  for (let start = 0; start < active.length; start += BATCH) {
    const { Errors } = await glue.send(
      new BatchStopJobRunCommand({ JobName: job, JobRunIds: active.slice(start, start + BATCH) }),
    )
    for (const { ErrorDetail, JobRunId } of Errors ?? []) {
      // Ended meanwhile.
      if (ErrorDetail?.ErrorCode === 'InvalidJobRunStateTransitionException') continue
      failed.push(
        `${JobRunId ?? '?'}: ${ErrorDetail?.ErrorMessage ?? ErrorDetail?.ErrorCode ?? 'no reason given'}`,
      )
    }
  }
  if (failed.length > 0) {
    throw new DatapipeError(
      'GLUE_RUNS_NOT_STOPPED',
      `Glue did not stop ${failed.length} runs of the job ${job}: ${failed.join('; ')}`,
      { suggestions: ['Run the same command again: it continues where this run stopped.'] },
    )
  }
  if (active.length === 0) return
  await waitFor(
    {
      what: `the runs of Glue job ${job} to end`,
      poll: () => runIds(glue, job, [...ACTIVE, 'STOPPING']),
      check: (running) => (running.length === 0 ? 'done' : 'pending'),
      timeoutMs: STOP_MS,
    },
    op,
  )
}

async function runIds(glue: GlueClient, job: string, states: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  try {
    for await (const page of paginateGetJobRuns({ client: glue }, { JobName: job })) {
      for (const { Id, JobRunState } of page.JobRuns ?? []) {
        if (Id !== undefined && states.includes(JobRunState ?? '')) ids.push(Id)
      }
    }
  } catch (error) {
    if (!isAwsError(error, 'EntityNotFoundException')) throw error
  }
  return ids
}
