import type { Dataset } from '../config/dataset.js'
import type { Dialect } from './dialect.js'
import { literal } from './sql.js'

/** A CSV file that DuckDB is to read, and what is known of it. */
export interface CsvInput {
  path: string
  /** SQL: the table of text, when it comes from another format. */
  table?: string
  /** Our own copy: no header, and every record ends with LF, whatever line ends are inside its quotes. */
  isClean: boolean
  /** Number of columns. */
  width: number
  /** Records without the header, counted by our own reader. */
  records: number
  /** Bytes of the longest record. */
  longest: number
}

const NO_TYPES: ReadonlyMap<number, string> = new Map()
const SMALLEST_BUFFER = 32_000_000

/** SQL: the column of `csvTable` with the text of the field at a 0-based position. No column of a table is called so. */
export function textColumn(index: number): string {
  return `"#${index}"`
}

/**
 * SQL: the file as a table of VARCHAR columns, see `textColumn`; nothing is guessed, nothing is skipped.
 * @param types SQL types of columns that DuckDB is to read as such, by their positions
 */
export function csvTable(
  input: CsvInput,
  dialect: Dialect,
  format: Dataset['format'],
  types: ReadonlyMap<number, string> = NO_TYPES,
): string {
  if (input.table !== undefined) return input.table
  const columns = Array.from(
    { length: input.width },
    (_, index) => `'#${index}': ${literal(types.get(index) ?? 'VARCHAR')}`,
  )
  const line = Math.max(2_000_000, input.longest + 1024)
  const options = [
    `auto_detect = false`,
    `header = ${!input.isClean && dialect.hasHeader}`,
    ...(input.isClean ? [`new_line = '\\n'`] : []),
    `delim = ${literal(dialect.delimiter)}`,
    `quote = ${literal(dialect.quote)}`,
    `escape = ${literal(dialect.quote)}`,
    `nullstr = ${literal(format.nullValue)}`,
    `allow_quoted_nulls = false`,
    `compression = 'none'`,
    ...(types.size > 0 ? [`decimal_separator = ${literal(format.decimal)}`] : []),
    `max_line_size = ${line}`,
    `buffer_size = ${Math.max(SMALLEST_BUFFER, line * 2)}`,
    `columns = {${columns.join(', ')}}`,
  ]
  return `read_csv(${literal(input.path)}, ${options.join(', ')})`
}
