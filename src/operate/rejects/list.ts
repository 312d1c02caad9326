import type { AwsContext } from '../../aws/context.js'
import { runRecords } from '../records.js'
import type { RunRecord } from '../../transform/record.js'
import { hasRejects, isNewer, type RejectedRun } from './find.js'

/** The rejected rows of one version of a file. */
export interface RejectedSource {
  dataset: string
  source: { bucket: string; key: string; versionId: string }
  run: string
  finishedAt: string
  rowsIn: number
  rowsRejected: number
  /** Of the first rows. */
  reasons: string[]
  /**
   * quarantined: too many of its rows are bad, nothing of it was published, and nothing loads it by itself. published: all its
   * other rows are in the table. replaced: a newer version of the file came, or this one was rolled back; its rows no longer
   * matter.
   */
  state: 'quarantined' | 'published' | 'replaced'
  /** Keys in the transformed bucket. */
  files: { parquet: string; csv: string }
}

export interface RejectsList {
  /** The latest first. */
  sources: RejectedSource[]
}

/**
 * Versions of files with rejected rows, the latest run first.
 * @throws DatapipeError ENVIRONMENT_NOT_UP, RECORD_INVALID
 */
export async function listRejects(
  aws: AwsContext,
  { dataset, all = false }: { dataset?: string; /** Also what was replaced. */ all?: boolean },
  signal: AbortSignal,
): Promise<RejectsList> {
  const found = await withState(aws, dataset, signal)
  const sources = found.map(({ record, state }): RejectedSource => {
    const { bucket, key, versionId } = record.source
    return {
      dataset: record.dataset,
      source: { bucket, key, versionId },
      run: record.runId,
      finishedAt: record.finishedAt,
      rowsIn: record.rowsIn,
      rowsRejected: record.rowsRejected,
      reasons: record.rejects.reasons,
      state,
      files: { parquet: record.rejects.parquet, csv: record.rejects.csv },
    }
  })
  return { sources: all ? sources : sources.filter(({ state }) => state !== 'replaced') }
}

/** The runs of all versions whose rejected rows matter still. */
export async function rejectedRuns(
  aws: AwsContext,
  { dataset }: { dataset?: string },
  signal: AbortSignal,
): Promise<RejectedRun[]> {
  const found = await withState(aws, dataset, signal)
  return found.filter(({ state }) => state !== 'replaced').map(({ record }) => record)
}

async function withState(
  aws: AwsContext,
  dataset: string | undefined,
  signal: AbortSignal,
): Promise<{ record: RejectedRun; state: RejectedSource['state'] }[]> {
  const records = await runRecords(aws, { dataset, signal })
  const versions = versionsOfFiles(records)
  return records.filter(hasRejects).map((record) => ({ record, state: stateOf(record, versions(record)) }))
}

/** The records of the versions of the same file. */
function versionsOfFiles(records: readonly RunRecord[]): (record: RunRecord) => readonly RunRecord[] {
  const files = new Map<string, RunRecord[]>()
  const nameOf = ({ source: { bucket, key } }: RunRecord) => `${bucket}/${key}`
  for (const record of records) {
    const versions = files.get(nameOf(record))
    if (versions) versions.push(record)
    else files.set(nameOf(record), [record])
  }
  return (record) => files.get(nameOf(record)) ?? []
}

function stateOf(record: RunRecord, versions: readonly RunRecord[]): RejectedSource['state'] {
  const newer = versions.filter((other) => isNewer(other, record))
  if (record.status === 'rejected') return newer.length === 0 ? 'quarantined' : 'replaced'
  // What is published stays until a newer version is.
  const isPublished = record.status === 'succeeded' && !newer.some(({ status }) => status === 'succeeded')
  return isPublished ? 'published' : 'replaced'
}
