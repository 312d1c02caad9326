import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.js'
import { DataError, IntegrityError } from './errors.js'
import { dataFileName, dataKey } from './layout.js'
import { partitionFolder, type Partitioning } from './partition.js'
import type { ReadRows } from './read.js'
import type { Timeseries } from './rules.js'
import { expanded, expandedColumns } from './shape.js'
import { identifier, literal } from './sql.js'
import type { Column, Output } from './types.js'

/** A Parquet file in scratch, and the output that it is to become. */
export interface WrittenFile {
  path: string
  output: Output
}

export interface Written {
  files: WrittenFile[]
  rows: number
  /** Columns inside the files. */
  columns: Column[]
  partitionKey: Column | null
}

interface Options {
  database: Database
  scratch: string
  dataset: string
  sourceName: string
  rows: ReadRows
  timeseries: Timeseries | undefined
  partitioning: Partitioning | undefined
  onFile?: (done: number, total: number) => void
}

/** More folders than this from one file is a mistaken partition, and Athena would be slow to list them. */
const MOST_PARTITIONS = 10_000
const PARQUET = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, PARQUET_VERSION V1'
/** Small row groups let the query of one partition skip the rest of the sorted file. */
const SORTED = 'FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 20480'

/**
 * Writes the accepted rows as the Parquet files of the table: one per partition. Interval rows are expanded on the way and
 * come out in the order of time; other rows keep the order of the file.
 * @throws IntegrityError ROWS_DO_NOT_ADD_UP; DataError TOO_MANY_PARTITIONS, PARTITION_VALUE_TOO_LONG
 */
export async function writeTable(options: Options): Promise<Written> {
  const { database, rows, timeseries, partitioning, scratch } = options
  await mkdir(join(scratch, 'files'))
  const tableColumns = timeseries ? expandedColumns(rows.columns, timeseries) : rows.columns
  const columns = (partitioning?.columns ?? tableColumns).map(({ name, type }) => ({ name, type }))
  const expectedRows = timeseries
    ? await database.count(
        `SELECT coalesce(sum(${identifier(timeseries.samples)}), 0) FROM ${accepted(rows)}`,
      )
    : rows.accepted.rows
  const files = partitioning ? await writePartitions(options, partitioning) : await writeOne(options)
  const written = files.reduce((sum, { output }) => sum + output.rows, 0)
  if (written !== expectedRows) {
    throw new IntegrityError(
      'ROWS_DO_NOT_ADD_UP',
      `${expectedRows} rows were to be written, but ${written} were. Nothing was published.`,
      {
        suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'],
      },
    )
  }
  return { files, rows: written, columns, partitionKey: partitioning?.key ?? null }
}

async function writeOne(options: Options): Promise<WrittenFile[]> {
  const { database, rows, timeseries, scratch } = options
  if (rows.accepted.rows === 0) return []
  const path = join(scratch, 'files', '0.parquet')
  if (!timeseries) {
    await rename(rows.accepted.path, path)
    return [await described(path, rows.accepted.rows, '', {}, options)]
  }
  const sorted = `SELECT * FROM ${accepted(rows)} ORDER BY ${byTime(timeseries)}`
  const count = await database.count(
    `COPY (${expanded(sorted, rows.columns, timeseries)}) TO ${literal(path)} (${PARQUET})`,
  )
  return [await described(path, count, '', {}, options)]
}

async function writePartitions(options: Options, partitioning: Partitioning): Promise<WrittenFile[]> {
  const { database, scratch, onFile } = options
  const plan = partitionPlan(options, partitioning)
  const partitions = await database.rows(plan.list)
  if (partitions.length > MOST_PARTITIONS) throw tooMany(partitions.length, partitioning)
  const sorted = join(scratch, 'sorted.parquet')
  if (partitions.length > 0) await database.run(`COPY (${plan.sorted}) TO ${literal(sorted)} (${SORTED})`)
  const names = partitioning.columns.map(({ name }) => identifier(name)).join(', ')
  const files: WrittenFile[] = []
  for (const [index, partition] of partitions.entries()) {
    const value = partition.value as string | null
    const path = join(scratch, 'files', `${index}.parquet`)
    const query = `SELECT ${names} FROM (${plan.rows(`read_parquet(${literal(sorted)})`, partition)})`
    const count = await database.count(`COPY (${query}) TO ${literal(path)} (${PARQUET})`)
    const { name } = partitioning.key
    files.push(await described(path, count, partitionFolder(name, value), { [name]: value }, options))
    onFile?.(index + 1, partitions.length)
  }
  return files
}

