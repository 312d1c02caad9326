import { CreateBucketCommand, type BucketLocationConstraint } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { upperTags, type Tags } from '../../aws/tags.js'
import type { Operation } from '../../engine/operation.js'
import { retryWhile, waitFor } from '../../engine/wait.js'
import type { BucketTarget } from './aspects/aspect.js'
import { OBJECT_OWNERSHIP } from './aspects/ownership.js'
import { bucketTaken, headBucket } from './head.js'

const MINUTE = 60_000

/**
 * Creates a bucket with its tags, and waits until S3 sees it.
 *
 * @returns false when it was there already, made by another run a moment ago
 * @throws DatapipeError BUCKET_NOT_OURS when another account has the name
 */
export async function createBucket(
  aws: AwsContext,
  target: BucketTarget,
  tags: Tags,
  op: Operation,
): Promise<boolean> {
  const name = target.at.Bucket
  const created = await retryWhile(
    () => sendCreate(aws, target, tags),
    {
      what: `waiting for S3 to free the name ${name}, deleted a moment ago`,
      retryable: (error) => isAwsError(error, 'OperationAborted'),
      // A name in the global namespace can take up to an hour (spec §14).
      timeoutMs: aws.names.place.bucketNamespace === 'global' ? 60 * MINUTE : 5 * MINUTE,
      minDelayMs: 500,
      maxDelayMs: 15_000,
    },
    op,
  )
  await waitFor(
    {
      what: `bucket ${name} to exist`,
      poll: () => headBucket(target),
      check: (head) => (head === undefined ? 'pending' : 'done'),
      timeoutMs: MINUTE,
    },
    op,
  )
  return created
}

async function sendCreate(aws: AwsContext, { at, s3 }: BucketTarget, tags: Tags): Promise<boolean> {
  const accountRegional = aws.names.place.bucketNamespace === 'account-regional'
  try {
    await s3.send(
      new CreateBucketCommand({
        Bucket: at.Bucket,
        ObjectOwnership: OBJECT_OWNERSHIP,
        // Only this account can ever own such a name; old emulators refuse the header (spec §3).
        ...(accountRegional && !aws.emulated ? { BucketNamespace: 'account-regional' } : {}),
        CreateBucketConfiguration: {
          // us-east-1 is the default, and is refused when it is named.
          ...(aws.region === 'us-east-1'
            ? {}
            : { LocationConstraint: aws.region as BucketLocationConstraint }),
          Tags: upperTags(tags),
        },
      }),
    )
    return true
  } catch (error) {
    if (isAwsError(error, 'BucketAlreadyOwnedByYou')) return false
    if (isAwsError(error, 'BucketAlreadyExists')) throw bucketTaken(at.Bucket, error)
    throw error
  }
}
