import type { Dataset } from '../config/dataset.js'
import type { Compression } from '../config/dataset/shape.js'
import { conversion } from './convert.js'
import { columnName } from './header.js'
import { partitioningOf, type Partitioning } from './partition.js'
import type { AcceptedRows } from './read.js'
import { timeseriesOf, typeOf, type Timeseries } from './rules.js'
import { expandedColumns } from './shape.js'
import type { Column, TableResult } from './types.js'

/** Rows that are to become a table of the lake: where they are, and how they divide into files. */
export interface OutputTable {
  name: string
  /** Typed rows in a Parquet file in scratch, in the order they are to have, or in one file per partition. */
  source: AcceptedRows & { columns: Column[] }
  /** The rows are intervals, to be expanded on the way. */
  timeseries: Timeseries | undefined
  partitioning: Partitioning | undefined
  key: string[] | undefined
  compression: Compression
}

/** Names of the tables of a dataset; the first one keeps the contract. */
export function tableNames(dataset: string, { tables }: Dataset): [string, ...string[]] {
  const [first, ...rest] = Object.keys(tables ?? {})
  return first === undefined ? [dataset] : [first, ...rest]
}

/**
 * Checks that the shape of a dataset fits its columns.
 * @param published the columns that are left of them, where some hold personal data
 * @throws UsageError or DataError, see timeseriesOf and partitioningOf
 */
export function assertShape(
  config: Dataset,
  columns: readonly Column[],
  published: readonly Column[] = columns,
): void {
  for (const { type } of columns) conversion(type, config.format)
  shapeOf(config, published)
}

/** The tables that the rows of a file become. */
export function outputTables(
  dataset: string,
  config: Dataset,
  { accepted, columns }: { accepted: AcceptedRows; columns: Column[] },
): OutputTable[] {
  const { compression } = config
  return [{ name: dataset, source: { ...accepted, columns }, ...shapeOf(config, columns), compression }]
}

/**
 * How the result of a query divides into files, and what identifies its rows.
 * @throws UsageError UNKNOWN_COLUMN, PARTITION_TYPE, PARTITION_NAME_TAKEN
 */
export function tableShape(
  { key, partition }: { key: string[] | undefined; partition: string | undefined },
  config: Dataset,
  columns: readonly Column[],
): Pick<OutputTable, 'partitioning' | 'key' | 'compression'> {
  const own = { ...config, key, partition }
  const { compression } = config
  return { partitioning: partitioningOf(own, columns), key: keyOf(own, columns), compression }
}

/** What readers of a table see. */
export function tableResult({ name, source, timeseries, partitioning, key }: OutputTable): TableResult {
  const columns = timeseries ? expandedColumns(source.columns, timeseries) : source.columns
  return {
    name,
    columns: partitioning?.columns ?? columns,
    partitionKey: partitioning?.key ?? null,
    ...(key ? { key } : {}),
  }
}

function shapeOf(config: Dataset, columns: readonly Column[]) {
  const timeseries = timeseriesOf(config, columns)
  const own = timeseries ? expandedColumns(columns, timeseries) : columns
  return { timeseries, partitioning: partitioningOf(config, own), key: keyOf(config, own) }
}

/** @throws UsageError UNKNOWN_COLUMN */
function keyOf({ key }: Dataset, columns: readonly Column[]): string[] | undefined {
  for (const mentioned of key ?? []) typeOf('key', mentioned, columns)
  return key && [...new Set(key.map(columnName))]
}
