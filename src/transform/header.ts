import { open } from 'node:fs/promises'
import type { Dataset } from '../config/dataset.js'
import { columnConfig } from '../config/dataset/columns.js'
import { splitFields, type Dialect } from './dialect.js'
import { DataError } from './errors.js'
import { safeName, safeNames } from './names.js'
import { RecordReader } from './records.js'
import type { Column } from './types.js'

export interface Header {
  /** Column names as the file writes them. */
  raw: string[]
  /** The same as table columns. */
  names: string[]
  /** Where the rows start, in bytes. */
  bodyOffset: number
  /** The line that the rows start on, from 1. */
  bodyLine: number
  /** False: blank lines come before it. */
  isFirstLine: boolean
}

/** More columns than any of the readers of the table handles well; Glue refuses the table description. */
const MOST_COLUMNS = 4000
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads the first record of a file as its header.
 * @throws DataError HEADER_UNREADABLE, HEADER_LOOKS_LIKE_DATA, TOO_MANY_COLUMNS, FILE_EMPTY, FILE_NOT_UTF8, DUPLICATE_COLUMN, COLUMN_NAME_COLLISION
 */
export async function readHeader(file: string, text: string, dialect: Dialect): Promise<Header> {
  const handle = await open(text)
  try {
    const { buffer } = await handle.read(Buffer.alloc(3), 0, 3, 0)
    const reader = new RecordReader(handle, dialect, undefined, buffer.equals(BYTE_ORDER_MARK) ? 3 : 0)
    let found = false
    while (!found && (await reader.fill())) found = reader.next()
    if (!found) throw new DataError('FILE_EMPTY', `${file} holds nothing but blank lines.`)
    assertReadable(file, reader)
    const raw = splitFields(reader.text(), dialect).map((field) => field.text)
    assertNames(file, raw)
    const names = safeNames(raw)
    return {
      raw,
      names,
      bodyOffset: reader.offset,
      bodyLine: reader.nextLine,
      isFirstLine: reader.blankLines === 0,
    }
  } finally {
    await handle.close()
  }
}

function assertReadable(file: string, { record }: RecordReader): void {
  if (record.problem === 'utf8') {
    throw new DataError('FILE_NOT_UTF8', `The header of ${file} is not UTF-8 text.`, {
      suggestions: ['Convert the file first, for example: iconv -f LATIN1 -t UTF-8.'],
    })
  }
  if (record.problem) {
    const why = {
      quote: 'a quote is not closed',
      nul: 'it holds NUL bytes',
      long: 'it is longer than 16 MiB',
      fields: '',
    }[record.problem]
    throw new DataError(
      'HEADER_UNREADABLE',
      `The header of ${file} (line ${record.line}) cannot be read: ${why}.`,
    )
  }
  if (record.fields > MOST_COLUMNS) {
    throw new DataError(
      'TOO_MANY_COLUMNS',
      `The header of ${file} has ${record.fields} columns; the limit is ${MOST_COLUMNS}.`,
      {
        suggestions: ['Check `format.delimiter`, or turn the columns into rows before the upload.'],
      },
    )
  }
}

const DATA = /^\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?)\s*$/

function assertNames(file: string, raw: string[]): void {
  if (!raw.every((name) => name === '' || DATA.test(name)) || raw.every((name) => name === '')) return
  throw new DataError('HEADER_LOOKS_LIKE_DATA', `The first line of ${file} holds values, not column names.`, {
    suggestions: ['Put a header line with the column names first.'],
  })
}

/** A column to read: where it stands in the file, and the type that is known for it. */
export interface FileColumn extends Column {
  /** 0-based position in the file. */
  index: number
}

/**
 * Matches known columns with a header by name, in any order. Every known column must be there, and no other.
 * @throws DataError MISSING_COLUMN, UNDECLARED_COLUMN
 */
export function matchColumns(
  file: string,
  header: Header,
  known: readonly Column[],
  dataset: string,
): FileColumn[] {
  const missing = known
    .filter((column) => !header.names.includes(column.name))
    .map((column) => `"${column.name}"`)
  if (missing.length > 0) {
    throw new DataError(
      'MISSING_COLUMN',
      `${file} has no column ${missing.join(', ')}, which the dataset ${dataset} needs. Its header: ${header.raw.join(', ').slice(0, 500)}.`,
      {
        suggestions: [
          'Correct the header of the file, its `format.delimiter`, or the columns of the dataset.',
        ],
      },
    )
  }
  const names = new Set(known.map((column) => column.name))
  const extra = header.raw
    .filter((_, index) => !names.has(header.names[index] ?? ''))
    .map((name) => `"${name}"`)
  if (extra.length > 0) {
    throw new DataError(
      'UNDECLARED_COLUMN',
      `${file} has the column ${extra.join(', ')}, which the dataset ${dataset} does not know.`,
      {
        suggestions: [`Add it to datasets.${dataset}.columns, or leave it out of the file.`],
      },
    )
  }
  return known.map((column) => ({ ...column, index: header.names.indexOf(column.name) }))
}

/** The columns that a dataset declares, under their table names; undefined when it declares none. */
export function declaredColumns(config: Dataset): Column[] | undefined {
  if (!config.columns) return undefined
  const names = Object.keys(config.columns)
  const safe = safeNames(names)
  return Object.values(config.columns).map((column, index) => ({
    name: safe[index] ?? '',
    type: columnConfig(column).type,
  }))
}

/** The table name of a column that the configuration mentions. */
export function columnName(mentioned: string): string {
  return safeName(mentioned, 0)
}
