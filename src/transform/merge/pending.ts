import { z } from 'zod'
import { getJson, putJson } from '../container/objects.js'
import { PENDING_PREFIX, pendingKey } from '../layout.js'
import { adopt } from './adopt.js'
import type { Recipe } from './build.js'
import type { Lake } from './lake.js'
import { listObjects } from './list.js'
import { removeObjects } from './remove.js'
import { settle } from './settle.js'

const pendingSchema = z.object({ schemaVersion: z.literal(1), folders: z.array(z.string()) })

/** No load lives that long; what it wrote down is settled by then. */
const LONGEST_LOAD_MS = 86_400_000

/** Notes, before any manifest changes, which partitions a load is going to switch. */
export async function notePending(
  { s3, bucket }: Lake,
  table: string,
  token: string,
  folders: readonly string[],
): Promise<void> {
  await putJson(s3, bucket, pendingKey(table, token), { schemaVersion: 1, folders })
}

export async function clearPending({ s3, bucket }: Lake, table: string, token: string): Promise<void> {
  await removeObjects(s3, bucket, [pendingKey(table, token)])
}

/**
 * Sends readers where other loads of the table would have: one that died between its manifest and the switch left readers
 * with the generation before. Loads that are under way lose nothing by it.
 * @param recipe for partitions whose first manifest is not complete, see `adopt`
 */
export async function finishPending(
  lake: Lake,
  dataset: string,
  table: string,
  recipe: Recipe,
): Promise<void> {
  const { s3, bucket } = lake
  for (const { key, lastModified } of await listObjects(s3, bucket, `${PENDING_PREFIX}/${table}/`)) {
    const found = await getJson(s3, bucket, key)
    // It has ended meanwhile.
    if (!found) continue
    const { folders } = pendingSchema.parse(found.body)
    for (const folder of folders) await adopt(lake, dataset, { table, folder }, recipe)
    await settle(lake, table, folders)
    if (Date.now() - lastModified > LONGEST_LOAD_MS) await removeObjects(s3, bucket, [key])
  }
}
