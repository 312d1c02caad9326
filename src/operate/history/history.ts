import type { AwsContext } from '../../aws/context.js'
import type { RunRecord } from '../../transform/record.js'
import { runRecords } from '../records.js'

export type RunStatus = RunRecord['status']
export const RUN_STATUSES = ['succeeded', 'failed', 'rejected', 'superseded', 'rolled_back'] as const

export interface HistoryRequest {
  dataset?: string
  /** Of the latest loads. */
  limit: number
  status?: RunStatus
}

export interface HistoryResult {
  /** The latest first. */
  runs: RunRecord[]
}

/**
 * What was loaded when, the latest first.
 * @throws DatapipeError ENVIRONMENT_NOT_UP, RECORD_INVALID
 */
export async function history(
  aws: AwsContext,
  { dataset, limit, status }: HistoryRequest,
  signal: AbortSignal,
): Promise<HistoryResult> {
  if (status === undefined) return { runs: await runRecords(aws, { dataset, limit, signal }) }
  const all = await runRecords(aws, { dataset, signal })
  return { runs: all.filter((record) => record.status === status).slice(0, limit) }
}
