import type { Dataset } from '../../config/dataset.js'
import { csvTable, textColumn, type CsvInput } from '../csv-input.js'
import type { Dialect } from '../dialect.js'
import type { TypedColumn } from '../typed.js'
import { readsItself, type ColumnShape } from './shapes.js'

/** A table of SQL and the conversions of its columns. */
export interface Readable {
  table: string
  columns: TypedColumn[]
}

/**
 * The same rows for less: what DuckDB reads right by itself (see `readsItself`) it reads as what it is, the rest as text.
 * @param text the table with nothing but text, and the conversions of its columns
 */
export function readNatively(
  { table, columns }: Readable,
  input: CsvInput,
  shapes: readonly ColumnShape[] | undefined,
  dialect: Dialect,
  format: Dataset['format'],
): Readable {
  // Our own copy of a file is made because something is wrong with it, which its shapes do not tell.
  if (shapes === undefined || input.isClean) return { table, columns }
  const isNative = ({ index, type, strict }: TypedColumn) => {
    const shape = shapes[index]
    return shape !== undefined && readsItself(shape, type, format, strict === true)
  }
  const types = new Map(columns.filter(isNative).map(({ index, sqlType }) => [index, sqlType]))
  if (types.size === 0) return { table, columns }
  return {
    table: csvTable(input, dialect, format, types),
    columns: columns.map((column) =>
      types.has(column.index)
        ? { ...column, raw: 'NULL', value: textColumn(column.index), fits: undefined }
        : column,
    ),
  }
}
