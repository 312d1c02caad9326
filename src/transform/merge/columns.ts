import type { Database } from '../database.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'

const TYPES: Record<string, string> = {
  VARCHAR: 'string',
  BOOLEAN: 'boolean',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  DOUBLE: 'double',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
}

/** SQL type of a column type. */
export function sqlType(type: string): string {
  const found = Object.entries(TYPES).find(([, own]) => own === type)
  return found?.[0] ?? type.toUpperCase()
}

/**
 * Columns of some Parquet files taken together, by name. A type that files disagree on is the wider one.
 * @returns in the order of the first file; what later files add comes after
 */
export async function columnsOf(database: Database, paths: readonly string[]): Promise<Column[]> {
  const rows = await database.rows(`DESCRIBE SELECT * FROM ${filesSql(paths)}`)
  return rows.map(({ column_name: name, column_type: type }) => ({
    name: String(name),
    type: columnType(String(type)),
  }))
}

/** SQL: the rows of Parquet files, columns by name. */
export function filesSql(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true)`
}

/** SQL: columns in the types wanted. */
export function selected(columns: readonly Column[]): string {
  return columns
    .map(({ name, type }) => `CAST(${identifier(name)} AS ${sqlType(type)}) AS ${identifier(name)}`)
    .join(', ')
}

function columnType(type: string): string {
  return TYPES[type] ?? type.toLowerCase()
}
