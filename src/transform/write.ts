import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.js'
import { DataError, IntegrityError } from './errors.js'
import { dataFileName, dataKey } from './layout.js'
import { partitionFolder, type Partitioning } from './partition.js'
import type { Timeseries } from './rules.js'
import { expanded } from './shape.js'
import { identifier, literal } from './sql.js'
import type { OutputTable } from './tables.js'
import type { Output } from './types.js'

/** A Parquet file in scratch, and the output that it is to become. */
export interface WrittenFile {
  path: string
  output: Output
}

export interface Written {
  files: WrittenFile[]
  rows: number
}

interface Options {
  database: Database
  scratch: string
  sourceName: string
  table: OutputTable
  onFile?: (done: number, total: number) => void
}

/** More folders than this from one file is a mistaken partition, and Athena would be slow to list them. */
const MOST_PARTITIONS = 10_000
const PARQUET = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, PARQUET_VERSION V1'
/** Small row groups let the query of one partition skip the rest of the sorted file. */
const SORTED = 'FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 20480'

/**
 * Writes the rows of a table as its Parquet files: one per partition. Interval rows are expanded on the way and come out in
 * the order of time; other rows keep their order.
 * @throws IntegrityError ROWS_DO_NOT_ADD_UP; DataError TOO_MANY_PARTITIONS, PARTITION_VALUE_TOO_LONG
 */
export async function writeTable(options: Options): Promise<Written> {
  const { database, table, scratch } = options
  const { timeseries, partitioning } = table
  await mkdir(join(scratch, 'files', table.name), { recursive: true })
  const expectedRows = timeseries
    ? await database.count(`SELECT coalesce(sum(${identifier(timeseries.samples)}), 0) FROM ${rowsOf(table)}`)
    : table.source.rows
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
  return { files, rows: written }
}

async function writeOne(options: Options): Promise<WrittenFile[]> {
  const { database, table, scratch } = options
  const { source, timeseries } = table
  if (source.rows === 0) return []
  const path = join(scratch, 'files', table.name, '0.parquet')
  if (!timeseries) {
    await rename(source.path, path)
    return [await described(path, source.rows, '', {}, options)]
  }
  const sorted = `SELECT * FROM ${rowsOf(table)} ORDER BY ${byTime(timeseries)}`
  const count = await database.count(
    `COPY (${expanded(sorted, source.columns, timeseries)}) TO ${literal(path)} (${PARQUET})`,
  )
  return [await described(path, count, '', {}, options)]
}

async function writePartitions(options: Options, partitioning: Partitioning): Promise<WrittenFile[]> {
  const { database, scratch, table, onFile } = options
  const plan = partitionPlan(table, partitioning)
  const partitions = await database.rows(plan.list)
  if (partitions.length > MOST_PARTITIONS) throw tooMany(partitions.length, partitioning)
  const sorted = join(scratch, `sorted-${table.name}.parquet`)
  if (partitions.length > 0) await database.run(`COPY (${plan.sorted}) TO ${literal(sorted)} (${SORTED})`)
  const names = partitioning.columns.map(({ name }) => identifier(name)).join(', ')
  const files: WrittenFile[] = []
  for (const [index, partition] of partitions.entries()) {
    const value = partition.value as string | null
    const path = join(scratch, 'files', table.name, `${index}.parquet`)
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

function partitionPlan(table: OutputTable, { column, bucket, text, isIn }: Partitioning): PartitionPlan {
  const { source, timeseries } = table
  if (!timeseries || (column !== timeseries.start && column !== timeseries.end)) {
    const all = `(SELECT *, ${bucket(identifier(column))} AS "#bucket" FROM ${rowsOf(table)})`
    const order = timeseries ? byTime(timeseries) : 'file_row_number'
    return {
      list: `SELECT ${text('"#bucket"')} AS value FROM ${all} GROUP BY "#bucket" ORDER BY "#bucket"`,
      sorted: `SELECT * FROM ${all} ORDER BY "#bucket", ${order}`,
      rows: (sorted, { value }) => {
        const isOwn =
          value === null ? '"#bucket" IS NULL' : isIn(value as string, identifier(column), '"#bucket"')
        const own = `SELECT * FROM ${sorted} WHERE ${isOwn} ORDER BY ${order}`
        return timeseries ? expanded(own, source.columns, timeseries) : own
      },
    }
  }
  // An interval can reach into the next partition: there, its sub-intervals divide between the two.
  const [start, end] = [identifier(timeseries.start), identifier(timeseries.end)]
  const from = `epoch_us(${start}) AS "#from"`
  const isWithin = `${bucket(start)} = ${bucket(end)}`
  const within = `SELECT ${bucket(start)} AS "#bucket", ${from} FROM ${rowsOf(table)} WHERE ${isWithin}`
  const crossing = `SELECT *, ${from} FROM ${rowsOf(table)} WHERE NOT (${isWithin})`
  const pieces = expanded(crossing, [...source.columns, { name: '#from', type: 'bigint' }], timeseries)
  const across = `SELECT ${bucket(identifier(column))} AS "#bucket", "#from" FROM (${pieces})`
  return {
    list:
      `SELECT ${text('"#bucket"')} AS value, min("#from") AS first, max("#from") AS last` +
      ` FROM (${within} UNION ALL ${across}) GROUP BY "#bucket" ORDER BY "#bucket"`,
    sorted: `SELECT * FROM ${rowsOf(table)} ORDER BY ${byTime(timeseries)}`,
    rows: (sorted, { value, first, last }) => {
      const near = `SELECT * FROM ${sorted} WHERE ${start} BETWEEN ${instant(first)} AND ${instant(last)} ORDER BY ${byTime(timeseries)}`
      const only = { column, isIn: (time: string) => isIn(value as string, time, bucket(time)) }
      return expanded(near, source.columns, timeseries, only)
    },
  }
}

/** SQL: a constant that row groups can be told by. */
function instant(micros: unknown): string {
  return `make_timestamp(${String(micros)})`
}

function rowsOf({ source }: OutputTable): string {
  return `read_parquet(${literal(source.path)}, file_row_number = true)`
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
  { table, sourceName }: Options,
): Promise<WrittenFile> {
  const { size } = await stat(path)
  return {
    path,
    output: {
      table: table.name,
      path: dataKey(table.name, folder, dataFileName(sourceName)),
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
