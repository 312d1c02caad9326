import type { Names } from '../../aws/names.js'
import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'
import { INBOX_PREFIX } from '../../transform/layout.js'
import { ours } from './deployer-tagged.js'

/** The environment's key, as S3 uses it for whoever asks S3. The id of a key is random: its tags say which it is. */
export function keyThroughS3(names: Names): Statement {
  const { StringEquals: tags } = ours(names)
  return {
    Sid: 'KeyThroughS3',
    Effect: 'Allow',
    // Decrypt: S3 reads the parts of a multipart upload again.
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: names.arn('kms', 'key/*'),
    Condition: {
      StringEquals: { ...tags, 'kms:ViaService': `s3.${names.place.region}.amazonaws.com` },
    },
  }
}

/**
 * The machine that runs `datapipe upload` from cron: puts files into the inbox and sees whether the same content is there
 * already, no more (spec §5.7). It can overwrite, which in a versioned bucket deletes nothing.
 */
export function uploadPolicy(names: Names): PolicyDocument {
  const raw = names.bucketArn('raw')
  return policy(
    { Sid: 'WhoAmI', Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' },
    {
      // Without s3:ListBucket a missing key is 403, not 404. A condition on the prefix would not hold for HeadObject.
      Sid: 'SeeWhatIsMissing',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: raw,
    },
    {
      // To continue what was cut off. It knows no condition on the prefix.
      Sid: 'SeeWhatIsUnfinished',
      Effect: 'Allow',
      Action: 's3:ListBucketMultipartUploads',
      Resource: raw,
    },
    {
      Sid: 'Inbox',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
      Resource: `${raw}/${INBOX_PREFIX}/*`,
    },
    keyThroughS3(names),
  )
}
