import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import { isAwsError } from '../aws/retry.js'
import { DatapipeError } from '../errors.js'

/** The current version of an uploaded file. */
export interface InboxObject {
  bucket: string
  key: string
  versionId: string
  bytes: number
}

/**
 * The current versions of the uploaded files, oldest upload first. Folder markers and empty objects are none.
 * @param prefix within the raw bucket
 * @param sinceMs only what was uploaded then or later
 * @throws DatapipeError ENVIRONMENT_NOT_UP
 */
export async function listInbox(
  aws: AwsContext,
  signal: AbortSignal,
  prefix = 'inbox/',
  sinceMs = 0,
): Promise<InboxObject[]> {
  const bucket = aws.names.bucket('raw')
  const found: (InboxObject & { uploadedMs: number })[] = []
  let keyMarker: string | undefined
  let versionMarker: string | undefined
  do {
    const page = await aws.clients
      .of(S3Client)
      .send(
        new ListObjectVersionsCommand({
          Bucket: bucket,
          Prefix: prefix,
          KeyMarker: keyMarker,
          VersionIdMarker: versionMarker,
          ExpectedBucketOwner: aws.account,
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        throw bucketMissing(aws, bucket, error)
      })
    for (const version of page.Versions ?? []) {
      const { IsLatest: latest, Key: key = '', Size: bytes = 0, VersionId: versionId = 'null' } = version
      if (latest !== true || bytes === 0 || key.endsWith('/')) continue
      found.push({ bucket, key, versionId, bytes, uploadedMs: version.LastModified?.getTime() ?? 0 })
    }
    keyMarker = page.IsTruncated === true ? page.NextKeyMarker : undefined
    versionMarker = page.IsTruncated === true ? page.NextVersionIdMarker : undefined
  } while (keyMarker !== undefined)
  return found
    .filter(({ uploadedMs }) => uploadedMs >= sinceMs)
    .sort((a, b) => a.uploadedMs - b.uploadedMs || (a.key < b.key ? -1 : 1))
    .map(({ bytes, key, versionId }) => ({ bucket, key, versionId, bytes }))
}

/** Says what a missing bucket means; any other error as it is. */
export function bucketMissing(aws: AwsContext, bucket: string, error: unknown): unknown {
  if (!isAwsError(error, 'NoSuchBucket')) return error
  return new DatapipeError('ENVIRONMENT_NOT_UP', `Environment ${aws.env} has no bucket ${bucket}.`, {
    cause: error,
    suggestions: [`Create it: datapipe up --env ${aws.env}`],
  })
}
