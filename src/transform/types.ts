import type { Dataset } from '../config/dataset.js'
import type { CheckResult } from './checks/result.js'
import type { ContractColumn } from './contract/contract.js'
import type { Drift } from './contract/drift.js'
import type { ExistingTable } from './contract/hive.js'
import type { SourceFacts } from './query/query.js'
import type { Reading } from './summary/reading.js'

/** A column of a table: an Athena-safe name and a type of `columnTypeSchema` (`string`, `decimal(10,2)`, …). */
export interface Column {
  name: string
  type: string
}

export type Stage =
  'open' | 'prescan' | 'read' | 'checks' | 'rejects' | 'summary' | 'tables' | 'write' | 'audit' | 'publish'

/** What a transform tells while it works. Nothing is printed by the library. */
export type TransformEvent =
  | { type: 'stage'; stage: Stage; state: 'started' | 'finished'; durationMs?: number }
  | {
      type: 'progress'
      stage: Stage
      done: number
      total: number
      unit: 'bytes' | 'rows' | 'files' | 'columns'
    }
  | { type: 'warning'; code: string; message: string }
  /** Something that only matters to who looks closely. */
  | { type: 'note'; code: string; message: string }

export interface TransformOptions {
  /** A CSV file on this disk, plain or gzip. */
  file: string
  /** What messages call the file. Default: `file`. */
  displayName?: string
  /** Name of the dataset: the table and the first folder of every output. */
  dataset: string
  config: Dataset
  /**
   * Folder that gets `<dataset>/…` and, when rows are rejected, `datapipe_rejects…/…`. Undefined: a dry run, which does all the
   * work, fails where the run would, and leaves nothing.
   */
  out?: string
  /** What output names derive from, `bucket/key` for an object. Default: the name of the file. */
  sourceName?: string
  /** Which load it is, as its rejected rows say. Left out for a file on this disk. */
  load?: { versionId: string; runId: string }
  /** Folder for temporary files; a fresh folder inside it is used and removed. Default: the system's. */
  scratch?: string
  /** DuckDB's memory_limit in MiB. Resident memory stays within about 450 MiB above it. */
  memoryLimitMb?: number
  threads?: number
  /** Columns that the files of the table were read with so far, see `contractOf`. */
  contract?: ContractColumn[]
  /** The tables that exist already. */
  existing?: ExistingTable[]
  /** What queries read of the file in `source`. Default: name and time of modification of the local file. */
  facts?: SourceFacts
  /** Key of the hashes; needed by datasets that hash personal data. */
  piiKey?: Uint8Array
  /** Gets what the file holds, once its rows were read and before anything is refused for them. */
  onRead?: (reading: Reading) => void
  /** What `onRead` gets has a summary of every column. */
  summarize?: boolean
  onEvent?: (event: TransformEvent) => void
  signal?: AbortSignal
}

/** One Parquet file. */
export interface Output {
  table: string
  /** Relative to `out`, with forward slashes. */
  path: string
  rows: number
  bytes: number
  /** Partition key to value as readers see it; null is the Hive default partition. Empty without partitions. */
  partition: Record<string, string | null>
}

/** One table that the file gave rows to. */
export interface TableResult {
  name: string
  /** Columns inside the Parquet files. */
  columns: Column[]
  /** The column that the folders stand for; not inside the files. */
  partitionKey: Column | null
  /** Columns that identify a row: a later file's row takes the place of an earlier one's. Undefined: rows add up. */
  key?: string[]
}

/** One table of records inside the file: the only one, called `input`, or a sheet of a workbook. */
export interface InputResult {
  name: string
  /** Columns with the types they were read as: the contract for the next file of the dataset. */
  columns: ContractColumn[]
}

/** The two files with the rejected rows, relative to `out`. */
export interface RejectFiles {
  rows: number
  parquet: string
  csv: string
  /** Of the first rows: at most three different ones, at most 200 characters of each. */
  reasons: string[]
}

export interface TransformResult {
  dataset: string
  /** Records of the file without its header and blank lines, counted without DuckDB. */
  rowsIn: number
  rowsAccepted: number
  rowsRejected: number
  /** Rows in the Parquet files of all tables: rowsAccepted, the sum of samples for time series, or what the queries made. */
  rowsOut: number
  outputs: Output[]
  rejects: RejectFiles | null
  tables: TableResult[]
  inputs: InputResult[]
  /** How the file differs from its table. */
  drift: Drift[]
  /** What the checks of the dataset found. */
  checks: CheckResult[]
  /** Of the file as it was given (compressed, if it was). */
  sha256: string
  bytes: number
  durationMs: number
}
