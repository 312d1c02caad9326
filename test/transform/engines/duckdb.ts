import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { bits, NAMES, PARTITION, TYPES, type Canonical, type CanonicalRow } from './table.js'

export interface Reading {
  /** Column name to the engine's own name of its type. */
  types: Record<string, string>
  /** In the order of `id`. */
  rows: CanonicalRow[]
}

/** Reads a table as a plain DuckDB does, without anything of ours. */
export async function readWithDuckDb(folder: string, isPartitioned: boolean): Promise<Reading> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const glob = join(folder, '**', '*.parquet').replaceAll("'", "''")
    const hive = isPartitioned ? `, hive_partitioning = true, hive_types = {'${PARTITION}': 'VARCHAR'}` : ''
    const table = `read_parquet('${glob}'${hive})`
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${table}`)
    const types = Object.fromEntries(
      described.getRows().map(([name, type]): [string, string] => [name as string, type as string]),
    )
    const values = NAMES.map((name) => `${canonical(name, TYPES[name] ?? '')} AS "${name}"`)
    const read = await connection.runAndReadAll(`SELECT ${values.join(', ')} FROM ${table} t ORDER BY t.id`)
    const rows = read
      .getRowObjects()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]): [string, Canonical] => [
            name,
            typeof value === 'number' ? bits(value) : (value as Canonical),
          ]),
        ),
      )
    return { types, rows }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function canonical(name: string, type: string): string {
  switch (type) {
    case 'double':
      return `"${name}"`
    case 'date':
      return `CAST(date_diff('day', DATE '1970-01-01', "${name}") AS VARCHAR)`
    case 'timestamp':
    case 'timestamptz':
      return `CAST(epoch_us("${name}") AS VARCHAR)`
    default:
      return `CAST("${name}" AS VARCHAR)`
  }
}
