import { BatchDeleteTableCommand, paginateGetTables, type GlueClient } from '@aws-sdk/client-glue'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'

/** BatchDeleteTable takes 100 (spec §11.1). */
const BATCH = 100

/**
 * Deletes every table of a database; data in S3 stays. A database or table that is gone already is fine.
 * @throws DatapipeError GLUE_TABLES_NOT_DELETED: the call succeeds as a whole and fails table by table
 */
export async function deleteTables(glue: GlueClient, database: string): Promise<void> {
  const names = await tableNames(glue, database)
  const failed: string[] = []
  for (let start = 0; start < names.length; start += BATCH) {
    const { Errors } = await glue.send(
      new BatchDeleteTableCommand({
        DatabaseName: database,
        TablesToDelete: names.slice(start, start + BATCH),
      }),
    )
    for (const { ErrorDetail, TableName } of Errors ?? []) {
      if (ErrorDetail?.ErrorCode === 'EntityNotFoundException') continue
      failed.push(
        `${TableName ?? '?'}: ${ErrorDetail?.ErrorMessage ?? ErrorDetail?.ErrorCode ?? 'no reason given'}`,
      )
    }
  }
  if (failed.length > 0) {
    throw new DatapipeError(
      'GLUE_TABLES_NOT_DELETED',
      `Glue did not delete ${failed.length} tables of the database ${database}: ${failed.join('; ')}`,
      { suggestions: ['Run the same command again: it continues where this run stopped.'] },
    )
  }
}

async function tableNames(glue: GlueClient, database: string): Promise<string[]> {
  const names: string[] = []
  try {
    for await (const page of paginateGetTables({ client: glue }, { DatabaseName: database })) {
      names.push(...(page.TableList ?? []).map((table) => table.Name ?? ''))
    }
  } catch (error) {
    if (!isAwsError(error, 'EntityNotFoundException')) throw error
  }
  return names
}
