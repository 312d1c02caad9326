import {
  DeleteObjectsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { AwsClients } from '../../../src/aws/clients.js'
import { AwsContext } from '../../../src/aws/context.js'
import { Names, type Place } from '../../../src/aws/names.js'
import { policy, type PolicyDocument } from '../../../src/aws/policy.js'
import { upperTags } from '../../../src/aws/tags.js'
import { Bucket, type BucketProperties } from '../../../src/resources/s3/bucket.js'
import { suiteMock } from '../../support/suite-mock.js'

export const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'

export const TLS_ONLY: PolicyDocument = policy({
  Sid: 'DenyInsecureTransport',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
})

export const PROPERTIES: BucketProperties = {
  encryption: { kind: 'kms', keyArn: () => KEY },
  policy: () => TLS_ONLY,
  lifecycle: [
    { id: 'expire-old', prefix: '', noncurrentExpirationDays: 30 },
    { id: 'cool', prefix: 'inbox/', transitions: [{ days: 30, storageClass: 'STANDARD_IA' }] },
  ],
  accessLogs: { bucket: () => 'the-logs', prefix: 'access/raw/' },
  eventBridge: true,
}

export function contextIn(place: Partial<Place>, emulated = false): AwsContext {
  const names = new Names({
    project: 'sensors',
    env: 'dev',
    account: '111122223333',
    region: 'us-east-1',
    bucketNamespace: 'account-regional',
    ...place,
  })
  const clients = new AwsClients({
    region: names.place.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return new AwsContext({ clients, names, emulated })
}

export function rawBucket(aws: AwsContext, properties: Partial<BucketProperties> = {}): Bucket {
  return new Bucket(aws, 'storage/raw', aws.names.bucket('raw'), { ...PROPERTIES, ...properties })
}

export function s3Mock() {
  return suiteMock(S3Client)
}

export type S3Mock = ReturnType<typeof s3Mock>

/** An error as S3 sends it. */
export function s3Error(name: string, status: number): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } })
}

/** S3 answers that the bucket exists and is exactly as PROPERTIES want it. */
export function answerAsWanted(s3: S3Mock, bucket: Bucket): void {
  s3.on(HeadBucketCommand).resolves({ BucketRegion: 'us-east-1' })
  s3.on(GetBucketTaggingCommand).resolves({ TagSet: upperTags(bucket.tags) })
  s3.on(GetPublicAccessBlockCommand).resolves({
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  })
  s3.on(GetBucketOwnershipControlsCommand).resolves({
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  })
  s3.on(GetBucketEncryptionCommand).resolves({
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
          BucketKeyEnabled: true,
          BlockedEncryptionTypes: { EncryptionType: ['SSE-C'] },
        },
      ],
    },
  })
  s3.on(GetBucketVersioningCommand).resolves({ Status: 'Enabled' })
  // Worded as S3 stores it: another order, a list of one unwrapped.
  const [statement] = TLS_ONLY.Statement
  s3.on(GetBucketPolicyCommand).resolves({
    Policy: JSON.stringify({
      Statement: [{ ...statement, Action: ['s3:*'], Resource: ['arn:aws:s3:::b/*', 'arn:aws:s3:::b'] }],
      Version: '2012-10-17',
    }),
  })
  s3.on(GetBucketLifecycleConfigurationCommand).resolves({
    Rules: [
      {
        ID: 'cool',
        Status: 'Enabled',
        Filter: { Prefix: 'inbox/' },
        Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }],
      },
      {
        ID: 'expire-old',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
    ],
  })
  s3.on(GetBucketLoggingCommand).resolves({
    LoggingEnabled: { TargetBucket: 'the-logs', TargetPrefix: 'access/raw/' },
  })
  s3.on(GetBucketNotificationConfigurationCommand).resolves({ EventBridgeConfiguration: {} })
}

/** S3 answers that the bucket exists and was never configured. */
export function answerBare(s3: S3Mock): void {
  s3.on(HeadBucketCommand).resolves({})
  s3.on(GetBucketTaggingCommand).rejects(s3Error('NoSuchTagSet', 404))
  s3.on(GetPublicAccessBlockCommand).rejects(s3Error('NoSuchPublicAccessBlockConfiguration', 404))
  s3.on(GetBucketOwnershipControlsCommand).rejects(s3Error('OwnershipControlsNotFoundError', 404))
  s3.on(GetBucketEncryptionCommand).rejects(s3Error('ServerSideEncryptionConfigurationNotFoundError', 404))
  s3.on(GetBucketVersioningCommand).resolves({})
  s3.on(GetBucketPolicyCommand).rejects(s3Error('NoSuchBucketPolicy', 404))
  s3.on(GetBucketLifecycleConfigurationCommand).rejects(s3Error('NoSuchLifecycleConfiguration', 404))
  s3.on(GetBucketLoggingCommand).resolves({})
  s3.on(GetBucketNotificationConfigurationCommand).resolves({})
  s3.on(ListObjectVersionsCommand).resolves({})
}

/** The versions in a bucket, as `key@version`, listed and deleted as S3 does: 1,000 a page. */
export function answerVersions(s3: S3Mock, versions: Set<string>): void {
  s3.on(ListMultipartUploadsCommand).resolves({})
  s3.on(ListObjectVersionsCommand).callsFake(
    ({ KeyMarker, Prefix, VersionIdMarker }: Record<'KeyMarker' | 'Prefix' | 'VersionIdMarker', string>) => {
      const after = KeyMarker === undefined ? '' : `${KeyMarker}@${VersionIdMarker}`
      const rest = [...versions].sort().filter((one) => one > after && one.startsWith(Prefix ?? ''))
      const page = rest.slice(0, 1000).map((one) => {
        const [Key = '', VersionId = ''] = one.split('@')
        return { Key, VersionId }
      })
      const last = page.at(-1)
      return {
        // Every third is a delete marker.
        Versions: page.filter((_, i) => i % 3 !== 0),
        DeleteMarkers: page.filter((_, i) => i % 3 === 0),
        IsTruncated: rest.length > page.length,
        NextKeyMarker: last?.Key,
        NextVersionIdMarker: last?.VersionId,
      }
    },
  )
  s3.on(DeleteObjectsCommand).callsFake(
    (input: { Delete: { Objects: { Key: string; VersionId: string }[] } }) => {
      const objects = input.Delete.Objects
      if (objects.length > 1000) throw s3Error('MalformedXML', 400)
      for (const { Key, VersionId } of objects) versions.delete(`${Key}@${VersionId}`)
      return {}
    },
  )
}
