import type { Dataset } from '../../config/dataset.js'
import { conversion } from '../convert.js'
import { partitioningOf } from '../partition.js'
import type { AcceptedRows } from '../read.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'

/** SQL: the accepted rows as one table with all their columns, also where the folders of their partitions hold one. */
export function acceptedTable(
  { path, parts }: AcceptedRows,
  columns: readonly Column[],
  config: Dataset,
): string {
  if (parts === undefined) return `read_parquet(${literal(path)}, hive_partitioning = false)`
  const files = `[${parts.map((part) => literal(part.path)).join(', ')}]`
  const partitioning = partitioningOf(config, columns)
  const type = columns.find(({ name }) => name === partitioning?.column)?.type
  const isInside = partitioning?.columns.some(({ name }) => name === partitioning.column) !== false
  if (partitioning === undefined || type === undefined || isInside)
    return `read_parquet(${files}, hive_partitioning = false)`
  const values = parts.map((part) => {
    const value = part.value === null ? 'NULL' : literal(part.value)
    return `(${literal(part.path)}, ${value})`
  })
  const { sqlType } = conversion(type, config.format)
  return (
    `(SELECT r.* EXCLUDE ("#file"), CAST(v."#value" AS ${sqlType}) AS ${identifier(partitioning.column)}` +
    ` FROM read_parquet(${files}, hive_partitioning = false, filename = '#file') r` +
    ` JOIN (VALUES ${values.join(', ')}) v("#path", "#value") ON r."#file" = v."#path")`
  )
}
