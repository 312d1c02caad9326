import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { DatapipeError, messageOf } from '../errors.js'
import { cleanCopy } from './clean.js'
import { csvTable, type CsvInput } from './csv-input.js'
import type { Database } from './database.js'
import type { Dialect } from './dialect.js'
import { IntegrityError } from './errors.js'
import type { FileColumn, Header } from './header.js'
import { inferTypes } from './infer.js'
import type { Prescan } from './prescan.js'
import { timeseriesOf, timeseriesRules } from './rules.js'
import { literal } from './sql.js'
import type { TransformEvent } from './types.js'
import { acceptedRows, rejectedRows, typedColumns, type TypedColumn } from './typed.js'

export interface ReadOptions {
  database: Database
  text: string
  scratch: string
  header: Header
  dialect: Dialect
  config: Dataset
  prescan: Prescan
  /** Columns with known types; undefined: types come from the values. */
  known: FileColumn[] | undefined
  /** Types of `known` were once inferred, so only text that they keep without loss fits. */
  strict: boolean
  onEvent?: (event: TransformEvent) => void
  signal?: AbortSignal
}

/** Typed rows in scratch, and what is known of the rows that are not among them. */
export interface ReadRows {
  columns: TypedColumn[]
  /** Parquet file with the accepted rows. */
  accepted: { path: string; rows: number }
  /** Parquet file (record, column_index, reason, text) of well-formed records with values that do not fit; see `rejectedRows`. */
  unfit: { path: string; rows: number }
  /** Records that do not divide into the columns of the header. */
  malformed: number
}

const SAMPLE_RECORDS = 5000

/**
 * Reads a file into typed rows. DuckDB reads it directly when the pre-scan found nothing wrong; if it then fails or its rows
 * do not add up to the records that were counted, and for every other file, it gets a clean copy instead.
 * @throws IntegrityError ROWS_DO_NOT_ADD_UP when neither way accounts for every record
 */
export async function readRows(options: ReadOptions): Promise<ReadRows> {
  const { header, prescan, text, scratch, dialect, signal } = options
  const width = header.names.length
  let why = 'it has records that are malformed or quoted in an unusual way'
  if (prescan.regular) {
    const input: CsvInput = {
      path: text,
      isClean: false,
      width,
      records: prescan.records,
      longest: prescan.longest,
    }
    const rows = await read(input, options).catch(unreadable)
    if (typeof rows === 'object' && addsUp(rows, input.records)) return { ...rows, malformed: 0 }
    why =
      typeof rows === 'string'
        ? rows
        : `${rows.accepted.rows + rows.unfit.rows} of ${input.records} rows were read`
  }
  options.onEvent?.({
    type: 'note',
    code: 'EXACT_READ',
    message: `The file is read from a clean copy: ${why}.`,
  })
  const copy = await cleanCopy(text, join(scratch, 'clean.csv'), { dialect, header, signal })
  const { malformed } = copy
  if (copy.records + malformed !== prescan.records) throw doNotAddUp(prescan.records, copy.records, malformed)
  const rows = await read(
    { path: copy.path, isClean: true, width, records: copy.records, longest: copy.longest },
    options,
  )
  if (!addsUp(rows, copy.records))
    throw doNotAddUp(prescan.records, rows.accepted.rows, rows.unfit.rows + malformed)
  return { ...rows, malformed }
}

type Rows = Omit<ReadRows, 'malformed'>

function addsUp({ accepted, unfit }: Rows, records: number): boolean {
  return accepted.rows + unfit.rows === records
}

async function read(input: CsvInput, options: ReadOptions): Promise<Rows> {
  const { database, config, dialect } = options
  const table = csvTable(input, dialect, config.format)
  let columns = options.known
    ? typedColumns(options.known, config.format, options.strict)
    : await guess(table, options)
  let accepted = await writeAccepted(table, columns, options)
  if (accepted.rows === input.records) return { columns, accepted, unfit: { path: '', rows: 0 } }
  if (!options.known) {
    const types = await inferTypes(database, table, indexes(options.header), config.format)
    const exact = inferredColumns(types, options)
    if (exact.some((column, index) => column.type !== columns[index]?.type)) {
      columns = exact
      accepted = await writeAccepted(table, columns, options)
    }
  }
  return { columns, accepted, unfit: await writeUnfit(table, columns, options) }
}

/**
 * Types from a sample: right unless a later value does not fit, which shows when the rows are counted. Where the sample has
 * no value, the whole file is asked.
 */
async function guess(table: string, options: ReadOptions): Promise<TypedColumn[]> {
  const { database, config, dialect, header, text, scratch, signal } = options
  const sample = await cleanCopy(text, join(scratch, 'sample.csv'), {
    dialect,
    header,
    most: SAMPLE_RECORDS,
    signal,
  })
  const input: CsvInput = { ...sample, isClean: true, width: header.names.length }
  const types = await inferTypes(
    database,
    csvTable(input, dialect, config.format),
    indexes(header),
    config.format,
  )
  const unknown = indexes(header).filter((index) => types.get(index) === undefined)
  if (unknown.length > 0) {
    for (const [index, type] of await inferTypes(database, table, unknown, config.format))
      types.set(index, type)
  }
  return inferredColumns(types, options)
}

function inferredColumns(
  types: Map<number, string | undefined>,
  { header, config }: ReadOptions,
): TypedColumn[] {
  const columns = header.names.map((name, index) => ({ name, index, type: types.get(index) ?? 'string' }))
  return typedColumns(columns, config.format, true)
}

function indexes(header: Header): number[] {
  return header.names.map((_, index) => index)
}

async function writeAccepted(
  table: string,
  columns: TypedColumn[],
  { database, config, scratch }: ReadOptions,
) {
  const path = join(scratch, 'accepted.parquet')
  const rows = await database.count(
    `COPY (${acceptedRows(table, columns, rulesOf(config, columns))}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
  return { path, rows }
}

async function writeUnfit(table: string, columns: TypedColumn[], { database, config, scratch }: ReadOptions) {
  const path = join(scratch, 'unfit.parquet')
  const rows = await database.count(
    `COPY (${rejectedRows(table, columns, rulesOf(config, columns))}) TO ${literal(path)} (FORMAT parquet)`,
  )
  return { path, rows }
}

function rulesOf(config: Dataset, columns: TypedColumn[]) {
  const timeseries = timeseriesOf(config, columns)
  return timeseries ? timeseriesRules(timeseries) : []
}

/** What DuckDB's reader found wrong with the file, in one line; any other error is final. */
function unreadable(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n', 1)
  if (error instanceof DatapipeError || !first.startsWith('Invalid Input Error')) throw error
  return first
}

function doNotAddUp(records: number, accepted: number, rejected: number): IntegrityError {
  return new IntegrityError(
    'ROWS_DO_NOT_ADD_UP',
    `The file has ${records} rows, but ${accepted} were accepted and ${rejected} rejected. Nothing was published.`,
    { suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'] },
  )
}
