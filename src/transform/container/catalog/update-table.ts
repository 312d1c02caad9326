import { UpdateTableCommand, type GlueClient, type Table, type TableInput } from '@aws-sdk/client-glue'

/**
 * Changes some of what a table is. UpdateTable replaces all of it, so all of it is sent; the version is a lock, so that what
 * somebody else changes meanwhile is not lost (spec: UpdateTable replaces TableInput).
 * @param table as it was just read
 * @throws ConcurrentModificationException when it has changed since
 */
export async function updateTable(
  glue: GlueClient,
  database: string,
  table: Table,
  changes: Partial<TableInput>,
): Promise<void> {
  const { Name, Description, Owner, Parameters, PartitionKeys, Retention, TableType } = table
  const { StorageDescriptor, VersionId } = table
  const kept = { Description, Owner, Parameters, PartitionKeys, Retention, StorageDescriptor, TableType }
  await glue.send(
    new UpdateTableCommand({
      DatabaseName: database,
      TableInput: { Name, ...kept, ...changes },
      VersionId,
      SkipArchive: true,
    }),
  )
}
