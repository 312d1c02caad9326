import type { Names } from '../../aws/names.js'
import { policy, type PolicyDocument } from '../../aws/policy.js'

/** What may leave through the S3 gateway endpoint: our buckets, and the image layers that ECR keeps in S3 (spec §2.6, §10.1). */
export function s3EndpointPolicy(names: Names): PolicyDocument {
  const { account, region } = names.place
  const buckets = (['raw', 'transformed', 'artifacts', 'logs'] as const).map((purpose) =>
    names.bucketArn(purpose),
  )
  return policy(
    {
      Sid: 'OurBuckets',
      Effect: 'Allow',
      Principal: '*',
      Action: [
        's3:GetObject',
        's3:GetObjectVersion',
        's3:GetObjectVersionTagging',
        's3:PutObjectVersionTagging',
        's3:DeleteObjectVersionTagging',
        's3:PutObject',
        's3:DeleteObject',
        's3:ListBucket',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
        's3:GetBucketLocation',
      ],
      Resource: [...buckets, ...buckets.map((arn) => `${arn}/*`)],
      Condition: { StringEquals: { 'aws:PrincipalAccount': account } },
    },
    {
      // Layer addresses are signed by AWS's own account: no condition on ours.
      Sid: 'EcrLayers',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:${names.partition}:s3:::prod-${region}-starport-layer-bucket/*`,
    },
  )
}
