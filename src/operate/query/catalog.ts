import {
  GetPartitionsCommand,
  GetTablesCommand,
  GlueClient,
  type Partition,
  type Table,
} from '@aws-sdk/client-glue'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'

export interface CatalogColumn {
  name: string
  /** As Glue and Hive name it: `string`, `int`, `decimal(10,2)`. */
  type: string
}

/** A table of the environment's Glue database. */
export interface CatalogTable {
  name: string
  columns: CatalogColumn[]
  partitionKeys: CatalogColumn[]
  /** `s3://bucket/prefix/` */
  location: string
  format: 'parquet' | 'json' | undefined
  /** Of a JSON table: column, or field within a column, to its name in the JSON where that differs. */
  jsonNames: Record<string, string>
}

export interface CatalogPartition {
  /** In the order of the table's partition keys. */
  values: string[]
  location: string
}

/** @throws DatapipeError ENVIRONMENT_NOT_UP when there is no database */
export async function catalogTables(aws: AwsContext, signal: AbortSignal): Promise<CatalogTable[]> {
  const tables: CatalogTable[] = []
  let token: string | undefined
  try {
    do {
      const page = await aws.clients
        .of(GlueClient)
        .send(new GetTablesCommand({ DatabaseName: aws.names.database, NextToken: token }), {
          abortSignal: signal,
        })
      tables.push(...(page.TableList ?? []).map(toTable))
      token = page.NextToken
    } while (token !== undefined && token !== '')
  } catch (error) {
    if (!isAwsError(error, 'EntityNotFoundException')) throw error
    throw new DatapipeError(
      'ENVIRONMENT_NOT_UP',
      `Environment ${aws.env} has no Glue database ${aws.names.database}.`,
      { cause: error, suggestions: [`Create it: datapipe up --env ${aws.env}`] },
    )
  }
  return tables
}

export async function catalogPartitions(
  aws: AwsContext,
  table: CatalogTable,
  signal: AbortSignal,
): Promise<CatalogPartition[]> {
  const partitions: CatalogPartition[] = []
  let token: string | undefined
  do {
    const page = await aws.clients.of(GlueClient).send(
      new GetPartitionsCommand({
        DatabaseName: aws.names.database,
        TableName: table.name,
        // The columns are the table's; leaving them out makes pages many times smaller.
        ExcludeColumnSchema: true,
        NextToken: token,
      }),
      { abortSignal: signal },
    )
    partitions.push(...(page.Partitions ?? []).map(toPartition))
    token = page.NextToken
  } while (token !== undefined && token !== '')
  return partitions
}

function toTable(table: Table): CatalogTable {
  const storage = table.StorageDescriptor
  const column = ({ Name: name = '', Type: type = 'string' }) => ({ name, type })
  return {
    name: table.Name ?? '',
    columns: (storage?.Columns ?? []).map(column),
    partitionKeys: (table.PartitionKeys ?? []).map(column),
    location: withSlash(storage?.Location ?? ''),
    format: formatOf(storage?.SerdeInfo?.SerializationLibrary ?? storage?.InputFormat ?? ''),
    jsonNames: Object.fromEntries(
      Object.entries(storage?.SerdeInfo?.Parameters ?? {})
        .filter(([name]) => name.startsWith(MAPPING))
        .map(([name, field]) => [name.slice(MAPPING.length), field]),
    ),
  }
}

/** Parameter of the OpenX JSON SerDe: `mapping.run_id` = `runId`. */
const MAPPING = 'mapping.'

function formatOf(serde: string): CatalogTable['format'] {
  if (/parquet/i.test(serde)) return 'parquet'
  return /json/i.test(serde) ? 'json' : undefined
}

function toPartition(partition: Partition): CatalogPartition {
  return {
    values: partition.Values ?? [],
    location: withSlash(partition.StorageDescriptor?.Location ?? ''),
  }
}

function withSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`
}
