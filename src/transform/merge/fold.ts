import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { auditFiles } from '../audit.js'
import { Database } from '../database.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'
import type { WrittenFile } from '../write.js'
import { columnsOf, filesSql, selected } from './columns.js'

/** What a fold may use. */
export interface Workshop {
  /** A folder of its own, for everything that it reads and writes. */
  scratch: string
  memoryLimitMb: number
  threads: number
  signal?: AbortSignal
}

export interface FoldRequest {
  table: string
  /** Files of one partition, each with the rows of one source, oldest source first. */
  sources: readonly string[]
  /** Files whose rows are distinct by key already, and older than all sources. */
  base?: readonly string[]
  /** Columns that identify a row; those that the files lack (the partition's own) are passed over. Empty: rows add up. */
  key: readonly string[]
  /** Columns of the table. What files have beside them is kept, after them. */
  columns: readonly Column[]
  /** An existing, empty folder within the scratch folder. */
  out: string
  /** However large it gets. */
  isOneFile?: boolean
}

/** About 128 to 256 MiB of Parquet: large enough for few requests, small enough to divide among readers. */
export const TARGET_FILE_BYTES = 192 * 1024 * 1024

/**
 * Writes what readers see of a partition: of the rows with one key, that of the latest source, and within it the last one;
 * sorted by key. Without a key, all rows in their order. The result depends on nothing but the lists of files and columns.
 * @returns the files, audited by a second Parquet reader; none when there are no rows
 * @throws IntegrityError AUDIT_FAILED
 */
export async function fold(request: FoldRequest, workshop: Workshop): Promise<WrittenFile[]> {
  const { scratch, memoryLimitMb, threads, signal } = workshop
  const { base = [], sources, key } = request
  if (base.length + sources.length === 0) return []
  const database = await Database.open({
    scratch,
    memoryLimitMb,
    threads,
    // Rows without a key stay as they came; those with one are sorted anyway.
    keepOrder: key.length === 0,
    pushFilters: true,
    signal,
  })
  try {
    const found = await columnsOf(database, [...base, ...sources])
    const columns = tableColumns(request.columns, found)
    const keys = key.filter((name) => columns.some((column) => column.name === name))
    const query =
      key.length === 0
        ? `SELECT ${selected(columns)} FROM ${filesSql([...base, ...sources])}`
        : `SELECT ${selected(columns)} FROM (${await latest(database, request, keys)}) ORDER BY ${orderOf(keys, columns)}`
    const format = await formatOf(database, [...base, ...sources].at(-1) ?? '')
    const files = await write(database, query, request, format, await bytesOf([...base, ...sources]))
    await auditFiles(files, columns)
    return files
  } finally {
    database.close()
  }
}

/** The table's columns that the files have, in its order and types, then what else they have. */
function tableColumns(wanted: readonly Column[], found: readonly Column[]): Column[] {
  const known = wanted.filter(({ name }) => found.some((column) => column.name === name))
  return [...known, ...found.filter(({ name }) => !known.some((column) => column.name === name))]
}

async function latest(
  database: Database,
  { sources, base = [] }: FoldRequest,
  keys: readonly string[],
): Promise<string> {
  const winners = await newest(database, sources, keys)
  if (base.length === 0) return winners
  const same = keys.map((name) => `b.${identifier(name)} IS NOT DISTINCT FROM n.${identifier(name)}`)
  // Against an aggregate this needs no window: only the keys of the new rows are in memory.
  const names = keys.map(identifier)
  const fresh = `SELECT DISTINCT ${names.join(', ') || '1'} FROM ${filesSql(sources)}`
  return (
    `SELECT b.* FROM ${filesSql(base)} b ANTI JOIN (${fresh}) n ON ${same.join(' AND ') || 'true'}` +
    ` UNION ALL BY NAME (${winners})`
  )
}

/** SQL: of each key, the last row. Rows are numbered through all files, so that one comparison of integers finds it. */
async function newest(
  database: Database,
  paths: readonly string[],
  keys: readonly string[],
): Promise<string> {
  let before = 0
  const numbered: string[] = []
  for (const path of paths) {
    const rows = await database.count(`SELECT count(*) FROM read_parquet(${literal(path)})`)
    numbered.push(
      `SELECT * EXCLUDE (file_row_number), file_row_number + ${before} AS "#at"` +
        ` FROM read_parquet(${literal(path)}, file_row_number = true)`,
    )
    before += rows
  }
  const all = numbered.join(' UNION ALL BY NAME ')
  const group = keys.length > 0 ? ` GROUP BY ${keys.map(identifier).join(', ')}` : ''
  return (
    `WITH numbered AS (${all}) SELECT * EXCLUDE ("#at") FROM numbered` +
    ` WHERE "#at" IN (SELECT max("#at") FROM numbered${group})`
  )
}

/** Keys are distinct, so this is a total order; without any there is one row. */
function orderOf(keys: readonly string[], columns: readonly Column[]): string {
  const names = keys.length > 0 ? keys : columns.map(({ name }) => name)
  return names.map(identifier).join(', ')
}

/** Rows are written as the newest of their files is: so what a dataset says of compression holds here too. */
async function formatOf(database: Database, newest: string): Promise<string> {
  const [row] = await database.rows(
    `SELECT lower(any_value(compression)) AS codec FROM parquet_metadata(${literal(newest)})`,
  )
  const codec = row?.codec === 'snappy' ? 'snappy' : 'zstd'
  return `FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 122880, PARQUET_VERSION V1`
}

async function write(
  database: Database,
  query: string,
  { table, out, isOneFile = false }: FoldRequest,
  format: string,
  bytesIn: number,
): Promise<WrittenFile[]> {
  const folder = join(out, 'parts')
  await mkdir(folder)
  const written =
    isOneFile || bytesIn <= TARGET_FILE_BYTES
      ? await database.copy(query, join(folder, 'part-0.parquet'), format)
      : await database.copy(
          query,
          folder,
          `${format}, FILE_SIZE_BYTES ${TARGET_FILE_BYTES}, FILENAME_PATTERN 'part-{i}', OVERWRITE_OR_IGNORE`,
        )
  const inOrder = written.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }))
  const files: WrittenFile[] = []
  for (const [index, { path: from, rows, statistics }] of inOrder.entries()) {
    const name = `part-${String(index).padStart(5, '0')}.parquet`
    const path = join(out, name)
    await rename(from, path)
    const { size } = await stat(path)
    files.push({ path, statistics, output: { table, path: name, rows, bytes: size, partition: {} } })
  }
  return files.filter(({ output }) => output.rows > 0)
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
