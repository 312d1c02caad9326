import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import { doubleCell, ExactNumber, type QueryCell } from './cells.js'

/** A DuckDB value as a cell: exact numbers, times as text with microseconds (with a zone: in UTC), nested values as lists and objects. */
export function duckdbCell(value: DuckDBValue): QueryCell {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return doubleCell(value)
  if (typeof value === 'bigint') return new ExactNumber(value.toString())
  if (value instanceof DuckDBDecimalValue) return new ExactNumber(value.toString())
  if (value instanceof DuckDBTimestampTZValue)
    return `${new DuckDBTimestampValue(value.micros).toString()}+00`
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(duckdbCell)
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, inner]) => [name, duckdbCell(inner)]))
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: inner }) => ({ key: duckdbCell(key), value: duckdbCell(inner) }))
  }
  if (value instanceof DuckDBUnionValue) return duckdbCell(value.value)
  return value.toString()
}
