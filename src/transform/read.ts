import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { columnConfig } from '../config/dataset/columns.js'
import { DatapipeError, messageOf } from '../errors.js'
import { cleanCopy } from './clean.js'
import { csvTable, type CsvInput } from './csv-input.js'
import type { Database } from './database.js'
import type { Dialect } from './dialect.js'
import { IntegrityError } from './errors.js'
import { declaredColumns, type Header } from './header.js'
import type { FileColumn, NewColumn } from './contract/match.js'
import { columnRules } from './contract/rules.js'
import { explained } from './checks/explain.js'
import { repeatedRules } from './checks/repeated.js'
import { checkRules } from './checks/rules.js'
import { inferTypes } from './infer.js'
import { PARQUET_SCRATCH, parquetTable } from './parquet.js'
import { partitioningWhileRead, writeParts, type Part } from './parts.js'
import { hasPersonalData } from './pii/actions.js'
import type { Prescan } from './prescan.js'
import { keyRules, timeseriesOf, timeseriesRules, type Rule } from './rules.js'
import { readNatively, type Readable } from './scan/native.js'
import { literal } from './sql.js'
import type { FileStatistics } from './statistics.js'
import type { TransformEvent } from './types.js'
import { acceptedRows, numberedRows, rejectedRows, typedColumns, type TypedColumn } from './typed.js'

export interface ReadOptions {
  database: Database
  text: string
  /** SQL of the table of text, when it does not come from a CSV file. */
  table?: string
  scratch: string
  header: Header
  dialect: Dialect
  config: Dataset
  prescan: Prescan
  /** Columns with known types; undefined: types come from the values. */
  known: FileColumn[] | undefined
  /** Columns of the file that are not among `known`: their types come from the values. */
  added?: readonly NewColumn[]
  /** Name of the dataset, and what messages call the file. */
  dataset: string
  file: string
  /** Types of `known` were once inferred, so only text that they keep without loss fits. */
  strict: boolean
  onEvent?: (event: TransformEvent) => void
  signal?: AbortSignal
}

/** Where the accepted rows are. */
export interface AcceptedRows {
  /** A Parquet file with all of them, or the folder of `parts`. */
  path: string
  rows: number
  /** One file per partition, when nothing else is to happen to the rows; see `partitioningWhileRead`. */
  parts?: Part[]
  /** What DuckDB knows of the values; undefined: the file was changed since. */
  statistics?: FileStatistics
}

/** Typed rows in scratch, and what is known of the rows that are not among them. */
export interface ReadRows {
  /** SQL: the text that the rows were read from. */
  table: string
  columns: TypedColumn[]
  accepted: AcceptedRows
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
  if (options.table !== undefined) {
    const input = { path: text, table: options.table, isClean: true, width, ...prescan }
    const rows = await read(input, options)
    if (addsUp(rows, prescan.records)) return { ...rows, malformed: 0 }
    throw doNotAddUp(prescan.records, rows.accepted.rows, rows.unfit.rows)
  }
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
  let columns = await columnsOf(table, options)
  let rules = await rulesOf(columns, options)
  const write = () => writeAccepted({ table, columns }, input, rules, options)
  let accepted = await write()
  if (accepted.rows < input.records && !options.known) {
    const types = await inferTypes(
      database,
      table,
      indexes(options.header),
      config.format,
      options.prescan.shapes,
    )
    const exact = inferredColumns(types, options)
    if (exact.some((column, index) => column.type !== columns[index]?.type)) {
      columns = exact
      rules = await rulesOf(columns, options)
      accepted = await write()
    }
  }
  const repeated = await repeatedRules(database, config, accepted.path, numberedRows(table, columns, rules))
  if (repeated.length > 0) {
    rules = [...rules, ...repeated]
    accepted = await write()
  }
  if (accepted.rows === input.records) return { table, columns, accepted, unfit: { path: '', rows: 0 } }
  return { table, columns, accepted, unfit: await writeUnfit(table, columns, rules, options) }
}

