import { BatchCreatePartitionCommand, type GlueClient } from '@aws-sdk/client-glue'
import { DatapipeError } from '../../../errors.js'
import { HIVE_NULL } from '../../partition.js'
import type { Output, TableResult } from '../../types.js'
import { tableInput, type TableTarget } from './table.js'

/** Of BatchCreatePartition. */
const PARTITIONS_PER_CALL = 100

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
