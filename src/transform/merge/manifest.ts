import { z } from 'zod'

const count = z.number().int().nonnegative()

const fileSchema = z.object({
  /** In the transformed bucket. */
  key: z.string(),
  rows: count,
  bytes: count,
  /** Where the key does not name the content: of the content that it had. */
  etag: z.string().optional(),
})

/** What one version of a source gives a partition. Without files: the version has no rows here, and older ones stay out. */
const sourceEntrySchema = z.object({
  source: z.string(),
  versionId: z.string(),
  /** When S3 got that version, milliseconds since 1970. */
  lastModified: z.number(),
  /** The load that brought it. */
  runId: z.string(),
  files: z.array(fileSchema),
})

const generationSchema = z.object({
  number: z.number().int().positive(),
  /** Prefix in the transformed bucket, with a slash at its end. */
  location: z.string(),
  /** The load, compaction or rollback that made it current. */
  runId: z.string(),
  /** When it became current. */
  at: z.iso.datetime(),
  files: z.array(fileSchema),
  rows: count,
  /** Columns that identified a row when it was made; empty: rows add up. */
  key: z.array(z.string()),
  sources: z.array(sourceEntrySchema),
})

export const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  table: z.string(),
  /** Partition key to value; empty without partitions. */
  partition: z.record(z.string(), z.string().nullable()),
  /** Readers are still where the files lie one by one; loads may have brought some that the manifest does not know yet. */
  adopting: z.boolean().optional(),
  current: generationSchema,
  /** Earlier generations that are still there, oldest first. */
  history: z.array(generationSchema),
})

export type DataFile = z.infer<typeof fileSchema>
export type SourceEntry = z.infer<typeof sourceEntrySchema>
export type Generation = z.infer<typeof generationSchema>
/** State of one partition of a merged or compacted table. */
export type Manifest = z.infer<typeof manifestSchema>

/** The order in which sources win: the later one over the earlier one. */
export function inOrder(sources: readonly SourceEntry[]): SourceEntry[] {
  return [...sources].sort(
    (a, b) => a.lastModified - b.lastModified || (a.source < b.source ? -1 : a.source > b.source ? 1 : 0),
  )
}

/**
 * The sources of a partition after a version arrived in it: it takes the place of an earlier version of its source. A version
 * older than the one that is there changes nothing.
 */
export function withSource(sources: readonly SourceEntry[], entry: SourceEntry): SourceEntry[] {
  const found = sources.find(({ source }) => source === entry.source)
  if (found && found.lastModified > entry.lastModified) return [...sources]
  // Who brought it first stays its bringer: a second run of the same version is no new load.
  if (found?.versionId === entry.versionId && sameFiles(found.files, entry.files)) return [...sources]
  return inOrder([...sources.filter(({ source }) => source !== entry.source), entry])
}

/** The entries that have rows. */
export function contributing(sources: readonly SourceEntry[]): SourceEntry[] {
  return sources.filter(({ files }) => files.length > 0)
}

/** Whether two lists make the same rows: the same contents in the same order. */
export function sameRows(a: readonly SourceEntry[], b: readonly SourceEntry[]): boolean {
  return contributed(a).join('\n') === contributed(b).join('\n')
}

export function sameSources(a: readonly SourceEntry[], b: readonly SourceEntry[]): boolean {
  return a.length === b.length && a.every((entry, index) => isSame(entry, b[index]))
}

/**
 * The sources that a generation lacks, when it can be carried on by them alone: everything in it stays, and they come after
 * all of it.
 */
export function continuation(
  from: readonly SourceEntry[],
  to: readonly SourceEntry[],
): SourceEntry[] | undefined {
  const before = contributing(inOrder(from))
  const after = contributing(inOrder(to))
  const isKept = before.every((entry, index) => sameFiles(entry.files, after[index]?.files ?? []))
  return before.length > 0 && after.length > before.length && isKept ? after.slice(before.length) : undefined
}

/** Keys of every file that a manifest still needs. */
export function referencedKeys({ current, history }: Manifest): Set<string> {
  return new Set(
    [current, ...history].flatMap(({ files, sources }) => [
      ...files.map(({ key }) => key),
      ...sources.flatMap((entry) => entry.files.map(({ key }) => key)),
    ]),
  )
}

function contributed(sources: readonly SourceEntry[]): string[] {
  return inOrder(sources).flatMap(({ files }) => files.map(({ etag = '', key }) => `${key} ${etag}`))
}

function isSame(a: SourceEntry, b: SourceEntry | undefined): boolean {
  return (
    a.source === b?.source &&
    a.versionId === b.versionId &&
    a.lastModified === b.lastModified &&
    sameFiles(a.files, b.files)
  )
}

function sameFiles(a: readonly DataFile[], b: readonly DataFile[]): boolean {
  const names = (files: readonly DataFile[]) =>
    files.map(({ bytes, etag = '', key, rows }) => `${key} ${rows} ${bytes} ${etag}`).join('\n')
  return names(a) === names(b)
}
