import { deleteUnchanged, headObject } from '../../transform/container/objects.js'
import { copyObject } from '../../transform/merge/copy.js'
import type { Lake } from '../../transform/merge/lake.js'
import type { RunRecord } from '../../transform/record.js'
import { lastVersion } from '../last-version.js'

type Rejects = NonNullable<RunRecord['rejects']>

/**
 * Brings back the rejected rows of a version, which a later one deleted, as long as S3 keeps them. Their keys name the version, so
 * whatever was there last is theirs.
 * @returns null: they are no longer kept
 */
export async function restoreRejects(
  { s3, bucket }: Lake,
  rejects: Rejects | null | undefined,
): Promise<Rejects | null> {
  if (!rejects) return null
  for (const key of [rejects.parquet, rejects.csv]) {
    if (await headObject(s3, bucket, key)) continue
    const last = await lastVersion(s3, bucket, key)
    if (!last) return null
    await copyObject(s3, { bucket, from: key, versionId: last.versionId, to: key, bytes: last.bytes })
  }
  return rejects
}

/** Deletes rejected rows of versions that are taken out. */
export async function removeRejects(
  { s3, bucket }: Lake,
  keys: Iterable<string>,
  assertOurs: () => Promise<void>,
): Promise<void> {
  for (const key of keys) {
    const etag = (await headObject(s3, bucket, key))?.ETag
    await assertOurs()
    if (etag !== undefined) await deleteUnchanged(s3, bucket, key, etag)
  }
}
