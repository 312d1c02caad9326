import { basename } from 'node:path'
import pLimit from 'p-limit'
import { DatapipeError } from '../../errors.js'
import { switchLocations, type PartitionLocation } from '../container/catalog/location.js'
import { copyObject } from './copy.js'
import { readManifest, type Lake, type Place } from './lake.js'
import { listObjects } from './list.js'
import type { Generation, Manifest } from './manifest.js'

const READS_AT_ONCE = 8
const ROUNDS = 50

/**
 * Sends readers to the current generation of each partition, whichever that is by now, and looks again until nobody made
 * another one meanwhile: whoever of two loads switches last, the partition ends where its manifest says. Readers of a partition
 * that is being adopted stay where they are, see `adopt`.
 * @param folders partitions of one table
 */
export async function settle(lake: Lake, table: string, folders: readonly string[]): Promise<void> {
  const seen = new Map<string, string>()
  let open = [...new Set(folders)]
  for (let round = 0; ; round++) {
    const limit = pLimit(READS_AT_ONCE)
    const stored = await Promise.all(open.map((folder) => limit(() => read(lake, { table, folder }))))
    const moved = stored.filter(
      (found) =>
        found !== undefined && found.manifest.adopting !== true && seen.get(found.folder) !== found.etag,
    ) as Found[]
    if (moved.length === 0) return
    if (round === ROUNDS) {
      throw new DatapipeError(
        'PARTITION_CHANGING',
        `Other loads change ${table}/${moved[0]?.folder} faster than readers can be sent there.`,
        { suggestions: ['Run again when fewer files are loaded at once.'] },
      )
    }
    await Promise.all(moved.map(({ manifest }) => limit(() => completeCopies(lake, manifest.current))))
    await switchLocations(
      lake.glue,
      { database: lake.database, table },
      moved.map(({ manifest }) => locationOf(lake, manifest)),
    )
    for (const { folder, etag } of moved) seen.set(folder, etag)
    open = moved.map(({ folder }) => folder)
  }
}

interface Found {
  folder: string
  etag: string
  manifest: Manifest
}

async function read(lake: Lake, place: Place): Promise<Found | undefined> {
  const stored = await readManifest(lake, place)
  return stored && { ...stored, folder: place.folder }
}

function locationOf({ bucket }: Lake, { partition, current }: Manifest): PartitionLocation {
  const isWhole = Object.keys(partition).length === 0
  const location = isWhole || current.files.length > 0 ? `s3://${bucket}/${current.location}` : undefined
  return { partition, location }
}

/** Files of sources that a generation carried on with lie beside its own; see `nextGeneration`. */
async function completeCopies({ s3, bucket }: Lake, { files, location, sources }: Generation): Promise<void> {
  const wanted = new Set(files.map(({ key }) => key))
  const copies = sources
    .flatMap((source) => source.files)
    .map(({ key, bytes }) => ({ bucket, from: key, to: location + basename(key), bytes }))
    .filter(({ from, to }) => wanted.has(to) && from !== to)
  if (copies.length === 0) return
  const there = new Map((await listObjects(s3, bucket, location)).map(({ key, bytes }) => [key, bytes]))
  for (const copy of copies) if (there.get(copy.to) !== copy.bytes) await copyObject(s3, copy)
}
