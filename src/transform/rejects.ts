import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Database } from './database.js'
import { splitFields, type Dialect } from './dialect.js'
import { IntegrityError } from './errors.js'
import type { Header } from './header.js'
import type { ReadRows } from './read.js'
import { LONGEST_RECORD, type RecordView } from './record-view.js'
import { RecordReader } from './records.js'
import { literal } from './sql.js'

/** A record that did not become a row. */
export interface Reject {
  /** Line of the file that it starts on, from 1. */
  line: number
  /** First column that is wrong; null when the record does not divide into columns. */
  column: string | null
  reason: string
  /** The record as it stands in the file, at most 64 Ki characters; bytes that are no text become U+FFFD. */
  raw: string
  /** Where to find all of it: offset and length in the (unpacked) file. */
  byteOffset: number
  byteLength: number
}

interface Options {
  database: Database
  text: string
  scratch: string
  header: Header
  dialect: Dialect
  nullValue: string
  rows: ReadRows
  signal?: AbortSignal
}

const LONGEST_RAW = 64 * 1024
const TABLE = `CREATE TABLE rejects (line BIGINT, "column" VARCHAR, reason VARCHAR, raw VARCHAR, byte_offset BIGINT, byte_length BIGINT)`
const CSV_HEADER = 'line,column,reason,raw,byte_offset,byte_length\n'

/**
 * Writes every rejected record, in the order of the file, to a Parquet file and a CSV file in scratch.
 * @throws IntegrityError REJECTS_DO_NOT_ADD_UP when they are not exactly those that the read counted
 */
export async function writeRejects(
  options: Options,
): Promise<{ rows: number; parquet: string; csv: string }> {
  const { database, scratch, rows } = options
  const parquet = join(scratch, 'rejects.parquet')
  const csv = join(scratch, 'rejects.csv')
  await database.run(TABLE)
  const stream = createWriteStream(csv)
  const appender = await database.appender('rejects')
  stream.write(CSV_HEADER)
  let count = 0
  try {
    for await (const reject of locateRejects(options)) {
      count += 1
      appender.appendBigInt(BigInt(reject.line))
      if (reject.column === null) appender.appendNull()
      else appender.appendVarchar(reject.column)
      appender.appendVarchar(reject.reason)
      appender.appendVarchar(reject.raw)
      appender.appendBigInt(BigInt(reject.byteOffset))
      appender.appendBigInt(BigInt(reject.byteLength))
      appender.endRow()
      if (!stream.write(csvLine(reject))) await once(stream, 'drain')
    }
  } finally {
    appender.closeSync()
    stream.end()
    await finished(stream)
  }
  const written = await database.count(
    `COPY rejects TO ${literal(parquet)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  const expected = rows.malformed + rows.unfit.rows
  if (count !== expected || written !== expected)
    throw mismatch(`${expected} rows were rejected, but ${count} were found in the file`)
  return { rows: count, parquet, csv }
}

/** The rejected records of a file: the malformed ones, and those whose values do not fit. */
async function* locateRejects(options: Options): AsyncGenerator<Reject> {
  const { text, header, dialect, signal } = options
  const unfit = unfitRecords(options)
  let wanted = await unfit.next()
  const file = await open(text)
  try {
    const reader = new RecordReader(file, dialect, header.names.length, header.bodyOffset, header.bodyLine)
    let wellFormed = 0
    while (await reader.fill()) {
      signal?.throwIfAborted()
      while (reader.next()) {
        const { record } = reader
        if (record.problem !== undefined) {
          yield rejectOf(reader, null, malformedReason(record, header.names.length))
          continue
        }
        wellFormed += 1
        if (wanted.done === true || wanted.value.record !== wellFormed) continue
        assertSameText(reader, wanted.value, options)
        yield rejectOf(reader, header.names[wanted.value.column] ?? null, wanted.value.reason)
        wanted = await unfit.next()
      }
    }
  } finally {
    await file.close()
  }
}

interface Unfit {
  record: number
  column: number
  reason: string
  text: string | null
}

async function* unfitRecords({ database, rows }: Options): AsyncGenerator<Unfit> {
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

function rejectOf(reader: RecordReader, column: string | null, reason: string): Reject {
  const { line, offset, byteLength } = reader.record
  const raw = reader.text(LONGEST_RAW).replaceAll('\0', '\ufffd')
  return { line, column, reason, raw, byteOffset: offset, byteLength }
}

function malformedReason({ problem, fields, byteLength }: RecordView, columns: number): string {
  switch (problem) {
    case 'fields':
      return `has ${fields} ${fields === 1 ? 'field' : 'fields'} instead of ${columns}`
    case 'quote':
      return 'its quoting is broken: text follows a closing quote, or a quote is never closed'
    case 'nul':
      return 'holds a NUL byte'
    case 'utf8':
      return 'is not valid UTF-8'
    case 'long':
      return `has ${byteLength} bytes, more than the ${LONGEST_RECORD} of the longest record allowed`
    case undefined:
      return ''
  }
}

/** DuckDB and our own reader must mean the same record: the field that DuckDB refused must be there. */
function assertSameText(
  reader: RecordReader,
  { record, column, text }: Unfit,
  { dialect, nullValue }: Options,
): void {
  const field = splitFields(reader.text(), dialect)[column]
  const isNull = field?.quoted === false && field.text === nullValue
  if (text === null ? isNull : field?.text.startsWith(text)) return
  throw mismatch(`row ${record} is not the one on line ${reader.record.line}`)
}

function mismatch(what: string): IntegrityError {
  return new IntegrityError(
    'REJECTS_DO_NOT_ADD_UP',
    `The rejected rows do not add up: ${what}. Nothing was published.`,
    {
      suggestions: ['This is a defect of datapipe: please report it, with the file if you can.'],
    },
  )
}

function csvLine({ line, column, reason, raw, byteOffset, byteLength }: Reject): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  return `${line},${column ?? ''},${quoted(reason)},${quoted(raw)},${byteOffset},${byteLength}\n`
}
