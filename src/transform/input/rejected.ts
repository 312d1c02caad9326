import { open } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Database } from '../database.js'
import { splitFields } from '../dialect.js'
import { IntegrityError } from '../errors.js'
import type { LoadedInput } from '../load.js'
import { malformedReason } from '../record-view.js'
import { RecordReader } from '../records.js'
import { identifier, literal } from '../sql.js'
import type { Input, Refused } from './input.js'
import { withheldRefusal } from '../pii/withheld.js'
import { LONGEST_RAW, placeOf } from './text-table.js'

/** A record that did not become a row. */
export interface Reject {
  /** Line of the file that it starts on, row of the sheet, or number of the record in a Parquet file; from 1. */
  line: number
  /** First column that is wrong; null when the record does not divide into columns. */
  column: string | null
  reason: string
  /**
   * The record as it stands in the file, at most 64 Ki characters; bytes that are no text become U+FFFD. Null in a dataset
   * with personal data.
   */
  raw: string | null
  /** Where to find all of it: offset and length in the file, unpacked and in UTF-8; null where it has no such place. */
  byteOffset: number | null
  byteLength: number | null
}

interface Options {
  database: Database
  loaded: LoadedInput
  /** The dataset holds personal data: no values, here or in reasons. */
  withhold: boolean
  signal?: AbortSignal
}

/**
 * The rejected records of an input, in its order: the malformed ones, and those whose values do not fit.
 * @throws IntegrityError REJECTS_DO_NOT_ADD_UP when DuckDB and our own reader do not mean the same record
 */
export async function* rejectsOf(options: Options): AsyncGenerator<Reject> {
  for await (const reject of all(options)) yield options.withhold ? { ...reject, raw: null } : reject
}

async function* all(options: Options): AsyncGenerator<Reject> {
  const { origin } = options.loaded.input
  if (origin.type === 'csv') yield* fromCsv(options, origin.encoding)
  else if (origin.type === 'converted') yield* fromConverted(options, origin)
  else yield* fromParquet(options)
}

async function* fromCsv(options: Options, encoding: string): AsyncGenerator<Reject> {
  const { loaded, signal } = options
  const { input } = loaded
  const { header } = input
  const unfit = unfitRecords(options)
  let wanted = await unfit.next()
  const file = await open(input.text)
  try {
    const reader = readerOf(file, input)
    let wellFormed = 0
    while (await reader.fill()) {
      signal?.throwIfAborted()
      while (reader.next()) {
        const { record } = reader
        if (record.problem !== undefined) {
          yield rejectOf(reader, null, malformedReason(record, header.names.length, encoding))
          continue
        }
        wellFormed += 1
        if (wanted.done === true || wanted.value.record !== wellFormed) continue
        assertSameText(reader, wanted.value, input)
        yield rejectOf(reader, header.names[wanted.value.column] ?? null, wanted.value.reason)
        wanted = await unfit.next()
      }
    }
  } finally {
    await file.close()
  }
}

/** Two lists, both in the order of the file: what could not be converted, and what was but does not fit. */
async function* fromConverted(
  options: Options,
  { refused, lines }: Extract<Input['origin'], { type: 'converted' }>,
): AsyncGenerator<Reject> {
  const { input } = options.loaded
  const { names } = input.header
  const unfit = unfitRecords(options)
  const asides = refusedRecords(refused.path)
  let wanted = await unfit.next()
  let aside = await asides.next()
  const file = await open(input.text)
  const source = lines === undefined ? undefined : await open(lines)
  try {
    const reader = readerOf(file, input)
    let at = 0
    for (;;) {
      if (aside.done !== true && (wanted.done === true || aside.value.before < wanted.value.record)) {
        yield options.withhold ? withheldRefusal(aside.value, names) : aside.value
        aside = await asides.next()
        continue
      }
      if (wanted.done === true) return
      for (; at < wanted.value.record; at++) {
        while (!reader.next()) if (!(await reader.fill())) throw mismatch(`row ${at + 1} is not there`)
      }
      assertSameText(reader, wanted.value, input)
      const text = reader.text()
      const fields = splitFields(text, input.dialect)
      const place = placeOf(fields.at(-1)?.text ?? '')
      yield {
        line: place.line,
        column: names[wanted.value.column] ?? null,
        reason: wanted.value.reason,
        raw: source
          ? await textAt(source, place)
          : text.slice(0, text.lastIndexOf(input.dialect.delimiter)).slice(0, LONGEST_RAW),
        byteOffset: source ? place.byteOffset : null,
        byteLength: source ? place.byteLength : null,
      }
      wanted = await unfit.next()
    }
  } finally {
    await file.close()
    await source?.close()
  }
}

