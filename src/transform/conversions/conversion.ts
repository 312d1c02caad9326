import type { Dataset } from '../../config/dataset.js'
import { literal } from '../sql.js'

export type Format = Dataset['format']

/**
 * Turns the text of a field into a value: SQL over a VARCHAR column. DuckDB's own casts are too kind (3.7 becomes the
 * integer 4, `1_000` a number, `+02:00` is dropped from a timestamp, a zone name in one value leaks into the next rows), so
 * a cast counts only where the text has a form that it reads right.
 */
export interface Conversion {
  /** DuckDB type of the result. */
  sqlType: string
  /** SQL: DuckDB's own reading of the text, right or wrong, computed once; 'NULL' where it is no use. */
  raw: (text: string) => string
  /** SQL: the value, or NULL when the text does not fit. */
  value: (text: string, raw: string) => string
  /** Ends the sentence `"abc" is not …`. */
  what: string
}

/** SQL: the text without the blanks and tabs around it. */
export function trimmed(text: string): string {
  return `trim(${text}, ' \t')`
}

/** SQL: the text, apart from blanks and tabs around it, has a form. */
export function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${literal(`[ \t]*(${pattern})[ \t]*`)})`
}

export function noCast(): string {
  return 'NULL'
}

export function castTo(sqlType: string): (text: string) => string {
  return (text) => `TRY_CAST(${text} AS ${sqlType})`
}
