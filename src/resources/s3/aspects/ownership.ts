import { GetBucketOwnershipControlsCommand, PutBucketOwnershipControlsCommand } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../aws/retry.js'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect } from './aspect.js'

/** ACLs are off: whatever is in the bucket belongs to its owner. */
export const OBJECT_OWNERSHIP = 'BucketOwnerEnforced'

export function ownership(): Aspect {
  return {
    path: 'ownership',
    async read({ at, s3 }) {
      const answer = await unlessMissing(
        s3.send(new GetBucketOwnershipControlsCommand(at)),
        'OwnershipControlsNotFoundError',
      )
      return answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? null
    },
    diff: (seen) => diffProperties({ ownership: seen }, { ownership: OBJECT_OWNERSHIP }),
    put: ({ at, s3 }) =>
      s3.send(
        new PutBucketOwnershipControlsCommand({
          ...at,
          OwnershipControls: { Rules: [{ ObjectOwnership: OBJECT_OWNERSHIP }] },
        }),
      ),
  }
}
