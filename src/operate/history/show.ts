import type { AwsContext } from '../../aws/context.js'
import { UsageError } from '../../errors.js'
import type { RunRecord } from '../../transform/record.js'
import { runRecords } from '../records.js'

/**
 * The record of one run.
 * @param run its id, the beginning of it that no other run shares, or the key of its file (then the latest run of it)
 * @throws UsageError RUN_NOT_FOUND, RUN_AMBIGUOUS; DatapipeError ENVIRONMENT_NOT_UP, RECORD_INVALID
 */
export async function findRun(
  aws: AwsContext,
  run: string,
  signal: AbortSignal,
  dataset?: string,
): Promise<RunRecord> {
  const records = await runRecords(aws, { dataset, signal })
  const exact = records.find(({ runId, source }) => runId === run || source.key === run)
  if (exact) return exact
  const found = records.filter(({ runId }) => run !== '' && runId.startsWith(run))
  const [only, ...others] = found
  if (only && others.length === 0) return only
  if (only) {
    throw new UsageError('RUN_AMBIGUOUS', `${found.length} runs begin with ${run}.`, {
      suggestions: found.slice(0, 5).map(({ runId }) => `datapipe show ${runId}`),
    })
  }
  throw new UsageError('RUN_NOT_FOUND', `No run of environment ${aws.env} has the id ${run}.`, {
    suggestions: [`See the runs: datapipe history --env ${aws.env}`],
  })
}
