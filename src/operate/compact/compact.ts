import { randomUUID } from 'node:crypto'
import { adopt } from '../../transform/merge/adopt.js'
import { advance, prune, type Advance } from '../../transform/merge/advance.js'
import type { Recipe } from '../../transform/merge/build.js'
import type { Workshop } from '../../transform/merge/fold.js'
import { readManifest, type Lake, type Place } from '../../transform/merge/lake.js'
import { clearPending, finishPending, notePending } from '../../transform/merge/pending.js'
import { seedSources } from '../../transform/merge/seed.js'
import { settle } from '../../transform/merge/settle.js'
import { candidates } from './candidates.js'
import { leftovers, sweep, type Leftover } from './sweep.js'

export interface CompactRequest {
  dataset: string
  tables: readonly string[]
  olderThanMs: number
  /** Only tell. */
  dryRun: boolean
  /** The time by which ages are told; now without it. */
  now?: Date
}

export interface CompactedPartition {
  table: string
  /** Its folder; '' for a table without partitions. */
  partition: string
  filesBefore: number
  /** null: nothing was done. */
  filesAfter: number | null
  bytesBefore: number
  bytesAfter: number | null
}

export interface CompactResult {
  dataset: string
  dryRun: boolean
  partitions: CompactedPartition[]
  /** Files that nothing needs, left by loads that died or by versions that were replaced; deleted unless it is a dry run. */
  leftovers: Leftover[]
}

/**
 * Writes the small files of partitions together, one partition after the other, and deletes what nothing needs. Readers are
 * switched when all of it is there; the files that loads wrote stay where they are, as what corrections and roll-backs begin from.
 * Loads, and other compactions, go on meanwhile.
 */
export async function compact(
  lake: Lake,
  { dataset, tables, olderThanMs, dryRun, now = new Date() }: CompactRequest,
  workshop: Workshop,
  onPartition: (done: CompactedPartition, index: number, total: number) => void = () => undefined,
): Promise<CompactResult> {
  const signal = workshop.signal ?? new AbortController().signal
  if (!dryRun) {
    // A compaction that died may have left partitions that readers were not sent to.
    for (const table of tables) await finishPending(lake, dataset, table, recipeOf(workshop))
  }
  const found = (
    await Promise.all(tables.map((table) => candidates(lake, table, olderThanMs, now, signal)))
  ).flat()
  const partitions: CompactedPartition[] = []
  for (const [index, { place, files, bytes }] of found.entries()) {
    signal.throwIfAborted()
    const after = dryRun ? undefined : await compactPartition(lake, dataset, place, workshop)
    const done = {
      table: place.table,
      partition: place.folder,
      filesBefore: files,
      filesAfter: after?.manifest.current.files.length ?? null,
      bytesBefore: bytes,
      bytesAfter: after?.manifest.current.files.reduce((sum, file) => sum + file.bytes, 0) ?? null,
    }
    partitions.push(done)
    onPartition(done, index + 1, found.length)
  }
  const scope = { dataset, tables, now, signal }
  return {
    dataset,
    dryRun,
    partitions,
    leftovers: dryRun ? await leftovers(lake, scope) : await sweep(lake, scope),
  }
}

function recipeOf(workshop: Workshop): Recipe {
  const token = `c${randomUUID().slice(0, 8)}`
  return { key: [], runId: `compact-${token}`, token, workshop }
}

async function compactPartition(
  lake: Lake,
  dataset: string,
  place: Place,
  workshop: Workshop,
): Promise<Advance> {
  const { token, ...rest } = recipeOf(workshop)
  await notePending(lake, place.table, token, [place.folder])
  const key = (await readManifest(lake, place))?.manifest.current.key ?? []
  const recipe: Recipe = { ...rest, token, key, rewrite: true }
  const first = await advance(
    lake,
    place,
    recipe,
    (sources) => [...sources],
    () => seedSources(lake, dataset, place),
  )
  const done = (await adopt(lake, dataset, place, recipe)) ?? first
  await settle(lake, place.table, [place.folder])
  await clearPending(lake, place.table, token)
  await prune(lake, first)
  return done
}
