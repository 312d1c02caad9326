import type { RunRecord } from '../../transform/record.js'
import type { InboxObject } from '../inbox.js'
import type { Execution } from '../orchestrator.js'
import { failureReason } from './failure-reason.js'

export interface RunOutput {
  table: string
  key: string
  rows: number
  bytes: number
}

/** One file of the result. Counts are null until the run is over, and when it left no record. */
export interface RunExecution {
  name: string
  /**
   * `rejected`: more rows than allowed could not be read, nothing was published. `superseded`: a newer version was there first.
   * `rolled_back`: somebody took this version out of the table.
   */
  status: 'running' | 'succeeded' | 'rejected' | 'failed' | 'superseded' | 'rolled_back'
  source: { bucket: string; key: string; versionId: string }
  rowsIn: number | null
  rowsOut: number | null
  rowsRejected: number | null
  outputs: RunOutput[]
  durationMs: number | null
  /** Why it failed or was rejected. */
  error?: string
}

const UNKNOWN_COUNTS = { rowsIn: null, rowsOut: null, rowsRejected: null, outputs: [] }

export function runningExecution(name: string, object: InboxObject): RunExecution {
  return { name, status: 'running', source: sourceOf(object), ...UNKNOWN_COUNTS, durationMs: null }
}

/**
 * How an execution ended. The record says what became of the data; without one, the execution itself says that it did not
 * get that far.
 */
export function endedExecution(
  execution: Execution,
  object: InboxObject,
  record: RunRecord | undefined,
): RunExecution {
  const durationMs = elapsedMs(execution)
  const { name } = execution
  const source = sourceOf(object)
  // A record that an earlier execution left says nothing about one that died.
  if (record !== undefined && (execution.status === 'SUCCEEDED' || record.runId === name)) {
    return {
      name,
      status: record.status,
      source,
      rowsIn: record.rowsIn,
      rowsOut: record.rowsOut,
      rowsRejected: record.rowsRejected,
      outputs: record.outputs.map(({ bytes, key, rows, table }) => ({ table, key, rows, bytes })),
      durationMs: durationMs ?? record.durationMs,
      ...(record.error === undefined ? {} : { error: record.error.message }),
    }
  }
  const error =
    execution.status === 'SUCCEEDED'
      ? 'The execution ended well but left no run record.'
      : failureReason(execution)
  return { name, status: 'failed', source, ...UNKNOWN_COUNTS, durationMs, error }
}

function sourceOf({ bucket, key, versionId }: InboxObject): RunExecution['source'] {
  return { bucket, key, versionId }
}

function elapsedMs({ startedAt, stoppedAt }: Execution): number | null {
  if (startedAt === undefined || stoppedAt === undefined) return null
  return Math.max(0, Date.parse(stoppedAt) - Date.parse(startedAt))
}
