import type { AwsContext } from '../../aws/context.js'
import type { RunRecord } from '../../transform/record.js'
import { selectRejected } from './find.js'
import { RejectFile, type RejectRow } from './reject-file.js'

export interface ShowRequest {
  /** See `selectRun`. */
  selector: string
  limit: number
  /** Only rows whose reason contains this. */
  reason?: string
}

export interface ShownRejects {
  run: string
  dataset: string
  status: RunRecord['status']
  source: { bucket: string; key: string; versionId: string }
  /** All rejected rows of the run. */
  rowsRejected: number
  /** Those with the reason asked for. */
  matching: number
  rows: RejectRow[]
}

/**
 * The rejected rows of one run.
 * @throws UsageError RUN_NOT_FOUND, RUN_AMBIGUOUS, NO_REJECTS; DatapipeError REJECTS_GONE, ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function showRejects(
  aws: AwsContext,
  { selector, limit, reason }: ShowRequest,
  signal: AbortSignal,
): Promise<ShownRejects> {
  const run = await selectRejected(aws, selector, signal)
  const { bucket, key, versionId } = run.source
  const file = await RejectFile.open(aws, run, signal)
  try {
    const rows: RejectRow[] = []
    for await (const row of file.rows({ reason, limit })) rows.push(row)
    return {
      run: run.runId,
      dataset: run.dataset,
      status: run.status,
      source: { bucket, key, versionId },
      rowsRejected: run.rejects.rows,
      matching: await file.count(reason),
      rows,
    }
  } finally {
    await file.close()
  }
}
