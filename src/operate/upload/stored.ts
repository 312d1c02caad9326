import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'
import { SHA256_METADATA, type Target } from './target.js'

/** What is under a key now: nothing, the same content, something else, or we may not look. */
export type Stored =
  { state: 'absent' | 'different' | 'hidden' } | { state: 'same'; versionId: string | null }

/** Compares what is stored under a key with a file's length and SHA-256. */
export async function compareStored(
  aws: AwsContext,
  target: Target,
  file: { bytes: number; sha256: string },
  signal: AbortSignal,
): Promise<Stored> {
  try {
    const head = await aws.clients
      .of(S3Client)
      .send(
        new HeadObjectCommand({ Bucket: target.bucket, Key: target.key, ExpectedBucketOwner: aws.account }),
        { abortSignal: signal },
      )
    const same = head.ContentLength === file.bytes && head.Metadata?.[SHA256_METADATA] === file.sha256
    return same ? { state: 'same', versionId: head.VersionId ?? null } : { state: 'different' }
  } catch (error) {
    if (isAwsError(error, 'NotFound', 'NoSuchKey')) return { state: 'absent' }
    // An identity that may only put (spec §5.7), or somebody else's bucket: then the upload itself is refused.
    if (isForbidden(error)) return { state: 'hidden' }
    throw error
  }
}

function isForbidden(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  return status === 403 && isAwsError(error, 'Forbidden', 'AccessDenied', '403', 'Unknown*')
}

/**
 * S3 compares checksums itself; this catches what answers for S3 and does not.
 * @param actual undefined: it did not say
 * @throws DatapipeError UPLOAD_CORRUPTED
 */
export function requireStored(
  object: { Bucket: string; Key: string },
  expected: string,
  actual: string | undefined,
): void {
  if (actual === undefined || actual === expected) return
  throw new DatapipeError(
    'UPLOAD_CORRUPTED',
    `s3://${object.Bucket}/${object.Key} was stored with checksum ${actual}, but the file has ${expected}.`,
    { suggestions: ['Run the same command again: a different content is uploaded anew.'] },
  )
}
