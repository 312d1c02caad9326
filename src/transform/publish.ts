import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { writingTo } from '../full-disk.js'
import { dataFileName, rejectsKey, sourceId } from './layout.js'
import type { RejectFiles } from './types.js'
import type { WrittenFile } from './write.js'

interface Place {
  /** The output folder. */
  out: string
  dataset: string
  sourceName: string
  /** Of the object; undefined for a file on this disk. */
  versionId?: string
}

/** What one load publishes. */
interface Load {
  /** Audited. */
  files: readonly WrittenFile[]
  rejects: RejectFiles | null
}

/**
 * Moves the files of a source, and what was rejected of it, into the output folder: all of them, or none where there is no
 * room. What an earlier version of the same source left elsewhere is removed.
 * @returns the rejects with their paths in the output folder
 * @throws DatapipeError DISK_FULL
 */
export async function publish({ files, rejects }: Load, place: Place): Promise<RejectFiles | null> {
  const moves = files.map(({ path, output }): Move => [path, join(place.out, output.path)])
  const rejectsThere = rejectsIn(rejects, place)
  if (rejects && rejectsThere) {
    moves.push([rejects.parquet, join(place.out, rejectsThere.parquet)])
    moves.push([rejects.csv, join(place.out, rejectsThere.csv)])
  }
  await moveAll(moves)
  await removeOlderFiles(files, place)
  if (!rejects) await removeRejects(place)
  return rejectsThere
}

/** The same for the rejects alone. */
export async function publishRejects(rejects: RejectFiles | null, place: Place): Promise<RejectFiles | null> {
  const there = rejectsIn(rejects, place)
  if (!rejects || !there) {
    await removeRejects(place)
    return null
  }
  await moveAll([
    [rejects.parquet, join(place.out, there.parquet)],
    [rejects.csv, join(place.out, there.csv)],
  ])
  return there
}

function rejectsIn(rejects: RejectFiles | null, place: Place): RejectFiles | null {
  return rejects && { ...rejects, ...rejectPaths(place) }
}

function rejectPaths({ dataset, sourceName, versionId }: Place): Pick<RejectFiles, 'parquet' | 'csv'> {
  const id = sourceId(sourceName)
  return {
    parquet: rejectsKey(dataset, id, 'parquet', versionId),
    csv: rejectsKey(dataset, id, 'csv', versionId),
  }
}

async function removeRejects(place: Place): Promise<void> {
  for (const path of Object.values(rejectPaths(place))) await rm(join(place.out, path), { force: true })
}

async function removeOlderFiles(
  files: readonly WrittenFile[],
  { out, dataset, sourceName }: Place,
): Promise<void> {
  const current = new Set(files.map(({ output }) => output.path))
  for (const path of await filesOfSource(out, dataset, dataFileName(sourceName))) {
    if (!current.has(path)) await rm(join(out, path), { force: true })
  }
}

async function filesOfSource(out: string, dataset: string, fileName: string): Promise<string[]> {
  const entries = await readdir(join(out, dataset), { recursive: true }).catch(() => [])
  return entries
    .map((entry) => entry.split(sep).join('/'))
    .filter((entry) => entry === fileName || entry.endsWith(`/${fileName}`))
    .map((entry) => `${dataset}/${entry}`)
}

/** From and to. */
type Move = readonly [string, string]

/** Everything is brought to its disk, under other names, before anything takes its place: that needs no room any more. */
async function moveAll(moves: readonly Move[]): Promise<void> {
  try {
    for (const [from, to] of moves) await writingTo(to, () => bring(from, partialOf(to)), await sizeOf(from))
  } catch (error) {
    for (const [, to] of moves) await rm(partialOf(to), { force: true })
    throw error
  }
  for (const [, to] of moves) await rename(partialOf(to), to)
}

function partialOf(path: string): string {
  return `${path}.partial`
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size
}

async function bring(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  try {
    await rename(from, to)
  } catch (error) {
    // Another disk.
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyFile(from, to)
  }
}
