import { randomUUID } from 'node:crypto'
import { removeEmptied } from '../../transform/container/catalog/emptied.js'
import { switchLocations } from '../../transform/container/catalog/location.js'
import { getJson, headObject, putJson } from '../../transform/container/objects.js'
import { parsePointer, type SourcePointer } from '../../transform/container/pointer.js'
import { placeOf, runKey, sourceId, sourceKey } from '../../transform/layout.js'
import { advance, prune, type Advance } from '../../transform/merge/advance.js'
import { copyObject } from '../../transform/merge/copy.js'
import type { Workshop } from '../../transform/merge/fold.js'
import { readManifest, type Lake, type Place } from '../../transform/merge/lake.js'
import type { SourceEntry } from '../../transform/merge/manifest.js'
import { clearPending, notePending } from '../../transform/merge/pending.js'
import { partitionOf } from '../../transform/merge/partition-values.js'
import { removeObjects } from '../../transform/merge/remove.js'
import { settle } from '../../transform/merge/settle.js'
import type { RunRecord } from '../../transform/record.js'
import { DatapipeError } from '../../errors.js'
import type { RollbackPlan, Withdrawal } from './plan.js'
import { withoutVersions } from './withdraw.js'

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

type Output = RunRecord['outputs'][number]

/**
 * Takes loads out of the tables of a dataset again. Nothing is changed before it is sure that everything that comes back is
 * still kept. Run again after an interruption, it ends what it began.
 * @throws DatapipeError ROLLBACK_NOT_KEPT
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
  { back, runs, source }: Withdrawal,
  workshop: Workshop,
): Promise<RolledBack> {
  const id = sourceId(source)
  const key = sourceKey(dataset, id)
  const stored = await getJson(lake.s3, lake.bucket, key)
  const pointer = stored && parsePointer(stored.body)
  const withdrawn = new Set(runs.map((run) => run.source.versionId))
  const done = { source, withdrawn: runs.map(({ runId }) => runId), back: back?.runId ?? null }
  const known = new Set([...withdrawn, ...(back ? [back.source.versionId] : [])])
  if (!stored || !pointer || !known.has(pointer.versionId)) return { ...done, skipped: true }

  const outputs = back?.outputs ?? []
  const all = [...new Set([...pointer.outputs, ...outputs.map((output) => output.key)])]
  const claimed: SourcePointer = { ...pointer, state: 'publishing', outputs: all }
  const etag = await putJson(lake.s3, lake.bucket, key, claimed, { etag: stored.etag })
  const latest = runs[0]
  const version = (back ?? latest).source
  const lastModified = version.lastModified ?? pointer.lastModified
  const entry = { source: id, versionId: version.versionId, lastModified, runId: (back ?? latest).runId }
  await withdrawRows(
    lake,
    all.filter((name) => name.endsWith('.parquet')),
    outputs,
    entry,
    withdrawn,
    workshop,
  )
  const settled: SourcePointer = {
    schemaVersion: 1,
    versionId: version.versionId,
    lastModified,
    state: 'published',
    outputs: outputs.map((output) => output.key),
    // Which of its rows were rejected is what the withdrawn version left.
    rejects: pointer.rejects,
  }
  await putJson(lake.s3, lake.bucket, key, settled, { etag })
  const rolledBackAt = new Date().toISOString()
  for (const run of runs) {
    const body: RunRecord = { ...run, status: 'rolled_back', rolledBackAt }
    await putJson(lake.s3, lake.bucket, runKey(dataset, id, run.source.versionId), body)
  }
  return { ...done, skipped: false }
}

/** Partition by partition: a generation without the versions, or the files that readers see directly. */
async function withdrawRows(
  lake: Lake,
  keys: readonly string[],
  outputs: readonly Output[],
  entry: Omit<SourceEntry, 'files'>,
  withdrawn: ReadonlySet<string>,
  workshop: Workshop,
): Promise<void> {
  const token = `rb${randomUUID().slice(0, 8)}`
  const byTable = new Map<string, Advance[]>()
  for (const [place, own] of byPlace(keys)) {
    const stored = await readManifest(lake, place)
    const there = outputs.filter(({ key }) => own.includes(key))
    if (!stored) {
      await restoreFiles(lake, place, own, there)
      continue
    }
    const files = there.map(({ key, rows, bytes }) => ({ key, rows, bytes }))
    await notePending(lake, place.table, token, [
      ...(byTable.get(place.table) ?? []).map((each) => each.place.folder),
      place.folder,
    ])
    const recipe = { key: stored.manifest.current.key, runId: token, token, workshop }
    const advanced = await advance(lake, place, recipe, (sources) =>
      withoutVersions(sources, { ...entry, files }, withdrawn),
    )
    byTable.set(place.table, [...(byTable.get(place.table) ?? []), advanced])
  }
  for (const [table, advances] of byTable) {
    await settle(
      lake,
      table,
      advances.map(({ place }) => place.folder),
    )
    await clearPending(lake, table, token)
    for (const each of advances) await prune(lake, each)
  }
}

async function restoreFiles(
  lake: Lake,
  place: Place,
  keys: readonly string[],
  outputs: readonly Output[],
): Promise<void> {
  const { s3, bucket } = lake
  for (const { key, versionId, bytes } of outputs) {
    const current = await headObject(s3, bucket, key)
    if (current && (versionId === undefined || current.VersionId === versionId)) continue
    await copyObject(s3, { bucket, from: key, versionId, to: key, bytes })
  }
  const stay = new Set(outputs.map(({ key }) => key))
  await removeObjects(
    s3,
    bucket,
    keys.filter((key) => !stay.has(key)),
  )
  if (outputs.length === 0) {
    await removeEmptied(lake, [place])
  } else if (place.folder !== '') {
    const location = `s3://${bucket}/${place.table}/${place.folder}/`
    await switchLocations(lake.glue, { database: lake.database, table: place.table }, [
      { partition: partitionOf(place.folder), location },
    ])
  }
}

function byPlace(keys: readonly string[]): [Place, string[]][] {
  const places = new Map<string, [Place, string[]]>()
  for (const key of keys) {
    const found = placeOf(key)
    if (!found) continue
    const place = { table: found.table, folder: found.partition }
    const name = `${place.table}/${place.folder}`
    places.set(name, [place, [...(places.get(name)?.[1] ?? []), key]])
  }
  return [...places.values()]
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
