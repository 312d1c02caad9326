import { GetBucketLoggingCommand, PutBucketLoggingCommand } from '@aws-sdk/client-s3'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect, BucketTarget } from './aspect.js'

export interface AccessLogs {
  /** Name of a bucket in the same region that S3 may write to; never the bucket itself. Resolved when it is used. */
  bucket: () => string
  prefix: string
}

/** Where S3 writes who accessed the bucket. */
export function accessLogs(wanted: AccessLogs): Aspect {
  const desired = () => ({ bucket: wanted.bucket(), prefix: wanted.prefix })
  return {
    path: 'accessLogs',
    async read({ at, s3 }) {
      const { LoggingEnabled: logging } = await s3.send(new GetBucketLoggingCommand(at))
      return logging === undefined ? null : { bucket: logging.TargetBucket, prefix: logging.TargetPrefix }
    },
    diff: (seen) => diffProperties({ accessLogs: seen }, { accessLogs: desired() }),
    put({ at, s3 }) {
      const { bucket, prefix } = desired()
      return s3.send(
        new PutBucketLoggingCommand({
          ...at,
          BucketLoggingStatus: { LoggingEnabled: { TargetBucket: bucket, TargetPrefix: prefix } },
        }),
      )
    },
  }
}

/** No more logs of this bucket: what is deleted from it would otherwise be logged. */
export async function stopAccessLogs({ at, s3 }: BucketTarget): Promise<void> {
  await s3.send(new PutBucketLoggingCommand({ ...at, BucketLoggingStatus: {} }))
}
