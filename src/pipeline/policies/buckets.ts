import type { BucketPurpose, Names } from '../../aws/names.js'
import { LEASE_PREFIX } from '../../aws/s3-lease-store.js'
import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'
import { PII_KEY_OBJECT } from '../../transform/pii/key.js'
import { flowLogDelivery } from './flow-logs.js'

function tlsOnly(bucketArn: string): Statement[] {
  const everything = [bucketArn, `${bucketArn}/*`]
  return [
    {
      Sid: 'DenyInsecureTransport',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: everything,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'DenyOldTls',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: everything,
      Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
    },
  ]
}

/**
 * Buckets with the environment's key: TLS 1.2 or better, and no other encryption. A client that sends no header gets the
 * bucket's default; the unconditional deny would break DataSync, Athena and Glue (spec §5.5).
 * @param options `piiKey`: the bucket holds the key of the hashes of personal data
 */
export function dataBucketPolicy(
  names: Names,
  purpose: BucketPurpose,
  { piiKey = false }: { piiKey?: boolean } = {},
): PolicyDocument {
  const arn = names.bucketArn(purpose)
  return policy(
    ...tlsOnly(arn),
    {
      Sid: 'DenyWrongSse',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      // A lease is encrypted by S3 itself: it must be writable when the key is disabled, to repair just that.
      ...(purpose === 'artifacts' ? { NotResource: `${arn}/${LEASE_PREFIX}*` } : { Resource: `${arn}/*` }),
      Condition: {
        StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' },
        Null: { 's3:x-amz-server-side-encryption': 'false' },
      },
    },
    ...(piiKey ? [tasksOnly(names, arn)] : []),
  )
}

/** Whatever else somebody in the account may read: the key of the hashes is read by the transform alone. */
function tasksOnly(names: Names, bucketArn: string): Statement {
  return {
    Sid: 'PiiKeyForTasksOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: ['s3:GetObject', 's3:GetObjectVersion'],
    Resource: `${bucketArn}/${PII_KEY_OBJECT}`,
    Condition: { StringNotEquals: { 'aws:PrincipalArn': names.roleArn('ecs-task') } },
  }
}

/** Where the access logs of a bucket go, in the logs bucket. */
export function accessLogPrefix(source: BucketPurpose): string {
  return `access/${source}/`
}

/**
 * The bucket that S3 delivers access logs to: each source may write under its own prefix only (spec §5.5). With flow logs,
 * AWS delivers those too.
 */
export function logsBucketPolicy(
  names: Names,
  sources: readonly BucketPurpose[],
  { flowLogs = false }: { flowLogs?: boolean } = {},
): PolicyDocument {
  const arn = names.bucketArn('logs')
  const delivery = sources.map((source): Statement => ({
    Sid: `S3AccessLogs${source.charAt(0).toUpperCase()}${source.slice(1)}`,
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `${arn}/${accessLogPrefix(source)}*`,
    Condition: {
      StringEquals: { 'aws:SourceAccount': names.place.account },
      ArnLike: { 'aws:SourceArn': names.bucketArn(source) },
    },
  }))
  return policy(...delivery, ...(flowLogs ? flowLogDelivery(names) : []), ...tlsOnly(arn))
}
