import type { Lake, Place } from '../../transform/merge/lake.js'
import { readManifest } from '../../transform/merge/lake.js'
import { listObjects } from '../../transform/merge/list.js'
import { managedFolders } from '../../transform/merge/managed.js'
import { TARGET_FILE_BYTES } from '../../transform/merge/fold.js'

/** A partition whose files are to be written together. */
export interface Candidate {
  place: Place
  files: number
  bytes: number
}

/**
 * Partitions whose files are small: on average less than half of what they should be.
 * @param olderThanMs only those that nothing was written to for so long
 */
export async function candidates(
  lake: Lake,
  table: string,
  olderThanMs: number,
  now: Date,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const before = now.getTime() - olderThanMs
  const managed = await managedFolders(lake.s3, lake.bucket, table)
  const found: Candidate[] = []
  for (const [folder, objects] of await plainFolders(lake, table, signal)) {
    const isQuiet = objects.every(({ lastModified }) => lastModified <= before)
    if (!managed.has(folder) && isQuiet) found.push({ place: { table, folder }, ...sizes(objects) })
  }
  for (const folder of managed) {
    const stored = await readManifest(lake, { table, folder })
    if (!stored || Date.parse(stored.manifest.current.at) > before) continue
    found.push({ place: { table, folder }, ...sizes(stored.manifest.current.files) })
  }
  return found
    .filter(({ files, bytes }) => files > 1 && bytes / files < TARGET_FILE_BYTES / 2)
    .sort((a, b) => (a.place.folder < b.place.folder ? -1 : 1))
}

function sizes(files: readonly { bytes: number }[]): { files: number; bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Data files below the table's own folder, by partition. */
async function plainFolders(lake: Lake, table: string, signal: AbortSignal) {
  const prefix = `${table}/`
  const folders = new Map<string, { bytes: number; lastModified: number }[]>()
  for (const { key, bytes, lastModified } of await listObjects(lake.s3, lake.bucket, prefix, { signal })) {
    const parts = key.slice(prefix.length).split('/')
    if (parts.length > 2 || !key.endsWith('.parquet')) continue
    const folder = parts.length === 2 ? (parts[0] ?? '') : ''
    folders.set(folder, [...(folders.get(folder) ?? []), { bytes, lastModified }])
  }
  return folders
}