interface PartitionPlan {
  /** SQL: one row per partition: value, and what `rows` needs to find its rows. */
  list: string
  /** SQL: all rows, sorted such that those of a partition are together. */
  sorted: string
  /** SQL: the rows of one partition, in order. */
  rows: (sorted: string, partition: Record<string, unknown>) => string
}

function partitionPlan(
  { rows, timeseries }: Options,
  { column, bucket, text, isIn }: Partitioning,
): PartitionPlan {
  if (!timeseries || (column !== timeseries.start && column !== timeseries.end)) {
    const all = `(SELECT *, ${bucket(identifier(column))} AS "#bucket" FROM ${accepted(rows)})`
    const order = timeseries ? byTime(timeseries) : 'file_row_number'
    return {
      list: `SELECT ${text('"#bucket"')} AS value FROM ${all} GROUP BY "#bucket" ORDER BY "#bucket"`,
      sorted: `SELECT * FROM ${all} ORDER BY "#bucket", ${order}`,
      rows: (sorted, { value }) => {
        const isOwn =
          value === null ? '"#bucket" IS NULL' : isIn(value as string, identifier(column), '"#bucket"')
        const own = `SELECT * FROM ${sorted} WHERE ${isOwn} ORDER BY ${order}`
        return timeseries ? expanded(own, rows.columns, timeseries) : own
      },
    }
  }
  // An interval can reach into the next partition: there, its sub-intervals divide between the two.
  const [start, end] = [identifier(timeseries.start), identifier(timeseries.end)]
  const from = `epoch_us(${start}) AS "#from"`
  const isWithin = `${bucket(start)} = ${bucket(end)}`
  const within = `SELECT ${bucket(start)} AS "#bucket", ${from} FROM ${accepted(rows)} WHERE ${isWithin}`
  const crossing = `SELECT *, ${from} FROM ${accepted(rows)} WHERE NOT (${isWithin})`
  const pieces = expanded(crossing, [...rows.columns, { name: '#from', type: 'bigint' }], timeseries)
  const across = `SELECT ${bucket(identifier(column))} AS "#bucket", "#from" FROM (${pieces})`
  return {
    list:
      `SELECT ${text('"#bucket"')} AS value, min("#from") AS first, max("#from") AS last` +
      ` FROM (${within} UNION ALL ${across}) GROUP BY "#bucket" ORDER BY "#bucket"`,
    sorted: `SELECT * FROM ${accepted(rows)} ORDER BY ${byTime(timeseries)}`,
    rows: (sorted, { value, first, last }) => {
      const near = `SELECT * FROM ${sorted} WHERE ${start} BETWEEN ${instant(first)} AND ${instant(last)} ORDER BY ${byTime(timeseries)}`
      const only = { column, isIn: (time: string) => isIn(value as string, time, bucket(time)) }
      return expanded(near, rows.columns, timeseries, only)
    },
  }
}

/** SQL: a constant that row groups can be told by. */
function instant(micros: unknown): string {
  return `make_timestamp(${String(micros)})`
}

function accepted({ accepted }: ReadRows): string {
  return `read_parquet(${literal(accepted.path)}, file_row_number = true)`
}

/** A total order, so that the same file always gives the same bytes. */
function byTime({ start, end }: Timeseries): string {
  return `${identifier(start)}, ${identifier(end)}, file_row_number`
}

async function described(
  path: string,
  rows: number,
  folder: string,
  partition: Output['partition'],
  { dataset, sourceName }: Options,
): Promise<WrittenFile> {
  const { size } = await stat(path)
  return {
    path,
    output: {
      table: dataset,
      path: dataKey(dataset, folder, dataFileName(sourceName)),
      rows,
      bytes: size,
      partition,
    },
  }
}

function tooMany(partitions: number, { key }: Partitioning): DataError {
  return new DataError(
    'TOO_MANY_PARTITIONS',
    `The file has ${partitions} partitions by ${key.name}; the limit is ${MOST_PARTITIONS}.`,
    {
      suggestions: ['Partition by month() or year(), or by a column with fewer values.'],
    },
  )
}
