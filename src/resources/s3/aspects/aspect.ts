import type { S3Client } from '@aws-sdk/client-s3'
import { retryConflict, retryNotFound, retryPropagation } from '../../../aws/retry.js'
import type { Change } from '../../../engine/change.js'
import type { Operation } from '../../../engine/operation.js'

/** A bucket as every call names it: with its owner, so that a bucket squatted elsewhere answers 403 (spec §1.1). */
export interface BucketTarget {
  readonly s3: S3Client
  readonly at: { readonly Bucket: string; readonly ExpectedBucketOwner: string }
}

/** One setting of a bucket, which S3 reads and writes with calls of its own. */
export interface Aspect {
  /** The property it answers for; its changes have this path or one below it. */
  readonly path: string
  /** The service cannot read back what was put, so it is put again with every update. */
  readonly unreadable?: boolean
  /** `null` when it was never set. */
  read(target: BucketTarget): Promise<unknown>
  /** Pure. @param seen what `read` answered */
  diff(seen: unknown): Change[]
  put(target: BucketTarget): Promise<unknown>
}

/** One put to a bucket: S3 takes them one at a time, and may not see yet a bucket or a principal made seconds ago. */
export function settle<T>(put: () => Promise<T>, op: Operation): Promise<T> {
  return retryNotFound(
    () => retryConflict(() => retryPropagation(put, op), op),
    'waiting for S3 to see the new bucket',
    op,
    'NoSuchBucket',
    // What PutBucketLogging says of a target that is as new.
    'InvalidTargetBucketForLogging',
  )
}
