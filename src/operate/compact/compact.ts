import { randomUUID } from 'node:crypto'
import { SOURCES_PREFIX } from '../../transform/layout.js'
import { advance, prune, type Advance } from '../../transform/merge/advance.js'
import type { Recipe } from '../../transform/merge/build.js'
import type { Workshop } from '../../transform/merge/fold.js'
import { readManifest, type Lake, type Place } from '../../transform/merge/lake.js'
import { inOrder, sameSources, type SourceEntry } from '../../transform/merge/manifest.js'
import { clearPending, notePending } from '../../transform/merge/pending.js'
import { originals, seedSources } from '../../transform/merge/seed.js'
import { settle } from '../../transform/merge/settle.js'
import { candidates } from './candidates.js'

export interface CompactRequest {
  dataset: string
  tables: readonly string[]
  olderThanDays: number
  /** Only tell. */
  dryRun: boolean
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
}

/**
 * Writes the small files of partitions together, one partition after the other. Readers are switched when all of it is there;
 * the files that loads wrote stay where they are, as what corrections and roll-backs begin from.
 */
export async function compact(
  lake: Lake,
  { dataset, tables, olderThanDays, dryRun }: CompactRequest,
  workshop: Workshop,
  onPartition: (done: CompactedPartition, index: number, total: number) => void = () => undefined,
): Promise<CompactResult> {
  const signal = workshop.signal ?? new AbortController().signal
  const found = (
    await Promise.all(tables.map((table) => candidates(lake, table, olderThanDays, new Date(), signal)))
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
  return { dataset, dryRun, partitions }
}

/**
 * From its first manifest on, loads bring their rows to the partition's generations. A load that looked for a manifest before
 * there was one has written its file by then, so the files are looked at again afterwards, until they are what the manifest
 * says; only then are readers sent to the generation.
 */
async function compactPartition(
  lake: Lake,
  dataset: string,
  place: Place,
  workshop: Workshop,
): Promise<Advance> {
  const token = `c${randomUUID().slice(0, 8)}`
  await notePending(lake, place.table, token, [place.folder])
  const before = await readManifest(lake, place)
  const key = before?.manifest.current.key ?? []
  const recipe: Recipe = { key, runId: `compact-${token}`, token, workshop, rewrite: true }
  let done = await advance(
    lake,
    place,
    recipe,
    (sources) => [...sources],
    () => seedSources(lake, dataset, place),
  )
  while (!before) {
    const seen = await seedSources(lake, dataset, place)
    const plain = await plainKeys(lake, place)
    const stored = await readManifest(lake, place)
    const sources = stored?.manifest.current.sources ?? []
    if (sameSources(caughtUp(sources, seen, plain), sources)) break
    done = await advance(lake, place, recipe, (there) => caughtUp(there, seen, plain))
  }
  await settle(lake, place.table, [place.folder])
  await clearPending(lake, place.table, token)
  await prune(lake, done)
  return done
}

/** The sources, with those whose files came, changed or went while the manifest was made. */
function caughtUp(
  sources: readonly SourceEntry[],
  seen: readonly SourceEntry[],
  keys: ReadonlySet<string>,
): SourceEntry[] {
  const bySource = new Map(sources.map((entry) => [entry.source, entry]))
  const isPlain = ({ files }: SourceEntry) => files.some(({ key }) => isDirect(key))
  const isDirect = (key: string) => !key.startsWith(`${SOURCES_PREFIX}/`)
  for (const entry of sources) {
    // Its file is gone: a corrected version has no rows here.
    if (isPlain(entry) && entry.files.some(({ key }) => isDirect(key) && !keys.has(key))) {
      bySource.set(entry.source, { ...entry, files: [] })
    }
  }
  for (const entry of seen) {
    const known = bySource.get(entry.source)
    // One that a load has brought through the manifest is newer than what lies in the folder.
    if (!known || isPlain(known)) bySource.set(entry.source, entry)
  }
  return inOrder([...bySource.values()])
}

async function plainKeys(lake: Lake, place: Place): Promise<Set<string>> {
  return new Set((await originals(lake, place)).map(({ key }) => key))
}
