import type { QueryCell, QueryColumn } from './cells.js'

export type EngineName = 'athena' | 'duckdb'

/** A result that is read while it arrives. `batches` can be read once; `close` must be called, also after an error. */
export interface QueryStream {
  engine: EngineName
  columns: QueryColumn[]
  batches: AsyncIterable<QueryCell[][]>
  /** What Athena scanned, and what that costs; known before the first row. */
  scanned?: { bytes: number; usd: number }
  close(): Promise<void>
}

export interface QueryContext {
  signal: AbortSignal
  /** Says what takes time. */
  onProgress: (message: string) => void
}
