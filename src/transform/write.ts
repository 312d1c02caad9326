import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.js'
import { DataError, IntegrityError } from './errors.js'
import { dataFileName, dataKey } from './layout.js'
import { PARQUET_SCRATCH, parquetTable } from './parquet.js'
import { partitionFolder, type Partitioning } from './partition.js'
import type { Part } from './parts.js'
import type { Timeseries } from './rules.js'
import { expanded } from './shape.js'
import { identifier, literal } from './sql.js'
import { scannedStatistics, type FileStatistics } from './statistics.js'
import type { OutputTable } from './tables.js'
import type { Column, Output } from './types.js'

/** A Parquet file in scratch, and the output that it is to become. */
export interface WrittenFile {
  path: string
  output: Output
  /** What DuckDB knows of the values in it. */
  statistics: FileStatistics
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
  if (written !== expectedRows)
    throw doNotAddUp(`${expectedRows} rows were to be written, but ${written} were`)
  if (partitioning) assertSameValues(table, partitioning.columns, files)
  return { files, rows: written }
}

/** The files of all partitions together have the nulls, the lowest and the highest values of the rows that were divided. */
function assertSameValues(
  { source, timeseries }: OutputTable,
  columns: readonly Column[],
  files: readonly WrittenFile[],
): void {
  if (source.statistics === undefined) return
  for (const { name, type } of columns) {
    const [whole, own] = [source.statistics.get(name), files.map(({ statistics }) => statistics.get(name))]
    const nulls = own.reduce((sum, statistics) => sum + (statistics?.nulls ?? NaN), 0)
    if (!timeseries && nulls !== whole?.nulls)
      throw doNotAddUp(`the column ${name} had ${whole?.nulls} nulls, and has ${nulls} in its partitions`)
    // Of doubles with NaN, and of long texts, a lowest value need not be known.
    if (type === 'double' || type === 'string') continue
    for (const which of ['min', 'max'] as const) {
      const isInner = timeseries && name === (which === 'min' ? timeseries.end : timeseries.start)
      if (isInner || own.some((statistics) => statistics?.[which] === whole?.[which])) continue
      throw doNotAddUp(`no partition has the ${which} of the column ${name}, ${whole?.[which]}`)
    }
  }
}

function doNotAddUp(why: string): IntegrityError {
  return new IntegrityError(
    'ROWS_DO_NOT_ADD_UP',
    `The tables do not add up: ${why}. Nothing was published.`,
    {
      suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'],
    },
  )
}

async function writeOne(options: Options): Promise<WrittenFile[]> {
  const { database, table, scratch } = options
  const { source, timeseries } = table
  if (source.rows === 0) return []
  const path = join(scratch, 'files', table.name, '0.parquet')
  if (!timeseries) {
    const columns = source.columns.map(({ name }) => name)
    const statistics = source.statistics ?? (await scannedStatistics(database, source.path, columns))
    await rename(source.path, path)
    return [await described({ path, rows: source.rows, statistics }, '', {}, options)]
  }
  const sorted = `SELECT * FROM ${rowsOf(table)} ORDER BY ${byTime(timeseries)}`
  const file = await database.copyToFile(
    expanded(sorted, source.columns, timeseries),
    path,
    parquetTable(table.compression),
  )
  return [await described(file, '', {}, options)]
}

async function writePartitions(options: Options, partitioning: Partitioning): Promise<WrittenFile[]> {
  const { database, scratch, table, onFile } = options
  const { parts } = table.source
  if (parts) {
    if (parts.length > MOST_PARTITIONS) throw tooMany(parts.length, partitioning)
    return Promise.all(parts.map((part) => describedPart(part, partitioning, options)))
  }
  const plan = partitionPlan(table, partitioning)
  const partitions = await database.rows(plan.list)
  if (partitions.length > MOST_PARTITIONS) throw tooMany(partitions.length, partitioning)
  const sorted = join(scratch, `sorted-${table.name}.parquet`)
  if (partitions.length > 0)
    await database.run(`COPY (${plan.sorted}) TO ${literal(sorted)} (${PARQUET_SCRATCH})`)
  const names = partitioning.columns.map(({ name }) => identifier(name)).join(', ')
  const how = parquetTable(table.compression)
  let done = 0
  return database.each(partitions, async (own, partition, index) => {
    const value = partition.value as string | null
    const path = join(scratch, 'files', table.name, `${index}.parquet`)
    const query = `SELECT ${names} FROM (${plan.rows(`read_parquet(${literal(sorted)})`, partition)})`
    const file = await own.copyToFile(query, path, how)
    onFile?.((done += 1), partitions.length)
    return describedPart({ ...file, value }, partitioning, options)
  })
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

async function describedPart(
  part: Part,
  { key: { name } }: Partitioning,
  options: Options,
): Promise<WrittenFile> {
  return described(part, partitionFolder(name, part.value), { [name]: part.value }, options)
}

async function described(
  { path, rows, statistics }: Omit<Part, 'value'>,
  folder: string,
  partition: Output['partition'],
  { table, sourceName }: Options,
): Promise<WrittenFile> {
  const { size } = await stat(path)
  return {
    path,
    statistics,
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
