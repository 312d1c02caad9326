import { open } from 'node:fs/promises'
import type { Dataset } from '../config/dataset.js'
import { columnConfig } from '../config/dataset/columns.js'
import { splitFields, type Dialect } from './dialect.js'
import { DataError } from './errors.js'
import { safeName, safeNames } from './names.js'
import { RecordReader } from './records.js'
import { declaredConfig } from './contract/contract.js'
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
  /** False: blank lines or comments come before it. */
  isFirstLine: boolean
  /** Comments before it. */
  commentLines?: number
}

/** More columns than any of the readers of the table handles well; Glue refuses the table description. */
export const MOST_COLUMNS = 4000
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads the first record of a file as its header. In a file without one (`dialect.hasHeader`) the columns are those of the
 * table, by position, or else `column_1`, `column_2`, … as many as the first record has.
 * @param columns names of the columns that are known already
 * @throws DataError HEADER_UNREADABLE, HEADER_LOOKS_LIKE_DATA, TOO_MANY_COLUMNS, FILE_EMPTY, FILE_NOT_UTF8, DUPLICATE_COLUMN, COLUMN_NAME_COLLISION
 */
export async function readHeader(
  file: string,
  text: string,
  dialect: Dialect,
  columns?: readonly string[],
): Promise<Header> {
  const handle = await open(text)
  try {
    const { buffer } = await handle.read(Buffer.alloc(3), 0, 3, 0)
    const start = buffer.equals(BYTE_ORDER_MARK) ? 3 : 0
    const reader = new RecordReader(handle, dialect, undefined, start)
    let found = false
    while (!found && (await reader.fill())) found = reader.next()
    if (!found) {
      const what = reader.commentLines > 0 ? 'blank lines and comments' : 'blank lines'
      throw new DataError('FILE_EMPTY', `${file} holds nothing but ${what}.`)
    }
    if (!dialect.hasHeader) {
      const raw = columns ?? Array.from({ length: reader.record.fields }, (_, index) => `column_${index + 1}`)
      assertWidth(file, raw.length)
      return { raw: [...raw], names: safeNames(raw), bodyOffset: start, bodyLine: 1, isFirstLine: true }
    }
    assertReadable(file, reader)
    const raw = splitFields(reader.text(), dialect).map((field) => field.text)
    assertNames(file, raw)
    return {
      raw,
      names: safeNames(raw),
      bodyOffset: reader.offset,
      bodyLine: reader.nextLine,
      isFirstLine: reader.blankLines + reader.commentLines === 0,
      commentLines: reader.commentLines,
    }
  } finally {
    await handle.close()
  }
}

function assertReadable(file: string, { record }: RecordReader): void {
  if (record.problem === 'utf8') {
    throw new DataError('FILE_NOT_UTF8', `The header of ${file} is not UTF-8 text.`, {
      suggestions: ['Name its encoding: `format.encoding`, such as latin-1 or windows-1252.'],
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
  assertWidth(file, record.fields)
}

/** @throws DataError TOO_MANY_COLUMNS */
export function assertWidth(file: string, columns: number): void {
  if (columns <= MOST_COLUMNS) return
  throw new DataError(
    'TOO_MANY_COLUMNS',
    `The header of ${file} has ${columns} columns; the limit is ${MOST_COLUMNS}.`,
    {
      suggestions: ['Check `format.delimiter`, or turn the columns into rows before the upload.'],
    },
  )
}

const DATA = /^\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?)\s*$/

export function assertNames(file: string, raw: readonly string[]): void {
  if (!raw.every((name) => name === '' || DATA.test(name)) || raw.every((name) => name === '')) return
  throw new DataError('HEADER_LOOKS_LIKE_DATA', `The first line of ${file} holds values, not column names.`, {
    suggestions: [
      'Put a header line with the column names first, or set `format.header: false` and declare the columns.',
    ],
  })
}

/** The columns that a dataset declares, under their table names; undefined when it declares none. */
export function declaredColumns(config: Dataset): Column[] | undefined {
  const declared = declaredConfig(config)
  return declared && columnsOf(declared)
}

/** Declared columns under their table names. */
export function columnsOf(columns: NonNullable<Dataset['columns']>): Column[] {
  const names = safeNames(Object.keys(columns))
  return Object.values(columns).map((column, index) => ({
    name: names[index] ?? '',
    type: columnConfig(column).type,
  }))
}

/** The table name of a column that the configuration mentions. */
export function columnName(mentioned: string): string {
  return safeName(mentioned, 0)
}
