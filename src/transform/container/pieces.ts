import { basename, join } from 'node:path'
import pLimit from 'p-limit'
import { placeOf, sourceRowsKey } from '../layout.js'
import type { Place } from '../merge/lake.js'
import type { SourceEntry } from '../merge/manifest.js'
import { hashFile } from '../hash/hash-file.js'
import type { Output, TransformResult } from '../types.js'

/** One file of a load, and where it goes. */
export interface Piece {
  output: Output
  /** On this disk. */
  path: string
  /** In the transformed bucket. */
  key: string
  place: Place
  /** Its partition has generations, and this file is one of their sources. */
  isManaged: boolean
}

/** Tables with the partitions that have generations. */
export type Managed = ReadonlyMap<string, 'all' | ReadonlySet<string>>

const HASHES_AT_ONCE = 4

/** Where each file of a load goes. */
export async function piecesOf(
  result: TransformResult,
  out: string,
  versionId: string,
  managed: Managed,
  signal?: AbortSignal,
): Promise<Piece[]> {
  const limit = pLimit(HASHES_AT_ONCE)
  return Promise.all(
    result.outputs.map((output) =>
      limit(async (): Promise<Piece> => {
        const path = join(out, output.path)
        const place = { table: output.table, folder: placeOf(output.path)?.partition ?? '' }
        if (!isManaged(place, managed)) return { output, path, key: output.path, place, isManaged: false }
        const { sha256 } = await hashFile(path, signal)
        const key = sourceRowsKey(place.table, place.folder, basename(output.path), { versionId, sha256 })
        return { output, path, key, place, isManaged: true }
      }),
    ),
  )
}

/**
 * What earlier versions left, divided: partitions whose files readers see directly, and keys that belong to generations, which
 * decide themselves how long they need them.
 */
export function stalePlaces(
  stale: readonly string[],
  managed: Managed,
): { plain: Place[]; managedKeys: Set<string> } {
  const plain = new Map<string, Place>()
  const managedKeys = new Set<string>()
  for (const key of stale) {
    const place = placeAt(key)
    if (!place) continue
    if (isManaged(place, managed)) managedKeys.add(key)
    else plain.set(`${place.table}/${place.folder}`, place)
  }
  return { plain: [...plain.values()], managedKeys }
}

/** By table and folder: what this version of the source has there, nothing where only an earlier one had rows. */
export function managedLoads(
  pieces: readonly Piece[],
  stale: readonly string[],
  managed: Managed,
  entry: Omit<SourceEntry, 'files'>,
): Map<string, Map<string, SourceEntry>> {
  const loads = new Map<string, Map<string, SourceEntry>>()
  const at = ({ table, folder }: Place): SourceEntry => {
    const folders = loads.get(table) ?? new Map<string, SourceEntry>()
    loads.set(table, folders)
    const found = folders.get(folder) ?? { ...entry, files: [] }
    folders.set(folder, found)
    return found
  }
  for (const { key, output, place } of pieces) {
    if (isManaged(place, managed)) at(place).files.push({ key, rows: output.rows, bytes: output.bytes })
  }
  for (const key of stale) {
    const place = placeAt(key)
    if (place && isManaged(place, managed)) at(place)
  }
  return loads
}

/**
 * Whether a file was put where readers see it, and its partition got generations since. What lies there may be folded with the
 * content that it had before; so the version comes again, as a source of the generations.
 */
export function areManagedMeanwhile(pieces: readonly Piece[], managed: Managed): boolean {
  return pieces.some((piece) => !piece.isManaged && isManaged(piece.place, managed))
}

function placeAt(key: string): Place | undefined {
  const place = placeOf(key)
  return place && { table: place.table, folder: place.partition }
}

function isManaged({ table, folder }: Place, managed: Managed): boolean {
  const folders = managed.get(table)
  return folders === 'all' || folders?.has(folder) === true
}
