import {
  BatchCreatePartitionCommand,
  CreateTableCommand,
  GetTableCommand,
  type Column as GlueColumn,
  type GlueClient,
  type StorageDescriptor,
  type Table,
} from '@aws-sdk/client-glue'
import { z } from 'zod'
import { DatapipeError } from '../../errors.js'
import { DataError } from '../errors.js'
import { HIVE_NULL } from '../partition.js'
import type { Column, InputResult, Output, TableResult } from '../types.js'

const FORMAT = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: {
    SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    Parameters: { 'serialization.format': '1' },
  },
}
/** Table parameter with the columns of the source files: Glue's own types do not tell everything (timestamptz, samples). */
const SOURCE_COLUMNS = 'datapipe.columns'
/** Of BatchCreatePartition. */
const PARTITIONS_PER_CALL = 100

const columnsSchema = z.array(z.object({ name: z.string(), type: z.string() }))

export interface TableTarget {
  database: string
  table: string
  bucket: string
}

/** Undefined before its first file. */
export async function findTable(
  glue: GlueClient,
  { database, table }: TableTarget,
): Promise<Table | undefined> {
  try {
    return (await glue.send(new GetTableCommand({ DatabaseName: database, Name: table }))).Table
  } catch (error) {
    if ((error as Error).name === 'EntityNotFoundException') return undefined
    throw error
  }
}

/** The columns that files of the table were read with; undefined for a table that datapipe did not make. */
export function contractOf(table: Table | undefined): Column[] | undefined {
  const text = table?.Parameters?.[SOURCE_COLUMNS]
  return text === undefined ? undefined : columnsSchema.parse(JSON.parse(text))
}

/**
 * Creates the table, or checks that the one there has the same columns and partitions.
 * @throws DataError TABLE_DIFFERS
 */
export async function ensureTable(
  glue: GlueClient,
  target: TableTarget,
  result: TableResult,
  inputs: readonly InputResult[],
): Promise<void> {
  const wanted = tableInput(target, result, inputs)
  let table = await findTable(glue, target)
  if (!table) {
    try {
      await glue.send(new CreateTableCommand({ DatabaseName: target.database, TableInput: wanted }))
      return
    } catch (error) {
      if ((error as Error).name !== 'AlreadyExistsException') throw error
      // Another first file of the dataset was quicker.
      table = await findTable(glue, target)
    }
  }
  const found = `${columnList(table?.StorageDescriptor?.Columns)} partitioned by (${columnList(table?.PartitionKeys)})`
  const needed = `${columnList(wanted.StorageDescriptor.Columns)} partitioned by (${columnList(wanted.PartitionKeys)})`
  if (found === needed) return
  throw new DataError(
    'TABLE_DIFFERS',
    `The table ${target.table} has ${found}; this file would give ${needed}.`,
    {
      suggestions: ['Change the dataset in datapipe.yaml back, or use a dataset with another name.'],
    },
  )
}

/** Makes the partitions of some outputs known; those that are known already stay as they are. */
export async function ensurePartitions(
  glue: GlueClient,
  target: TableTarget,
  result: TableResult,
  outputs: readonly Output[],
): Promise<void> {
  const { StorageDescriptor } = tableInput(target, result, [])
  const inputs = outputs
    .filter(({ partition }) => Object.keys(partition).length > 0)
    .map(({ partition, path }) => ({
      Values: Object.values(partition).map((value) => value ?? HIVE_NULL),
      StorageDescriptor: {
        ...StorageDescriptor,
        Location: `s3://${target.bucket}/${path.slice(0, path.lastIndexOf('/'))}/`,
      },
    }))
  for (let from = 0; from < inputs.length; from += PARTITIONS_PER_CALL) {
    const response = await glue.send(
      new BatchCreatePartitionCommand({
        DatabaseName: target.database,
        TableName: target.table,
        PartitionInputList: inputs.slice(from, from + PARTITIONS_PER_CALL),
      }),
    )
    const failed = (response.Errors ?? []).find(
      ({ ErrorDetail }) => ErrorDetail?.ErrorCode !== 'AlreadyExistsException',
    )
    if (failed) {
      const { ErrorCode, ErrorMessage } = failed.ErrorDetail ?? {}
      throw new DatapipeError(
        'PARTITION_NOT_REGISTERED',
        `Glue did not take the partition ${failed.PartitionValues?.join('/')} of ${target.table}: ${ErrorCode}: ${ErrorMessage}`,
      )
    }
  }
}

function tableInput(
  { table, bucket }: TableTarget,
  { columns, partitionKey }: TableResult,
  inputs: readonly InputResult[],
) {
  const StorageDescriptor: StorageDescriptor = {
    ...FORMAT,
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
  return { Name: name, Type: glueType(type) }
}

/** Hive's names; Athena has no timestamp with a zone in tables, its timestamp is in UTC. */
function glueType(type: string): string {
  if (type === 'integer') return 'int'
  return type === 'timestamptz' ? 'timestamp' : type.replace(/\s/g, '')
}

function columnList(columns: readonly GlueColumn[] | undefined): string {
  return (columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`).join(', ')
}
