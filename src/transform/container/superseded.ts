import type { S3Client } from '@aws-sdk/client-s3'
import type { ObjectVersion } from './fetch.js'
import { headObject } from './objects.js'

/** Whether the object has a newer version by now. One that was deleted meanwhile has none. */
export async function isSuperseded(
  s3: S3Client,
  { bucket, key, versionId }: ObjectVersion,
): Promise<boolean> {
  if (versionId === undefined) return false
  const current = await headObject(s3, bucket, key)
  return current?.VersionId !== undefined && current.VersionId !== versionId
}
