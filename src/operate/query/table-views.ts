import type { DuckDBConnection } from '@duckdb/node-api'
import type { CatalogColumn, CatalogTable } from './catalog.js'
import { identifier, literal } from './duckdb-session.js'
import { duckdbType, nestedType, ownName } from './hive-types.js'

/** A table with the columns of the catalog and no rows, so that statements bind and `show tables` shows it. */
export async function createEmptyTable(connection: DuckDBConnection, table: CatalogTable): Promise<void> {
  const columns = [...table.columns, ...table.partitionKeys].map(
    ({ name, type }) => `${identifier(name)} ${nestedType(type, table.jsonNames)}`,
  )
  // DuckDB has no table without columns.
  if (columns.length === 0) return
  await connection.run(`CREATE TABLE ${identifier(table.name)} (${columns.join(', ')})`)
}

/**
 * Puts a view over Parquet files in the place of the empty table. Columns are found by name and have the types of the
 * catalog; what a file lacks, because the column is younger, is null. Partition columns come from the folder names.
 */
export async function replaceByView(
  connection: DuckDBConnection,
  table: CatalogTable,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return
  if (table.format === 'json') return replaceByJsonView(connection, table, paths)
  const source = readParquet(table, paths)
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
  const present = new Set(described.getRows().map(([name]) => String(name).toLowerCase()))
  const columns = [...table.columns, ...table.partitionKeys].map((column) => selected(column, present))
  await connection.run(`DROP TABLE ${identifier(table.name)}`)
  await connection.run(`CREATE VIEW ${identifier(table.name)} AS SELECT ${columns.join(', ')} FROM ${source}`)
}

/** Fields are found by the names that the table maps its columns to; what a record lacks is null. */
async function replaceByJsonView(
  connection: DuckDBConnection,
  table: CatalogTable,
  paths: readonly string[],
): Promise<void> {
  const fields = table.columns.map(({ name, type }) => ({
    name,
    field: ownName(table.jsonNames, name) ?? name,
    type: nestedType(type, table.jsonNames),
  }))
  const types = fields.map(({ field, type }) => `${literal(field)}: ${literal(type)}`)
  const keys = table.partitionKeys.map(
    ({ name, type }) => `${literal(name)}: ${duckdbType(type) ?? 'VARCHAR'}`,
  )
  const hive =
    keys.length > 0
      ? `hive_partitioning = true, hive_types = {${keys.join(', ')}}`
      : 'hive_partitioning = false'
  const source =
    `read_json([${paths.map(literal).join(', ')}], format = 'newline_delimited', ignore_errors = true,` +
    ` columns = {${types.join(', ')}}, ${hive})`
  const columns = [
    ...fields.map(({ name, field }) => `${identifier(field)} AS ${identifier(name)}`),
    ...table.partitionKeys.map(({ name }) => identifier(name)),
  ]
  await connection.run(`DROP TABLE ${identifier(table.name)}`)
  await connection.run(`CREATE VIEW ${identifier(table.name)} AS SELECT ${columns.join(', ')} FROM ${source}`)
}

function readParquet(table: CatalogTable, paths: readonly string[]): string {
  const list = `[${paths.map(literal).join(', ')}]`
  if (table.partitionKeys.length === 0) {
    return `read_parquet(${list}, union_by_name = true, hive_partitioning = false)`
  }
  const types = table.partitionKeys.map(
    ({ name, type }) => `${literal(name)}: ${duckdbType(type) ?? 'VARCHAR'}`,
  )
  return `read_parquet(${list}, union_by_name = true, hive_partitioning = true, hive_types = {${types.join(', ')}})`
}

function selected({ name, type }: CatalogColumn, present: ReadonlySet<string>): string {
  const column = identifier(name)
  const target = duckdbType(type)
  if (!present.has(name.toLowerCase())) return `CAST(NULL AS ${target ?? 'VARCHAR'}) AS ${column}`
  return target === undefined ? column : `CAST(${column} AS ${target}) AS ${column}`
}
