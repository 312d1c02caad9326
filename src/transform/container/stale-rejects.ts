import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { rejectsPrefixes } from '../layout.js'
import type { ObjectVersion } from './fetch.js'
import { isSuperseded } from './superseded.js'

/**
 * Keys of the rejected rows that other versions of a source left, also those that were over the limit and published nothing:
 * with this version published nobody needs them any more. None when a newer version is there by now, for they may be its own.
 */
export async function staleRejects(
  s3: S3Client,
  { bucket, dataset, id }: { bucket: string; dataset: string; id: string },
  source: ObjectVersion,
  current: readonly string[],
): Promise<string[]> {
  const found: string[] = []
  for (const prefix of rejectsPrefixes(dataset, id)) {
    let token: string | undefined
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      )
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) found.push(Key)
      token = page.NextContinuationToken
    } while (token !== undefined)
  }
  const stale = found.filter((key) => !current.includes(key))
  // Asked after the listing: a version that left any of these was there before it.
  return stale.length === 0 || (await isSuperseded(s3, source)) ? [] : stale
}
