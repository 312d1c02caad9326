import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type LifecycleRule,
  type LoggingEnabled,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3'
import { drift, type Drift } from '../drift.js'
import type { World } from '../world.js'

type Purpose = 'artifacts' | 'raw' | 'transformed' | 'logs'

const bucket = (
  purpose: Purpose,
  paths: string | string[],
  by: (s3: S3Client, Bucket: string) => Promise<unknown>,
): Drift =>
  drift(`storage/${purpose}`, paths, (world) => by(world.client(S3Client), world.aws.names.bucket(purpose)))

const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
}
const open = (purpose: Purpose, flag: keyof typeof BLOCKED) =>
  bucket(purpose, `publicAccess.${flag}`, (s3, Bucket) =>
    s3.send(
      new PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: { ...BLOCKED, [flag]: false },
      }),
    ),
  )

const encryption = (
  purpose: Purpose,
  paths: string | string[],
  change: (rule: ServerSideEncryptionRule) => ServerSideEncryptionRule,
) =>
  bucket(purpose, paths, async (s3, Bucket) => {
    const { ServerSideEncryptionConfiguration: found } = await s3.send(
      new GetBucketEncryptionCommand({ Bucket }),
    )
    const Rules = (found?.Rules ?? []).map(change)
    return s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }))
  })

/** One rule of a bucket, changed; `undefined` takes it away. */
const lifecycle = (
  purpose: Purpose,
  path: string,
  rule: string,
  change: (rule: LifecycleRule) => LifecycleRule | undefined,
) =>
  bucket(purpose, `lifecycle.${rule}${path === '' ? '' : `.${path}`}`, async (s3, Bucket) => {
    const { Rules: rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    const known = rules.some(({ ID }) => ID === rule) ? rules : [...rules, { ID: rule } as LifecycleRule]
    const Rules = known.flatMap((one) => (one.ID === rule ? (change(one) ?? []) : [one]))
    return s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }))
  })

const logging = (
  purpose: Purpose,
  paths: string,
  elsewhere: (world: World) => Promise<LoggingEnabled | undefined>,
) =>
  drift(`storage/${purpose}`, paths, async (world) => {
    const LoggingEnabled = await elsewhere(world)
    return world.client(S3Client).send(
      new PutBucketLoggingCommand({
        Bucket: world.aws.names.bucket(purpose),
        BucketLoggingStatus: LoggingEnabled === undefined ? {} : { LoggingEnabled },
      }),
    )
  })

/** A bucket of somebody else that S3 may write logs to. */
async function otherBucket(world: World): Promise<string> {
  const s3 = world.client(S3Client)
  const Bucket = 'logs-of-somebody-else'
  await s3.send(
    new CreateBucketCommand({
      Bucket,
      CreateBucketConfiguration: { LocationConstraint: 'eu-north-1' },
    }),
  )
  const Principal = { Service: 'logging.s3.amazonaws.com' }
  const Statement = [
    { Effect: 'Allow', Principal, Action: 's3:PutObject', Resource: `arn:aws:s3:::${Bucket}/*` },
  ]
  await s3.send(
    new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
  )
  return Bucket
}

const policy = (Bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: '*' }, Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}/*` },
    ],
  })

/** Buckets, and the objects in them that an environment consists of. */
export const storageDrift: Drift[] = [
  open('artifacts', 'BlockPublicAcls'),
  open('raw', 'IgnorePublicAcls'),
  open('transformed', 'BlockPublicPolicy'),
  open('logs', 'RestrictPublicBuckets'),
  bucket('raw', 'publicAccess', (s3, Bucket) => s3.send(new DeletePublicAccessBlockCommand({ Bucket }))),
  bucket('artifacts', 'ownership', (s3, Bucket) =>
    s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] },
      }),
    ),
  ),
  bucket('logs', 'versioning', (s3, Bucket) =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  ),
  encryption('transformed', 'encryption.keyArn', (rule) => ({
    ...rule,
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm: 'aws:kms',
      KMSMasterKeyID: 'arn:aws:kms:eu-north-1:123456789012:key/00000000-0000-0000-0000-000000000000',
    },
  })),
  encryption('artifacts', 'encryption.bucketKey', (rule) => ({ ...rule, BucketKeyEnabled: false })),
  encryption('raw', 'encryption.algorithm', (rule) => ({
    ...rule,
    ApplyServerSideEncryptionByDefault: {
      ...rule.ApplyServerSideEncryptionByDefault,
      SSEAlgorithm: 'aws:kms:dsse',
    },
  })),
  bucket('transformed', 'policy', (s3, Bucket) =>
    s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(Bucket) })),
  ),
  logging('artifacts', 'accessLogs.bucket', async (world) => ({
    TargetBucket: await otherBucket(world),
    TargetPrefix: 'access/artifacts/',
  })),
  logging('raw', 'accessLogs.prefix', (world) =>
    Promise.resolve({ TargetBucket: world.aws.names.bucket('logs'), TargetPrefix: 'access/transformed/' }),
  ),
  logging('transformed', 'accessLogs', () => Promise.resolve(undefined)),
  lifecycle('artifacts', 'prefix', 'expire-query-results', (rule) => ({
    ...rule,
    Filter: { Prefix: 'config/' },
  })),
  lifecycle('raw', 'status', 'expire-old-versions', (rule) => ({ ...rule, Status: 'Disabled' })),
  bucket('logs', 'policy', (s3, Bucket) => s3.send(new DeleteBucketPolicyCommand({ Bucket }))),
  lifecycle('logs', 'expirationDays', 'expire', (rule) => ({ ...rule, Expiration: { Days: 1 } })),
  lifecycle('transformed', 'noncurrentExpirationDays', 'expire-old-versions', (rule) => ({
    ...rule,
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
  })),
  lifecycle('raw', 'transitions', 'cool-inbox', (rule) => ({
    ...rule,
    Transitions: [{ Days: 60, StorageClass: 'STANDARD_IA' }],
  })),
  lifecycle('artifacts', 'abortIncompleteUploadDays', 'abort-uploads', (rule) => ({
    ...rule,
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  })),
  lifecycle('logs', 'other', 'expire-old-versions', (rule) => ({
    ...rule,
    NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'STANDARD_IA' }],
  })),
  lifecycle('transformed', '', 'abort-uploads', () => undefined),
  lifecycle('logs', '', 'by-hand', () => ({
    ID: 'by-hand',
    Status: 'Enabled',
    Filter: { Prefix: '' },
    Expiration: { Days: 1 },
  })),
  bucket('transformed', ['lifecycle.abort-uploads', 'lifecycle.expire-old-versions'], (s3, Bucket) =>
    s3.send(new DeleteBucketLifecycleCommand({ Bucket })),
  ),
  drift('storage/config', 'sha256', (world) =>
    world.client(S3Client).send(
      new PutObjectCommand({
        Bucket: world.aws.names.bucket('artifacts'),
        Key: 'config/datasets.json',
        Body: '{}',
        ContentType: 'application/json',
      }),
    ),
  ),
  drift('storage/config', 'contentType', async (world) => {
    const s3 = world.client(S3Client)
    const at = { Bucket: world.aws.names.bucket('artifacts'), Key: 'config/datasets.json' }
    const { Metadata } = await s3.send(new HeadObjectCommand(at))
    return s3.send(new PutObjectCommand({ ...at, Body: '{}', ContentType: 'text/plain', Metadata }))
  }),
]
