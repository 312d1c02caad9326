import type { S3Client } from '@aws-sdk/client-s3'
import { MANIFESTS_PREFIX, manifestFolder } from '../layout.js'
import { listObjects } from './list.js'

/** The partitions of a table that have a manifest: '' for a table without partitions. */
export async function managedFolders(s3: S3Client, bucket: string, table: string): Promise<Set<string>> {
  const manifests = await listObjects(s3, bucket, `${MANIFESTS_PREFIX}/${table}/`)
  return new Set(manifests.map(({ key }) => manifestFolder(key)))
}
