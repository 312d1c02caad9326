import { CreateTableCommand, type Column, type GlueClient } from '@aws-sdk/client-glue'
import { REJECTS_PREFIX } from '../layout.js'
import { REJECT_COLUMNS } from '../rejects.js'
import { findTable, PARQUET_FORMAT } from './catalog/table.js'
import type { Settings } from './settings.js'

/** The rejected rows of every dataset as a table. */
export const REJECTS_TABLE = REJECTS_PREFIX

/** Creates the table of the rejected rows if it is not there yet. It has no partitions: new rows are visible at once. */
export async function keepRejectsTable(
  glue: GlueClient,
  { database, transformedBucket }: Pick<Settings, 'database' | 'transformedBucket'>,
): Promise<void> {
  if (await findTable(glue, { database, table: REJECTS_TABLE })) return
  try {
    await glue.send(
      new CreateTableCommand({
        DatabaseName: database,
        TableInput: {
          Name: REJECTS_TABLE,
          Description:
            'Rows that datapipe could not load: what is wrong, where, and what the file has there.',
          TableType: 'EXTERNAL_TABLE',
          PartitionKeys: [],
          Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'parquet.compression': 'ZSTD' },
          StorageDescriptor: {
            ...PARQUET_FORMAT,
            Columns: REJECT_COLUMNS.map(([Name, Type]): Column => ({ Name, Type })),
            Location: `s3://${transformedBucket}/${REJECTS_PREFIX}/`,
          },
        },
      }),
    )
  } catch (error) {
    // Another load was quicker.
    if ((error as Error).name !== 'AlreadyExistsException') throw error
  }
}
