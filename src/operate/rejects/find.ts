import type { AwsContext } from '../../aws/context.js'
import { UsageError } from '../../errors.js'
import type { RunRecord } from '../../transform/record.js'
import { runRecords } from '../records.js'

/** A run that rejected rows. */
export type RejectedRun = RunRecord & { rejects: NonNullable<RunRecord['rejects']> }

export function hasRejects(record: RunRecord): record is RejectedRun {
  return record.rejects !== null && record.rejects.rows > 0
}

/**
 * The run that somebody means.
 * @param selector id of a run or its beginning, `DATASET/FILE`, or the key of a file; of a file it is the latest version
 * @throws UsageError RUN_NOT_FOUND, RUN_AMBIGUOUS; DatapipeError ENVIRONMENT_NOT_UP, RECORD_INVALID
 */
export async function selectRun(aws: AwsContext, selector: string, signal: AbortSignal): Promise<RunRecord> {
  const records = await runRecords(aws, { signal })
  const exact = records.find(({ runId }) => runId === selector)
  if (exact) return exact
  const ofFile = records.filter((record) => isFile(record, selector))
  const [latest] = ofFile.sort(newestFirst)
  if (latest) return latest
  const [only, ...others] = records.filter(({ runId }) => selector !== '' && runId.startsWith(selector))
  if (only && others.length === 0) return only
  if (only) {
    throw new UsageError('RUN_AMBIGUOUS', `${others.length + 1} runs begin with ${selector}.`, {
      suggestions: ['Write more of the id: datapipe history --json shows it whole.'],
    })
  }
  throw new UsageError(
    'RUN_NOT_FOUND',
    `Environment ${aws.env} has loaded no file ${selector}, and no run has that id.`,
    { suggestions: [`See what rejected rows: datapipe rejects list --env ${aws.env}`] },
  )
}

/** As `selectRun`, and it has rejected rows. @throws UsageError NO_REJECTS */
export async function selectRejected(
  aws: AwsContext,
  selector: string,
  signal: AbortSignal,
): Promise<RejectedRun> {
  const record = await selectRun(aws, selector, signal)
  if (hasRejects(record)) return record
  throw new UsageError(
    'NO_REJECTS',
    `Run ${record.runId} of ${record.source.key} rejected no row: it ${record.status === 'succeeded' ? `took all ${record.rowsIn}` : `ended as ${record.status}`}.`,
    { suggestions: [`See the run: datapipe show ${record.runId} --env ${aws.env}`] },
  )
}

/** Whether a record is of a newer version of the same file. */
export function isNewer(record: RunRecord, than: RunRecord): boolean {
  return newestFirst(record, than) < 0
}

/** S3 tells the time of a version in whole seconds; within one, the run that ended last decides. */
function newestFirst(a: RunRecord, b: RunRecord): number {
  return arrived(b) - arrived(a) || Date.parse(b.finishedAt) - Date.parse(a.finishedAt)
}

/** When S3 got the version; records of earlier releases only know when it was loaded. */
function arrived({ source, startedAt }: RunRecord): number {
  return source.lastModified ?? Date.parse(startedAt)
}

function isFile({ dataset, source: { bucket, key } }: RunRecord, selector: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1)
  return [key, `s3://${bucket}/${key}`, `${dataset}/${name}`].includes(selector)
}
