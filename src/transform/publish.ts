import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
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

/** Moves the rejects of a source into the output folder, or removes those of an earlier run when there are none now. */
export async function publishRejects(
  rejects: RejectFiles | null,
  { out, dataset, sourceName, versionId }: Place,
): Promise<RejectFiles | null> {
  const id = sourceId(sourceName)
  const parquet = rejectsKey(dataset, id, 'parquet', versionId)
  const csv = rejectsKey(dataset, id, 'csv', versionId)
  if (!rejects) {
    await rm(join(out, parquet), { force: true })
    await rm(join(out, csv), { force: true })
    return null
  }
  await move(rejects.parquet, join(out, parquet))
  await move(rejects.csv, join(out, csv))
  return { ...rejects, parquet, csv }
}

/** Moves audited files to their places; files that an earlier version of the same source left elsewhere are removed. */
export async function publishFiles(
  files: readonly WrittenFile[],
  { out, dataset, sourceName }: Place,
): Promise<void> {
  for (const { path, output } of files) await move(path, join(out, output.path))
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

/** Readers see the old file or the new one, also when `to` is on another disk. */
async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const beside = `${to}.partial`
    await copyFile(from, beside)
    await rename(beside, to)
  }
}
