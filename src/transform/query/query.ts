import type { Dataset } from '../../config/dataset.js'
import { columnsAfter, declaredFor } from '../pii/actions.js'
import { columnsOf } from '../header.js'
import { ONLY_INPUT } from '../input/input.js'
import type { Column } from '../types.js'

/** A query that makes the rows of one table out of the inputs of a file. */
export interface Query {
  table: string
  sql: string
  partition: string | undefined
  key: string[] | undefined
  /** Where the configuration has it, for messages. */
  where: string
}

/** An input by the name that queries know it by. */
export interface QueryInput {
  name: string
  columns: readonly Column[]
}

/** What `source`, the table of one row, says of the file. The same on every run over the same version of the file. */
export interface SourceFacts {
  /** Key of the object, or name of the local file. */
  key: string
  /** Null for a local file and in a bucket without versions. */
  versionId: string | null
  /** When S3 got that version, or when the local file was last written to. */
  modifiedAt: Date
}

/** The one-row table with audit facts. */
export const SOURCE_TABLE = 'source'

/** The queries of a dataset; undefined when its rows become the table as they are. */
export function queriesOf(dataset: string, config: Dataset): Query[] | undefined {
  const { sql, tables, partition, key } = config
  if (tables) {
    return Object.entries(tables).map(([table, own]) => ({
      table,
      sql: own.sql,
      partition: own.partition,
      key: own.key,
      where: `datasets.${dataset}.tables.${table}.sql`,
    }))
  }
  if (sql === undefined) return undefined
  return [{ table: dataset, sql, partition, key, where: `datasets.${dataset}.sql` }]
}

/** What queries call the inputs of a dataset. */
export function inputNames({ sheets }: Pick<Dataset, 'sheets'>): string[] {
  return Object.keys(sheets ?? { [ONLY_INPUT]: {} })
}

/** The inputs as far as they are known before the file is read; undefined when one of them is not. */
export function knownInputs(
  config: Dataset,
  contract: readonly Column[] | undefined,
): QueryInput[] | undefined {
  const inputs = inputNames(config)
  const known = inputs.flatMap((name) => {
    const declared = declaredFor(config, name)
    const columns = inputs.length === 1 ? contract : declared && columnsOf(declared)
    return columns === undefined ? [] : [{ name, columns: columnsAfter(declared, columns) }]
  })
  return known.length === inputs.length ? known : undefined
}
