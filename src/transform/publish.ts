import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { dataFileName, rejectsKey, sourceId } from './layout.js'
import type { RejectFiles } from './types.js'
import type { WrittenFile } from './write.js'

/** Moves the rejects of a source into the output folder, or removes those of an earlier run when there are none now. */
export async function publishRejects(
  rejects: { rows: number; parquet: string; csv: string } | null,
  { out, dataset, sourceName }: { out: string; dataset: string; sourceName: string },
): Promise<RejectFiles | null> {
  const id = sourceId(sourceName)
  const parquet = rejectsKey(dataset, id, 'parquet')
  const csv = rejectsKey(dataset, id, 'csv')
  if (!rejects) {
    await rm(join(out, parquet), { force: true })
    await rm(join(out, csv), { force: true })
    return null
  }
  await move(rejects.parquet, join(out, parquet))
  await move(rejects.csv, join(out, csv))
  return { rows: rejects.rows, parquet, csv }
}

/** Moves audited files to their places; files that an earlier version of the same source left elsewhere are removed. */
export async function publishFiles(
  files: readonly WrittenFile[],
  { out, dataset, sourceName }: { out: string; dataset: string; sourceName: string },
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
