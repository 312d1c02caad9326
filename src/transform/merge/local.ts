import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { placeOf, SOURCES_PREFIX } from '../layout.js'
import { makeScratch } from '../scratch.js'
import type { Output, TransformResult } from '../types.js'
import { fold, type Workshop } from './fold.js'
import { partitionOf } from './partition-values.js'

const MERGED_FILE = 'data.parquet'
/** Folders in an output folder in which a partition is made. */
export const MERGING = '.merge-'

/**
 * Puts the files of a transform into an output folder. Those of tables with a key become sources, kept under
 * `datapipe_sources/`, and each partition is one file made of them; the file that was modified last wins.
 * @param staged folder on the same disk that has the files now
 * @param modifiedMs of the file that was transformed
 * @returns the result with the paths of what readers see
 */
export async function publishLocally(
  staged: string,
  out: string,
  result: TransformResult,
  modifiedMs: number,
  workshop: Omit<Workshop, 'scratch'>,
): Promise<TransformResult> {
  const keys = new Map(result.tables.flatMap(({ name, key }) => (key ? [[name, key] as const] : [])))
  const outputs: Output[] = []
  const fileNames = new Set<string>()
  for (const output of result.outputs) {
    if (!keys.has(output.table)) {
      await moveInto(join(staged, output.path), join(out, output.path))
      outputs.push(output)
      continue
    }
    const to = join(out, SOURCES_PREFIX, output.path)
    await moveInto(join(staged, output.path), to)
    await utimes(to, new Date(modifiedMs), new Date(modifiedMs))
    fileNames.add(basename(output.path))
  }
  for (const path of result.rejects ? [result.rejects.parquet, result.rejects.csv] : []) {
    await moveInto(join(staged, path), join(out, path))
  }
  for (const [table, key] of keys) {
    const columns = result.tables.find(({ name }) => name === table)?.columns ?? []
    const own = result.outputs.filter((output) => output.table === table)
    const touched = new Set(own.map(({ path }) => placeOf(path)?.partition ?? ''))
    for (const folder of await withdrawn(out, table, fileNames, touched)) touched.add(folder)
    for (const folder of touched) {
      const merged = await mergeFolder(out, { table, folder, key, columns }, workshop)
      if (merged) outputs.push(merged)
    }
  }
  return { ...result, outputs }
}

interface Folder {
  table: string
  folder: string
  key: readonly string[]
  columns: TransformResult['tables'][number]['columns']
}

async function mergeFolder(
  out: string,
  { table, folder, key, columns }: Folder,
  workshop: Omit<Workshop, 'scratch'>,
): Promise<Output | undefined> {
  const sources = join(out, SOURCES_PREFIX, table, folder)
  const path = [table, folder, MERGED_FILE].filter((part) => part !== '').join('/')
  const scratch = await makeScratch(out, MERGING)
  try {
    const names = (await readdir(sources)).filter((name) => name.endsWith('.parquet'))
    const dated = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(sources, name))).mtimeMs })),
    )
    dated.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
    const paths: string[] = []
    for (const { name } of dated) {
      const inside = join(scratch, `in-${paths.length}.parquet`)
      await link(join(sources, name), inside).catch(() => copyFile(join(sources, name), inside))
      paths.push(inside)
    }
    await mkdir(join(scratch, 'out'))
    const request = { table, sources: paths, key, columns, out: join(scratch, 'out'), isOneFile: true }
    const [file] = await fold(request, { ...workshop, scratch })
    if (!file) {
      await rm(join(out, path), { force: true })
      return undefined
    }
    await moveInto(file.path, join(out, path))
    const { rows, bytes } = file.output
    return { table, path, rows, bytes, partition: partitionOf(folder) }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Partitions where an earlier version of the same file had rows and this one has none; those rows go. */
async function withdrawn(
  out: string,
  table: string,
  fileNames: ReadonlySet<string>,
  touched: ReadonlySet<string>,
): Promise<string[]> {
  const root = join(out, SOURCES_PREFIX, table)
  const folders: string[] = []
  for (const entry of await readdir(root, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || touched.has(entry.name)) continue
    for (const name of await readdir(join(root, entry.name))) {
      if (!fileNames.has(name)) continue
      await rm(join(root, entry.name, name))
      folders.push(entry.name)
    }
  }
  return folders
}

export async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
}
