import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'

export interface ListedObject {
  key: string
  bytes: number
  lastModified: number
  etag: string
}

/** The objects below a prefix, in the order of their keys. */
export async function listObjects(
  s3: S3Client,
  bucket: string,
  prefix: string,
  { most, signal }: { most?: number; signal?: AbortSignal } = {},
): Promise<ListedObject[]> {
  const found: ListedObject[] = []
  let token: string | undefined
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: most, ContinuationToken: token }),
      { abortSignal: signal },
    )
    for (const { ETag: etag = '', Key: key = '', LastModified, Size: bytes = 0 } of page.Contents ?? []) {
      found.push({ key, bytes, lastModified: LastModified?.getTime() ?? 0, etag })
    }
    token = page.NextContinuationToken
  } while (token !== undefined && found.length < (most ?? Number.POSITIVE_INFINITY))
  return found
}
