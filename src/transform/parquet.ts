import type { Compression } from '../config/dataset/shape.js'

/**
 * How tables are written, chosen by measurement (docs/performance.md): the lowest zstd level costs a tenth less than the
 * default and 3 % of space; to try a dictionary on columns of ever new values, as the default does, costs as much again.
 */
export function parquetTable(compression: Compression): string {
  const codec =
    compression === 'zstd' ? 'COMPRESSION zstd, COMPRESSION_LEVEL 1' : `COMPRESSION ${compression}`
  return `FORMAT parquet, ${codec}, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 5000, PARQUET_VERSION V1`
}

/** A table of a dataset that says nothing of compression. */
export const PARQUET_TABLE = parquetTable('zstd')

/** Files that only we read, once or twice: small row groups let a query of some of the rows skip the rest. */
export const PARQUET_SCRATCH =
  'FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 20480, DICTIONARY_SIZE_LIMIT 5000'
