import { GetPublicAccessBlockCommand, PutPublicAccessBlockCommand } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../aws/retry.js'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect } from './aspect.js'

const ALL_BLOCKED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
}

/** No policy and no ACL can make the bucket public. The default of new buckets since 2023, asserted all the same. */
export function publicAccess(): Aspect {
  return {
    path: 'publicAccess',
    async read({ at, s3 }) {
      const answer = await unlessMissing(
        s3.send(new GetPublicAccessBlockCommand(at)),
        'NoSuchPublicAccessBlockConfiguration',
      )
      return answer?.PublicAccessBlockConfiguration ?? null
    },
    diff: (seen) => diffProperties({ publicAccess: seen }, { publicAccess: ALL_BLOCKED }),
    put: ({ at, s3 }) =>
      s3.send(new PutPublicAccessBlockCommand({ ...at, PublicAccessBlockConfiguration: ALL_BLOCKED })),
  }
}
