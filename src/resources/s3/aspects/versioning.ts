import { GetBucketVersioningCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect } from './aspect.js'

/** Every version is kept: an overwritten or deleted file can be had back. Once on, S3 can only suspend it. */
export function versioning(): Aspect {
  return {
    path: 'versioning',
    read: async ({ at, s3 }) => (await s3.send(new GetBucketVersioningCommand(at))).Status ?? null,
    diff: (seen) => diffProperties({ versioning: seen }, { versioning: 'Enabled' }),
    put: ({ at, s3 }) =>
      s3.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } })),
  }
}
