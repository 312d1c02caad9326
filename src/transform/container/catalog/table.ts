import {
  CreateTableCommand,
  GetTableCommand,
  type Column as GlueColumn,
  type GlueClient,
  type StorageDescriptor,
  type Table,
} from '@aws-sdk/client-glue'
import { z } from 'zod'
import { DatapipeError } from '../../../errors.js'
import type { ContractColumn } from '../../contract/contract.js'
import { hiveType, type ExistingTable } from '../../contract/hive.js'
import { tableChange, type TableChange, type TableTerms } from '../../contract/table.js'
import type { Column, InputResult, TableResult } from '../../types.js'
import { changeColumns, changedColumns, isUnfinished, isWidened } from './evolve.js'

/** What makes a table one of Parquet files. */
export const PARQUET_FORMAT = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: {
    SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    Parameters: { 'serialization.format': '1' },
  },
}
/** Table parameter with the columns of the source files: Glue's own types do not tell everything (timestamptz, samples). */
const SOURCE_COLUMNS = 'datapipe.columns'

const columnsSchema = z.array(z.object({ name: z.string(), type: z.string(), added: z.boolean().optional() }))

export interface TableTarget {
  database: string
  table: string
  bucket: string
}

/** Undefined before its first file. */
export async function findTable(
  glue: GlueClient,
  { database, table }: Pick<TableTarget, 'database' | 'table'>,
): Promise<Table | undefined> {
  try {
    return (await glue.send(new GetTableCommand({ DatabaseName: database, Name: table }))).Table
  } catch (error) {
    if ((error as Error).name === 'EntityNotFoundException') return undefined
    throw error
  }
}

/** The columns that files of the table were read with; undefined for a table that datapipe did not make. */
export function sourceColumns(table: Table | undefined): ContractColumn[] | undefined {
  const text = table?.Parameters?.[SOURCE_COLUMNS]
  return text === undefined ? undefined : columnsSchema.parse(JSON.parse(text))
}

/** A table in Hive's types. */
export function existingTable(table: Table): ExistingTable {
  const columns = (own: readonly GlueColumn[] | undefined) =>
    (own ?? []).map(({ Name = '', Type = '' }) => ({ name: Name, type: Type }))
  return {
    name: table.Name ?? '',
    columns: columns(table.StorageDescriptor?.Columns),
    partitionKeys: columns(table.PartitionKeys),
  }
}

/** What a load knew of the tables, and what it may change of them. */
export interface TableLoadTerms extends TableTerms {
  /** The tables as they were when the file was read; a table that is not among them was not there. */
  seen: readonly Table[]
}

const ATTEMPTS = 5

export interface EnsuredTable {
  result: TableResult
  isChanged: boolean
  isWidened: boolean
}

/**
 * Creates the table, or makes the one there fit: a column that it does not have is appended, a type that was declared wider
 * becomes so.
 * @returns the result with its columns in the order of the table; whether the table was there and changed; and whether a
 * partition of it may have narrower types, see `widenPartitions`
 * @throws DataError TABLE_DIFFERS; DatapipeError TABLE_CHANGED when another load changed it meanwhile, so that this one has
 * to begin again
 */
export async function ensureTable(
  glue: GlueClient,
  target: TableTarget,
  result: TableResult,
  inputs: readonly InputResult[],
  terms: TableLoadTerms,
): Promise<EnsuredTable> {
  const wanted = tableInput(target, result, inputs)
  for (let attempt = 1; ; attempt++) {
    const table = await findTable(glue, target)
    try {
      if (table) {
        const fitted = await fit(glue, target, table, result, inputs, terms)
        return { result: inOrderOf(table, result), ...fitted }
      }
      await glue.send(new CreateTableCommand({ DatabaseName: target.database, TableInput: wanted }))
      return { result, isChanged: false, isWidened: false }
    } catch (error) {
      // Another load was quicker: look again.
      const isRace = ['AlreadyExistsException', 'ConcurrentModificationException'].includes(
        (error as Error).name,
      )
      if (!isRace || attempt === ATTEMPTS) throw error
    }
  }
}

async function fit(
  glue: GlueClient,
  target: TableTarget,
  table: Table,
  result: TableResult,
  inputs: readonly InputResult[],
  terms: TableLoadTerms,
): Promise<Omit<EnsuredTable, 'result'>> {
  const before = table.Parameters?.[SOURCE_COLUMNS]
  let change: TableChange
  try {
    // A table that somebody else made is only filled.
    const policy = before === undefined ? 'freeze' : terms.policy
    change = tableChange(existingTable(table), result, { ...terms, policy })
  } catch (error) {
    const seen = terms.seen.find(({ Name }) => Name === table.Name)
    if (seen && JSON.stringify(existingTable(seen)) === JSON.stringify(existingTable(table))) throw error
    throw new DatapipeError(
      'TABLE_CHANGED',
      `Another load changed the table ${target.table} while ${terms.file} was read; nothing was published.`,
      { cause: error, suggestions: ['Run it again: it is then read as the table is now.'] },
    )
  }
  const [only, ...others] = inputs
  // Of several inputs nobody knows which the table is made of.
  const after = only && others.length === 0 ? JSON.stringify(only.columns) : before
  const isSame = change.added.length + change.widened.length === 0 && !isUnfinished(table)
  const wasWidened = isWidened(table) || change.widened.length > 0
  if (isSame && (before === undefined || after === before)) return { isChanged: false, isWidened: wasWidened }
  const parameters: Record<string, string> = after === undefined ? {} : { [SOURCE_COLUMNS]: after }
  await changeColumns(glue, target.database, table, changedColumns(table, change), parameters)
  return { isChanged: true, isWidened: wasWidened }
}

/** Hive tells the columns of a partition by their places; so they stand as those of the table do, new ones last. */
function inOrderOf({ StorageDescriptor }: Table, result: TableResult): TableResult {
  const names = (StorageDescriptor?.Columns ?? []).map(({ Name }) => Name)
  const place = ({ name }: Column) => (names.includes(name) ? names.indexOf(name) : names.length)
  return { ...result, columns: [...result.columns].sort((a, b) => place(a) - place(b)) }
}

/** A table as Glue is told of it. */
export function tableInput(
  { table, bucket }: TableTarget,
  { columns, partitionKey }: TableResult,
  inputs: readonly InputResult[],
) {
  const StorageDescriptor: StorageDescriptor = {
    ...PARQUET_FORMAT,
    Columns: columns.map(glueColumn),
    Location: `s3://${bucket}/${table}/`,
  }
  return {
    Name: table,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: partitionKey ? [glueColumn(partitionKey)] : [],
    StorageDescriptor,
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      'parquet.compression': 'ZSTD',
      [SOURCE_COLUMNS]: JSON.stringify(inputs[0]?.columns ?? []),
    },
  }
}

function glueColumn({ name, type }: Column): GlueColumn {
  return { Name: name, Type: hiveType(type) }
}