/** A Parquet file has no lines: the number of the record, and its values as JSON. */
async function* fromParquet({ database, loaded }: Options): AsyncGenerator<Reject> {
  const { input, rows } = loaded
  if (rows.unfit.rows === 0) return
  const values = input.header.raw.map((name) => `${identifier(name)} := ${identifier(name)}`).join(', ')
  const file = `read_parquet(${literal(input.text)}, file_row_number = true, hive_partitioning = false)`
  const query =
    `SELECT u.record, u.column_index, u.reason, left(CAST(to_json(f."#values") AS VARCHAR), ${LONGEST_RAW})` +
    ` FROM read_parquet(${literal(rows.unfit.path)}) u` +
    ` JOIN (SELECT file_row_number AS "#row", struct_pack(${values}) AS "#values" FROM ${file}) f` +
    ` ON f."#row" = u.record - 1 ORDER BY u.record`
  for await (const chunk of database.stream(query)) {
    for (const [record, column, reason, raw] of chunk) {
      yield {
        line: Number(record),
        column: input.header.names[Number(column)] ?? null,
        reason: reason as string,
        raw: raw as string,
        byteOffset: null,
        byteLength: null,
      }
    }
  }
}

interface Unfit {
  record: number
  column: number
  reason: string
  text: string | null
}

async function* unfitRecords({ database, loaded: { rows } }: Options): AsyncGenerator<Unfit> {
  if (rows.unfit.rows === 0) return
  const query = `SELECT record, column_index, reason, "text" FROM read_parquet(${literal(rows.unfit.path)}) ORDER BY record`
  for await (const chunk of database.stream(query)) {
    for (const [record, column, reason, text] of chunk) {
      yield {
        record: Number(record),
        column: Number(column),
        reason: reason as string,
        text: text as string | null,
      }
    }
  }
}

async function* refusedRecords(path: string): AsyncGenerator<Refused> {
  const stream = createReadStream(path)
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity }))
      yield JSON.parse(line) as Refused
  } finally {
    stream.destroy()
  }
}

function readerOf(file: Awaited<ReturnType<typeof open>>, { dialect, header }: Input): RecordReader {
  return new RecordReader(file, dialect, header.names.length, header.bodyOffset, header.bodyLine)
}

async function textAt(
  file: Awaited<ReturnType<typeof open>>,
  { byteOffset, byteLength }: { byteOffset: number; byteLength: number },
): Promise<string> {
  const buffer = Buffer.alloc(Math.min(byteLength, LONGEST_RAW))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, byteOffset)
  return buffer.toString('utf8', 0, bytesRead)
}

function rejectOf(reader: RecordReader, column: string | null, reason: string): Reject {
  const { line, offset, byteLength } = reader.record
  const raw = reader.text(LONGEST_RAW).replaceAll('\0', '\ufffd')
  return { line, column, reason, raw, byteOffset: offset, byteLength }
}

/** DuckDB and our own reader must mean the same record: the field that DuckDB refused must be there. */
function assertSameText(
  reader: RecordReader,
  { record, column, text }: Unfit,
  { dialect, format: { nullValue } }: Input,
): void {
  const field = splitFields(reader.text(), dialect)[column]
  const isNull = field?.quoted === false && field.text === nullValue
  if (text === null ? isNull : field?.text.startsWith(text)) return
  throw mismatch(`row ${record} is not the one on line ${reader.record.line}`)
}

export function mismatch(what: string): IntegrityError {
  return new IntegrityError(
    'REJECTS_DO_NOT_ADD_UP',
    `The rejected rows do not add up: ${what}. Nothing was published.`,
    {
      suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'],
    },
  )
}
