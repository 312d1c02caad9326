import { GetTablesCommand, GlueClient, type Table } from '@aws-sdk/client-glue'
import type { AwsContext } from '../../aws/context.js'

/** A table that the crawler made or updated. */
export interface CrawledTable {
  name: string
  columns: number
  partitionKeys: string[]
  /** As the crawler counted them, by sampling; null when it did not. */
  rows: number | null
  /** `s3://bucket/prefix/` */
  location: string
}

/** The tables of the crawler, by name. A crawler writes its name into the tables that it keeps. */
export async function crawledTables(aws: AwsContext, signal: AbortSignal): Promise<CrawledTable[]> {
  const glue = aws.clients.of(GlueClient)
  const tables: CrawledTable[] = []
  let token: string | undefined
  do {
    const page = await glue.send(
      new GetTablesCommand({ DatabaseName: aws.names.database, NextToken: token }),
      { abortSignal: signal },
    )
    tables.push(
      ...(page.TableList ?? [])
        .filter((table) => table.Parameters?.UPDATED_BY_CRAWLER === aws.names.crawler)
        .map(toCrawledTable),
    )
    token = page.NextToken
  } while (token !== undefined && token !== '')
  return tables.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function toCrawledTable(table: Table): CrawledTable {
  const rows = Number(table.Parameters?.recordCount ?? Number.NaN)
  return {
    name: table.Name ?? '',
    columns: table.StorageDescriptor?.Columns?.length ?? 0,
    partitionKeys: (table.PartitionKeys ?? []).map(({ Name }) => Name ?? ''),
    rows: Number.isFinite(rows) ? rows : null,
    location: table.StorageDescriptor?.Location ?? '',
  }
}
