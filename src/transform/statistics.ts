import { DuckDBMapValue, type DuckDBValue } from '@duckdb/node-api'
import type { Database } from './database.js'
import { identifier, literal } from './sql.js'

/** What DuckDB says of a column of a file that it wrote. */
export interface ColumnStatistics {
  nulls: number
  /** Lowest and highest value as DuckDB writes them, in UTC; undefined: there is none, or it is not known. */
  min?: string
  max?: string
}

/** By the name of the column. */
export type FileStatistics = ReadonlyMap<string, ColumnStatistics>

/** A Parquet file that DuckDB wrote, as RETURN_STATS tells of it. */
export interface CopiedFile {
  path: string
  rows: number
  statistics: FileStatistics
  /** Text of each key of PARTITION_BY. */
  keys: ReadonlyMap<string, string | null>
}

/** The `column_statistics` of RETURN_STATS: a map of maps, by the quoted name of the column. */
export function statisticsOf(value: DuckDBValue | undefined): FileStatistics {
  const columns = entriesOf(value).map(([quoted, facts]): [string, ColumnStatistics] => {
    const known = new Map(entriesOf(facts))
    return [unquoted(quoted), columnStatistics(known.get('null_count'), known.get('min'), known.get('max'))]
  })
  return new Map(columns)
}

/** The same of a file that was written some other way: from its rows. */
export async function scannedStatistics(
  database: Database,
  path: string,
  columns: readonly string[],
): Promise<FileStatistics> {
  const facts = columns.flatMap((name, index) => {
    const column = identifier(name)
    return [
      `count(*) - count(${column}) AS nulls${index}`,
      ...['min', 'max'].map((which) => `CAST(${which}(${column}) AS VARCHAR) AS ${which}${index}`),
    ]
  })
  const [row = {}] = await database.rows(
    `SELECT ${facts.join(', ')} FROM read_parquet(${literal(path)}, hive_partitioning = false)`,
  )
  return new Map(
    columns.map((name, index) => [
      name,
      columnStatistics(row[`nulls${index}`], row[`min${index}`], row[`max${index}`]),
    ]),
  )
}

function columnStatistics(
  nulls: DuckDBValue | undefined,
  min: DuckDBValue | undefined,
  max: DuckDBValue | undefined,
): ColumnStatistics {
  const text = (value: DuckDBValue | undefined) => (typeof value === 'string' ? value : undefined)
  return { nulls: Number(nulls), min: text(min), max: text(max) }
}

export function keysOf(value: DuckDBValue | undefined): ReadonlyMap<string, string | null> {
  return new Map(entriesOf(value).map(([key, text]) => [key, typeof text === 'string' ? text : null]))
}

function entriesOf(map: DuckDBValue | undefined): [string, DuckDBValue][] {
  return map instanceof DuckDBMapValue ? map.entries.map(({ key, value }) => [key as string, value]) : []
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')
}