/** The columns of a table of text with their types, as far as those can be known before all is read. */
async function columnsOf(table: string, options: ReadOptions): Promise<TypedColumn[]> {
  const { database, config, header, known, added = [], prescan, strict } = options
  if (known) {
    const positions = added.map(({ index }) => index)
    const types =
      positions.length > 0
        ? await inferTypes(database, table, positions, config.format, prescan.shapes)
        : new Map<number, string>()
    const fresh = added.map((column) => ({
      ...column,
      type: types.get(column.index) ?? 'string',
      added: true,
      strict: true,
    }))
    return typedColumns([...known, ...fresh], config.format, {
      strict,
      facts: prescan.facts,
      nan: nanColumns(config),
    })
  }
  // A predicate that fits the types of a sample may not fit those of the file, and the other way round.
  if (config.checks.length === 0) return guess(table, options)
  return inferredColumns(
    await inferTypes(database, table, indexes(header), config.format, prescan.shapes),
    options,
  )
}

/**
 * Types from the forms of the values, or else from a sample: right unless a later value does not fit, which shows when the rows
 * are counted. Where the sample has no value, the whole file is asked.
 */
async function guess(table: string, options: ReadOptions): Promise<TypedColumn[]> {
  const { database, config, dialect, header, text, scratch, signal, prescan } = options
  const { format } = config
  const sample = await cleanCopy(text, join(scratch, 'sample.csv'), {
    dialect,
    header,
    most: SAMPLE_RECORDS,
    signal,
  })
  const input: CsvInput = { ...sample, isClean: true, width: header.names.length }
  const sampled = csvTable(input, dialect, format)
  const types = await inferTypes(database, sampled, indexes(header), format, prescan.shapes)
  const unknown = indexes(header).filter((index) => types.get(index) === undefined)
  if (unknown.length > 0) {
    for (const [index, type] of await inferTypes(database, table, unknown, format)) types.set(index, type)
  }
  return inferredColumns(types, options)
}

function inferredColumns(
  types: Map<number, string | undefined>,
  { header, config, prescan }: ReadOptions,
): TypedColumn[] {
  const columns = header.names.map((name, index) => ({ name, index, type: types.get(index) ?? 'string' }))
  return typedColumns(columns, config.format, { strict: true, facts: prescan.facts })
}

function indexes(header: Header): number[] {
  return header.names.map((_, index) => index)
}

async function writeAccepted(
  text: Readable,
  input: CsvInput,
  rules: readonly Rule[],
  options: ReadOptions,
): Promise<AcceptedRows> {
  const { database, config, dialect, scratch, prescan } = options
  const { table, columns } = readNatively(text, input, prescan.shapes, dialect, config.format)
  const query = acceptedRows(table, columns, rules)
  const partitioning = partitioningWhileRead(config, columns, prescan.records)
  if (partitioning) {
    const folder = join(scratch, 'accepted')
    const parts = await writeParts(database, query, partitioning, folder, parquetTable(config.compression))
    if (parts) return { path: folder, rows: parts.reduce((sum, part) => sum + part.rows, 0), parts }
  }
  const path = join(scratch, 'accepted.parquet')
  const isFinal = config.timeseries === undefined && config.partition === undefined
  return database
    .copyToFile(query, path, isFinal ? parquetTable(config.compression) : PARQUET_SCRATCH)
    .catch((error: unknown) => explained(error, text.table, text.columns, options))
}

async function writeUnfit(
  table: string,
  columns: TypedColumn[],
  rules: readonly Rule[],
  { database, config, scratch }: ReadOptions,
) {
  const path = join(scratch, 'unfit.parquet')
  const rows = await database.count(
    `COPY (${rejectedRows(table, columns, rules, hasPersonalData(config))}) TO ${literal(path)} (FORMAT parquet)`,
  )
  return { path, rows }
}

/** Columns that may hold NaN and Infinity, under their table names. */
function nanColumns(config: Dataset): Set<string> {
  const columns = Object.values(config.columns ?? {})
  return new Set(
    (declaredColumns(config) ?? []).flatMap(({ name }, index) => {
      const column = columns[index]
      return column !== undefined && columnConfig(column).nan ? [name] : []
    }),
  )
}

/** What must hold for a row whose values fit their types. */
async function rulesOf(
  columns: readonly TypedColumn[],
  { database, config, dataset }: ReadOptions,
): Promise<Rule[]> {
  const timeseries = timeseriesOf(config, columns)
  return [
    ...columnRules(config, columns),
    ...(timeseries ? timeseriesRules(timeseries) : []),
    ...keyRules(config, columns),
    ...(await checkRules(database, config, dataset, columns)),
  ]
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
