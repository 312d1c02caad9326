import { getJson, headObject, PreconditionLost, putJson } from '../../transform/container/objects.js'
import { parsePointer, type SourcePointer } from '../../transform/container/pointer.js'
import { runKey, sourceId, sourceKey } from '../../transform/layout.js'
import type { Workshop } from '../../transform/merge/fold.js'
import type { Lake } from '../../transform/merge/lake.js'
import type { RunRecord } from '../../transform/record.js'
import { DatapipeError } from '../../errors.js'
import type { RollbackPlan, Withdrawal } from './plan.js'
import { removeRejects, restoreRejects } from './rejects.js'
import { exchangeRows } from './rows.js'

export interface RolledBack {
  source: string
  /** Runs that were taken out. */
  withdrawn: string[]
  /** The run whose rows are back. */
  back: string | null
  /** A newer version was loaded meanwhile, and was left alone. */
  skipped: boolean
}

export interface RollbackResult {
  dataset: string
  sources: RolledBack[]
}

/** Every lost race means that a load, or another roll-back, claimed the same source. */
const ATTEMPTS = 10

/**
 * Takes loads out of the tables of a dataset again. Nothing is changed before it is sure that everything that comes back is
 * still kept. Run again after an interruption, it ends what it began. Loads go on meanwhile: a version that comes to a source
 * while it is rolled back is what counts.
 * @throws DatapipeError ROLLBACK_NOT_KEPT, SOURCE_CHANGING
 */
export async function rollback(
  lake: Lake,
  { dataset, withdrawals }: RollbackPlan,
  workshop: Workshop,
  onSource: (source: RolledBack) => void = () => undefined,
): Promise<RollbackResult> {
  for (const { back } of withdrawals) if (back) await assertKept(lake, back)
  const sources: RolledBack[] = []
  for (const withdrawal of withdrawals) {
    workshop.signal?.throwIfAborted()
    const done = await rollbackSource(lake, dataset, withdrawal, workshop)
    sources.push(done)
    onSource(done)
  }
  return { dataset, sources }
}

async function rollbackSource(
  lake: Lake,
  dataset: string,
  withdrawal: Withdrawal,
  workshop: Workshop,
): Promise<RolledBack> {
  const { back, runs, source } = withdrawal
  const done = { source, withdrawn: runs.map(({ runId }) => runId), back: back?.runId ?? null }
  for (let attempt = 1; ; attempt++) {
    try {
      return { ...done, skipped: !(await withdraw(lake, dataset, withdrawal, workshop)) }
    } catch (error) {
      if (!(error instanceof PreconditionLost)) throw error
      if (attempt < ATTEMPTS) continue
      throw new DatapipeError('SOURCE_CHANGING', `Other runs keep changing what is loaded of ${source}.`, {
        cause: error,
        suggestions: ['Run it again when they have ended: it goes on where it stopped.'],
      })
    }
  }
}

/** @returns false: a newer version is there, and nothing of it was touched */
async function withdraw(
  lake: Lake,
  dataset: string,
  { back, runs, source }: Withdrawal,
  workshop: Workshop,
): Promise<boolean> {
  const { s3, bucket } = lake
  const id = sourceId(source)
  const key = sourceKey(dataset, id)
  const stored = await getJson(s3, bucket, key)
  const pointer = stored && parsePointer(stored.body)
  const withdrawn = new Set(runs.map((run) => run.source.versionId))
  const known = new Set([...withdrawn, ...(back ? [back.source.versionId] : [])])
  if (!stored || !pointer || !known.has(pointer.versionId)) return false

  const outputs = back?.outputs ?? []
  const keys = [...new Set([...pointer.outputs, ...outputs.map((output) => output.key)])]
  const claimed: SourcePointer = { ...pointer, state: 'publishing', outputs: keys }
  const etag = await putJson(s3, bucket, key, claimed, { etag: stored.etag })
  const assertOurs = async () => {
    if ((await headObject(s3, bucket, key))?.ETag !== etag)
      throw new PreconditionLost('Another run claimed the source')
  }
  const version = (back ?? runs[0]).source
  const lastModified = version.lastModified ?? pointer.lastModified
  const entry = { source: id, versionId: version.versionId, lastModified, runId: (back ?? runs[0]).runId }
  const data = keys.filter((name) => name.endsWith('.parquet'))
  const exchange = { dataset, keys: data, outputs, entry, withdrawn, assertOurs }
  const now = await exchangeRows(lake, exchange, workshop)
  const rejects = await restoreRejects(lake, back?.rejects)
  const stay = rejects ? [rejects.parquet, rejects.csv] : []
  const gone = new Set([...pointer.rejects, ...runs.flatMap((run) => rejectsOf(run)), ...rejectsOf(back)])
  for (const name of stay) gone.delete(name)
  await removeRejects(lake, gone, assertOurs)
  const settled: SourcePointer = {
    schemaVersion: 1,
    versionId: version.versionId,
    lastModified,
    state: 'published',
    outputs: now.map((output) => output.key),
    rejects: stay,
  }
  const record = (run: RunRecord) => putJson(s3, bucket, runKey(dataset, id, run.source.versionId), run)
  // Before the pointer: as long as that says "publishing", the same command comes back to all of it.
  if (back) await record({ ...back, outputs: now, rejects })
  await putJson(s3, bucket, key, settled, { etag })
  const rolledBackAt = new Date().toISOString()
  for (const run of runs) await record({ ...run, status: 'rolled_back', rolledBackAt, rejects: null })
  return true
}

function rejectsOf(run: RunRecord | undefined): string[] {
  return run?.rejects ? [run.rejects.parquet, run.rejects.csv] : []
}

/** Every file that is to come back must be there, as the current version of its key or as an earlier one. */
async function assertKept({ s3, bucket }: Lake, { outputs, runId, source }: RunRecord): Promise<void> {
  for (const { key, versionId } of outputs) {
    const head = await headObject(s3, bucket, key, versionId)
    if (head) continue
    throw new DatapipeError(
      'ROLLBACK_NOT_KEPT',
      `The rows that the run ${runId} loaded from ${source.key} are no longer kept: s3://${bucket}/${key} is gone. Nothing was changed.`,
      {
        suggestions: [
          'What a later load replaced is kept for 7 days. Upload the earlier file again instead: as a new version it replaces the later one.',
        ],
      },
    )
  }
}
