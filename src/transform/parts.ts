import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import type { Database } from './database.js'
import { partitioningOf, type Partitioning } from './partition.js'
import { hasPersonalData } from './pii/actions.js'
import { identifier, literal } from './sql.js'
import type { CopiedFile, FileStatistics } from './statistics.js'
import type { Column } from './types.js'

/** The rows of one partition in a Parquet file of their own. */
export interface Part {
  path: string
  rows: number
  statistics: FileStatistics
  /** Text of the partition; null: the Hive default partition. */
  value: string | null
}

/** Fewer rows are divided in a second step, which keeps their order and costs next to nothing. */
const FEWEST_RECORDS = 250_000
/** Rows that show how partitions alternate, and the most of them whose rows are still written in groups of a good size. */
const PROBED_ROWS = 20_000
const MOST_AT_ONCE = 64

/**
 * How the rows of a file can be written as the files of their partitions while they are read; undefined when something else
 * is to happen to them first, or when they are few.
 */
export function partitioningWhileRead(
  config: Dataset,
  columns: readonly Column[],
  records: number,
): Partitioning | undefined {
  const { timeseries, sql, tables, key, checks } = config
  const isPlain =
    [timeseries, sql, tables, key].every((part) => part === undefined) &&
    checks.length === 0 &&
    !hasPersonalData(config)
  return isPlain && records >= FEWEST_RECORDS ? partitioningOf(config, columns) : undefined
}

/**
 * Writes rows as one Parquet file per partition, in the order of the partitions. Inside a file, groups of rows that different
 * threads read may change places.
 * @param format options of COPY
 * @returns undefined when too many partitions alternate: each would get its rows in crumbs
 */
export async function writeParts(
  database: Database,
  rows: string,
  partitioning: Partitioning,
  folder: string,
  format: string,
): Promise<Part[] | undefined> {
  const bucket = partitioning.bucket(identifier(partitioning.column))
  const alternating = await database.count(
    `SELECT count(DISTINCT "#bucket") FROM (SELECT ${bucket} AS "#bucket" FROM (${rows}) LIMIT ${PROBED_ROWS})`,
  )
  if (alternating > MOST_AT_ONCE) return undefined
  await rm(folder, { recursive: true, force: true })
  const names = partitioning.columns.map(({ name }) => identifier(name)).join(', ')
  const bucketed = `SELECT ${names}, ${bucket} AS "#bucket" FROM (${rows})`
  const how = `${format}, PARTITION_BY ("#bucket"), FILENAME_PATTERN 'part_{uuid}'`
  const byKey = new Map<string | null, CopiedFile[]>()
  for (const file of await database.unordered((own) => own.copy(bucketed, folder, how))) {
    const key = file.keys.get('#bucket') ?? null
    byKey.set(key, [...(byKey.get(key) ?? []), file])
  }
  const parts: Part[] = []
  for (const { key, value } of await inOrder(database, [...byKey.keys()], partitioning)) {
    parts.push({
      ...(await oneFile(database, byKey.get(key) ?? [], join(folder, `${parts.length}.parquet`), format)),
      value,
    })
  }
  return parts
}

/** The texts of partitions, in the order of the partitions. */
async function inOrder(
  database: Database,
  keys: readonly (string | null)[],
  { text, bucketType }: Partitioning,
): Promise<{ key: string | null; value: string | null }[]> {
  if (keys.length === 0) return []
  const list = keys.map((key) => (key === null ? '(NULL)' : `(${literal(key)})`)).join(', ')
  const rows = await database.rows(
    `SELECT key, ${text('bucket')} AS value` +
      ` FROM (SELECT key, CAST(key AS ${bucketType}) AS bucket FROM (VALUES ${list}) keys(key)) ORDER BY bucket`,
  )
  return rows.map(({ key, value }) => ({ key: key as string | null, value: value as string | null }))
}

/** A partition whose file was closed for others in between has several; it gets one. */
async function oneFile(
  database: Database,
  files: readonly CopiedFile[],
  path: string,
  format: string,
): Promise<Omit<Part, 'value'>> {
  const [first, ...others] = files
  if (first !== undefined && others.length === 0) return first
  const list = files.map((file) => literal(file.path)).join(', ')
  const query = `SELECT * FROM read_parquet([${list}], hive_partitioning = false)`
  const one = await database.copyToFile(query, path, format)
  for (const file of files) await rm(file.path)
  return one
}
