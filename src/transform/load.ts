import { mkdir } from 'node:fs/promises'
import type { Dataset } from '../config/dataset.js'
import { inferTypes, type InferredTypes } from './infer.js'
import { csvTable } from './csv-input.js'
import type { Database } from './database.js'
import { DatapipeError, messageOf } from '../errors.js'
import { DataError } from './errors.js'
import { declaredFor } from './pii/actions.js'
import type { FileColumn, MatchedColumns, NewColumn } from './contract/match.js'
import { openCsv } from './input/csv.js'
import { ONLY_INPUT, type Input, type InputRequest } from './input/input.js'
import { openJsonLines } from './input/jsonl.js'
import { damaged, openParquet } from './input/parquet.js'
import { openWorkbook } from './input/xlsx/open.js'
import { matchHeader } from './pii/header.js'
import { readRows, type ReadRows } from './read.js'
import type { TransformEvent } from './types.js'

/** One input, read: its typed rows in scratch, and how many records are not among them. */
export interface LoadedInput {
  input: Input
  rows: ReadRows
  /** Records of the input, counted without DuckDB. */
  records: number
  /** Malformed ones and those whose values do not fit. */
  rejected: number
}

/**
 * Opens what is to be read in a file and counts its records; its columns are the ones that the dataset needs.
 * @throws DataError or UsageError, see the formats
 */
export async function openInputs(request: InputRequest): Promise<Input[]> {
  const { source, config, dataset } = request
  const inputs = await openFormat(request)
  for (const { name, header, columns, prescan, origin } of inputs) {
    const title = titleOf(name, source.name)
    if (columns) matchHeader(config, withoutPlace(header), columns, { file: title, dataset })
    if (prescan.records + refusedOf(origin) > 0) continue
    const has = config.format.type !== 'jsonl' && config.format.header ? 'a header and no rows' : 'no rows'
    throw new DataError('FILE_HAS_NO_ROWS', `${title} has ${has}.`)
  }
  return inputs
}

async function openFormat(request: InputRequest): Promise<Input[]> {
  switch (request.config.format.type) {
    case 'csv':
    case 'tsv':
      return [await openCsv(request)]
    case 'jsonl':
      return [await openJsonLines(request)]
    case 'parquet':
      return [await openParquet(request)]
    case 'xlsx':
      return openWorkbook(request)
  }
}

interface LoadOptions {
  database: Database
  config: Dataset
  dataset: string
  /** What messages call the file. */
  file: string
  /** A folder for this input alone. */
  scratch: string
  onEvent?: (event: TransformEvent) => void
  signal?: AbortSignal
}

/**
 * Reads an input into typed rows.
 * @throws IntegrityError ROWS_DO_NOT_ADD_UP
 */
export async function loadInput(input: Input, options: LoadOptions): Promise<LoadedInput> {
  const { database, config, scratch, onEvent, signal, file, dataset } = options
  await mkdir(scratch, { recursive: true })
  const { header, dialect, format, prescan, origin, text, table } = input
  const title = titleOf(input.name, file)
  const { columns: known, added } = input.columns
    ? await knownTypes(
        input,
        database,
        matchHeader(config, withoutPlace(header), input.columns, { file: title, dataset }),
      )
    : { columns: await columnsOfKinds(input, database), added: [] }
  const read = {
    database,
    text,
    table,
    scratch,
    header,
    dialect,
    // Each sheet has the rules of its own columns.
    config: { ...config, format, columns: declaredFor(config, input.name), sheets: undefined },
    prescan,
    known,
    added,
    dataset,
    file: title,
    strict: input.strict,
    onEvent,
    signal,
  }
  const rows = await readRows(read).catch((error: unknown) => {
    // The footer is fine, or the file would not have come so far; something inside is not.
    if (origin.type !== 'parquet' || error instanceof DatapipeError) throw error
    throw damaged(file, messageOf(error), error)
  })
  const refused = refusedOf(origin)
  return {
    input,
    rows,
    records: prescan.records + refused,
    rejected: rows.malformed + rows.unfit.rows + refused,
  }
}

/** What messages call an input. */
function titleOf(input: string, file: string): string {
  return input === ONLY_INPUT ? file : `Sheet "${input}" of ${file}`
}

function refusedOf(origin: Input['origin']): number {
  return origin.type === 'converted' ? origin.refused.count : 0
}

/** The header without the column that says where a record comes from. */
function withoutPlace(header: Input['header']): Input['header'] {
  return { ...header, names: header.names.slice(0, header.raw.length) }
}

/** New columns whose types the format tells are like those that were known before. */
async function knownTypes(
  input: Input,
  database: Database,
  { columns, added }: MatchedColumns,
): Promise<MatchedColumns> {
  if (added.length === 0) return { columns, added }
  const types = input.types ?? (await columnsOfKinds(input, database, added))?.map(({ type }) => type)
  if (types === undefined) return { columns, added }
  const isStrict = input.types === undefined
  const fresh = added.map((column) => ({
    ...column,
    type: types[column.index] ?? 'string',
    added: true,
    strict: isStrict,
  }))
  return { columns: [...columns, ...fresh], added: [] }
}

/**
 * The columns of a format that knows texts from numbers; undefined for one that does not.
 * @param only those whose types matter
 */
async function columnsOfKinds(
  input: Input,
  database: Database,
  only?: readonly NewColumn[],
): Promise<FileColumn[] | undefined> {
  const { origin, header, dialect, format, prescan } = input
  if (origin.type !== 'converted') return undefined
  const isWanted = (index: number) => only === undefined || only.some((column) => column.index === index)
  const open = origin.kinds.flatMap((kinds, index) => (kinds.isOpen && isWanted(index) ? [index] : []))
  const csv = {
    path: input.text,
    isClean: false,
    width: header.names.length,
    records: prescan.records,
    longest: prescan.longest,
  }
  const types: InferredTypes =
    open.length === 0
      ? new Map<number, string>()
      : await inferTypes(database, csvTable(csv, dialect, format), open, format, prescan.shapes)
  return origin.kinds.map((kinds, index) => ({
    name: header.names[index] ?? '',
    index,
    type: kinds.typeOf(types.get(index)),
  }))
}
