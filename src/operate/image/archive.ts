import { zipSync, type Zippable } from 'fflate'

/** Files by path, with `/`. */
export type Files = ReadonlyMap<string, Uint8Array>

/** Unix, a regular file that everybody may read: the container's user is not the one that unpacks it. */
const UNIX = 3
const READABLE = (0o100644 << 16) >>> 0

/** A zip with the same bytes for the same files, whoever makes it, wherever and whenever. */
export function archive(files: Files): Uint8Array {
  // A zip holds local time without a zone: made of local parts, it reads the same wherever it is written.
  const mtime = new Date(2000, 0, 1, 12)
  const entries: Zippable = {}
  for (const path of [...files.keys()].sort()) {
    entries[path] = [files.get(path)!, { mtime, os: UNIX, attrs: READABLE, level: 9 }]
  }
  return zipSync(entries)
}
