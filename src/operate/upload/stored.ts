import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'
import { UploadClient } from './client.js'
import type { Content } from './content.js'
import { SHA256_METADATA, type Target } from './target.js'

/** What is under a key now: nothing, an object, or we may not look. */
export type Stored = { state: 'absent' } | { state: 'hidden' } | StoredObject

export interface StoredObject {
  state: 'present'
  bytes: number | undefined
  etag: string | undefined
  versionId: string | null
  /** SHA-256 that S3 computed: base64, with `-<parts>` behind it if the object was sent in parts. */
  checksum: string | undefined
  /** What the uploader said it is, hexadecimal. */
  claimed: string | undefined
}

/** S3 refuses a write unless what is there now is what was there when we looked. */
export interface Condition {
  IfNoneMatch?: '*'
  IfMatch?: string
}

/** Looks at what is stored under a key. Needs `s3:GetObject`, and `s3:ListBucket` to be told that there is nothing. */
export async function lookAt(aws: AwsContext, target: Target, signal: AbortSignal): Promise<Stored> {
  try {
    const head = await aws.clients.of(UploadClient).send(
      new HeadObjectCommand({
        Bucket: target.bucket,
        Key: target.key,
        ExpectedBucketOwner: aws.account,
        ChecksumMode: 'ENABLED',
      }),
      { abortSignal: signal },
    )
    return {
      state: 'present',
      bytes: head.ContentLength,
      etag: head.ETag,
      versionId: head.VersionId ?? null,
      checksum: head.ChecksumSHA256,
      claimed: head.Metadata?.[SHA256_METADATA],
    }
  } catch (error) {
    if (isAwsError(error, 'NotFound', 'NoSuchKey')) return { state: 'absent' }
    // An identity that may only put (spec §5.7), or somebody else's bucket: then the upload itself is refused.
    if (isForbidden(error)) return { state: 'hidden' }
    if (statusOf(error) === 400) await explain(aws, target, signal)
    throw error
  }
}

/** An answer to HEAD has no body, so it cannot say that the login has expired. The answer to a list can. */
async function explain(aws: AwsContext, { bucket, key }: Target, signal: AbortSignal): Promise<void> {
  const list = new ListObjectsV2Command({
    Bucket: bucket,
    ExpectedBucketOwner: aws.account,
    Prefix: key,
    MaxKeys: 1,
  })
  await aws.clients.of(UploadClient).send(list, { abortSignal: signal })
}

/** Whether an object is a file. What S3 computed counts more than what the uploader said. */
export function isSame(stored: StoredObject, content: Content): boolean {
  if (stored.bytes !== content.bytes) return false
  const { checksum } = stored
  const isCutOtherwise =
    checksum?.includes('-') === true && partCount(checksum) !== partCount(content.composite ?? '')
  if (checksum === undefined || isCutOtherwise) return stored.claimed === content.sha256
  return [toBase64(content.sha256), content.composite, digestOf(content.composite ?? '')].includes(checksum)
}

/** That nobody has written since we looked. */
export function conditionFor(stored: Stored): Condition {
  if (stored.state === 'absent') return { IfNoneMatch: '*' }
  return stored.state === 'present' && stored.etag !== undefined ? { IfMatch: stored.etag } : {}
}

/** Somebody wrote the object, completed the upload or gave it up since we looked: or it was us, and the answer was lost. */
export function isOvertaken(error: unknown): boolean {
  return isAwsError(
    error,
    'PreconditionFailed',
    'ConditionalRequestConflict',
    'NoSuchUpload',
    'InvalidPart',
    'NoSuchKey',
  )
}

/**
 * Compares what S3 says it stored with what was sent. It compares itself; this catches what answers for S3 and does not.
 * @param actual undefined: it did not say
 * @throws DatapipeError UPLOAD_CORRUPTED
 */
export function requireStored(
  object: { Bucket: string; Key: string },
  expected: string,
  actual: string | undefined,
): void {
  if (actual === undefined || digestOf(actual) === digestOf(expected)) return
  throw new DatapipeError(
    'UPLOAD_CORRUPTED',
    `s3://${object.Bucket}/${object.Key} was stored with checksum ${actual}, but the file has ${expected}.`,
    { suggestions: ['Run the same command again: a different content is uploaded anew.'] },
  )
}

function isForbidden(error: unknown): boolean {
  return statusOf(error) === 403 && isAwsError(error, 'Forbidden', 'AccessDenied', '403', 'Unknown*')
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

export function toBase64(hexadecimal: string): string {
  return Buffer.from(hexadecimal, 'hex').toString('base64')
}

/** Without the number of parts, which not everything that answers for S3 tells. */
function digestOf(checksum: string): string {
  return checksum.split('-')[0] ?? ''
}

function partCount(checksum: string): string | undefined {
  return checksum.split('-')[1]
}
