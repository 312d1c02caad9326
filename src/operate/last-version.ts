import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3'

/** The last content that an object had which was deleted. */
export async function lastVersion(
  s3: S3Client,
  bucket: string,
  key: string,
): Promise<{ versionId: string; bytes: number } | undefined> {
  let KeyMarker: string | undefined
  let VersionIdMarker: string | undefined
  do {
    const page = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, KeyMarker, VersionIdMarker }),
    )
    // The newest one of a key comes first.
    const found = page.Versions?.find((version) => version.Key === key)
    if (found) return { versionId: found.VersionId ?? '', bytes: found.Size ?? 0 }
    KeyMarker = page.NextKeyMarker
    VersionIdMarker = page.NextVersionIdMarker
  } while (KeyMarker !== undefined && KeyMarker !== '')
  return undefined
}
