import type { Dataset } from '../config/dataset.js'
import { conversion } from './convert.js'
import { partitioningOf, type Partitioning } from './partition.js'
import type { ReadRows } from './read.js'
import { timeseriesOf, type Timeseries } from './rules.js'
import { expandedColumns } from './shape.js'
import type { Column, TableResult } from './types.js'

/** Rows that are to become a table of the lake: where they are, and how they divide into files. */
export interface OutputTable {
  name: string
  /** Typed rows in a Parquet file in scratch, in the order they are to have. */
  source: { path: string; rows: number; columns: Column[] }
  /** The rows are intervals, to be expanded on the way. */
  timeseries: Timeseries | undefined
  partitioning: Partitioning | undefined
  key: string[] | undefined
}

/** Names of the tables of a dataset; the first one keeps the contract. */
export function tableNames(dataset: string, { tables }: Dataset): [string, ...string[]] {
  const [first, ...rest] = Object.keys(tables ?? {})
  return first === undefined ? [dataset] : [first, ...rest]
}

/**
 * Checks that the shape of a dataset fits its columns.
 * @throws UsageError or DataError, see timeseriesOf and partitioningOf
 */
export function assertShape(config: Dataset, columns: readonly Column[]): void {
  for (const { type } of columns) conversion(type, config.format)
  shapeOf(config, columns)
}

/** The tables that the rows of a file become. */
export function outputTables(
  dataset: string,
  config: Dataset,
  { accepted, columns }: ReadRows,
): OutputTable[] {
  const plain = columns.map(({ name, type }) => ({ name, type }))
  return [
    { name: dataset, source: { ...accepted, columns: plain }, ...shapeOf(config, plain), key: config.key },
  ]
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
  return {
    timeseries,
    partitioning: partitioningOf(config, timeseries ? expandedColumns(columns, timeseries) : columns),
  }
}
