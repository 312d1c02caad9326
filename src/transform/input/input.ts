import type { Dataset } from '../../config/dataset.js'
import type { Dialect } from '../dialect.js'
import type { Header } from '../header.js'
import type { Prescan } from '../prescan.js'
import type { Source } from '../source.js'
import type { ContractColumn } from '../contract/contract.js'
import type { TransformEvent } from '../types.js'
import type { ColumnKinds } from './kinds.js'

/** What opening the inputs of a file needs to know. */
export interface InputRequest {
  source: Source
  dataset: string
  config: Dataset
  /** What the file has to look like, see `contractOf`. */
  contract: readonly ContractColumn[] | undefined
  scratch: string
  onEvent?: (event: TransformEvent) => void
  signal?: AbortSignal
}

/**
 * One table of text inside a file, its records counted: what every format ends as, so that typing, rejects and audit are the
 * same for all.
 */
export interface Input {
  /** `input`, or the name of a sheet. */
  name: string
  /** The columns that it must have; undefined: whatever it has. */
  columns: readonly ContractColumn[] | undefined
  /** Types of all columns by position, where the format itself says them. */
  types?: readonly string[]
  /** Nobody declared the columns: only text that a value gives back without loss fits. */
  strict: boolean
  header: Header
  dialect: Dialect
  /** How the text of a field reads. */
  format: Dataset['format']
  /** A CSV file. */
  text: string
  /** SQL: the table of text, when it is not to be read from a CSV file. */
  table?: string
  /** The records in it, counted without DuckDB. */
  prescan: Prescan
  origin: Origin
}

/** Where the records come from, to find the rejected ones again. */
export type Origin =
  | { type: 'csv'; encoding: string }
  | {
      type: 'converted'
      /** What the columns hold, by the format itself; decides their types when nobody declared them. */
      kinds: readonly ColumnKinds[]
      /** Records that could not be converted, one JSON object of type Refused per line. */
      refused: { path: string; count: number }
      /** The file that offset and length of a record are of; undefined: its text is the record in the CSV file. */
      lines: string | undefined
    }
  | { type: 'parquet' }

/** A record that has no place in a table of text. */
export interface Refused {
  /** Good records before it. */
  before: number
  line: number
  column: string | null
  reason: string
  raw: string
  byteOffset: number | null
  byteLength: number | null
}

/** The name of the only input of a file. */
export const ONLY_INPUT = 'input'
