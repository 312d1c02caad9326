import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { DatapipeError, messageOf } from '../../errors.js'
import { getJson, putJson } from '../container/objects.js'
import { manifestKey } from '../layout.js'
import { manifestSchema, type Manifest } from './manifest.js'

/** Where the tables are. */
export interface Lake {
  s3: S3Client
  glue: GlueClient
  /** The transformed bucket. */
  bucket: string
  /** The Glue database. */
  database: string
}

/** One partition of a table. */
export interface Place {
  table: string
  /** The Hive folder, or '' for a table without partitions. */
  folder: string
}

export interface StoredManifest {
  manifest: Manifest
  etag: string
}

/** Undefined: the partition is neither merged nor compacted. @throws DatapipeError MANIFEST_INVALID */
export async function readManifest(
  { s3, bucket }: Pick<Lake, 's3' | 'bucket'>,
  { table, folder }: Place,
): Promise<StoredManifest | undefined> {
  const key = manifestKey(table, folder)
  const found = await getJson(s3, bucket, key)
  if (!found) return undefined
  const parsed = manifestSchema.safeParse(found.body)
  if (parsed.success) return { manifest: parsed.data, etag: found.etag }
  throw new DatapipeError(
    'MANIFEST_INVALID',
    `s3://${bucket}/${key} is no manifest that this version of datapipe knows: ${messageOf(parsed.error)}`,
    { suggestions: ['It may be written by a newer datapipe: update this one.'] },
  )
}

/** @returns the new etag @throws PreconditionLost when the manifest is not the one with this etag any more */
export async function writeManifest(
  { s3, bucket }: Pick<Lake, 's3' | 'bucket'>,
  { table, folder }: Place,
  manifest: Manifest,
  etag: string | undefined,
): Promise<string> {
  return putJson(s3, bucket, manifestKey(table, folder), manifest, { etag })
}
