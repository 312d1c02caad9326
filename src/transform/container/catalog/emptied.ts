import { dataKey } from '../../layout.js'
import type { Lake, Place } from '../../merge/lake.js'
import { listObjects } from '../../merge/list.js'
import { partitionOf } from '../../merge/partition-values.js'
import { switchLocations } from './location.js'

/**
 * Takes partitions out of Glue whose folder has no file any more. A load that brings a file at the same moment finds the
 * partition there and leaves it; so the folder is looked at once more, and the partition put back.
 */
export async function removeEmptied(lake: Lake, places: readonly Place[]): Promise<void> {
  for (const { table, folder } of places) {
    if (folder === '') continue
    const prefix = `${dataKey(table, folder, '')}/`
    const isEmpty = async () => (await listObjects(lake.s3, lake.bucket, prefix, { most: 1 })).length === 0
    if (!(await isEmpty())) continue
    const partition = partitionOf(folder)
    const target = { database: lake.database, table }
    await switchLocations(lake.glue, target, [{ partition, location: undefined }])
    if (await isEmpty()) continue
    await switchLocations(lake.glue, target, [{ partition, location: `s3://${lake.bucket}/${prefix}` }])
  }
}
