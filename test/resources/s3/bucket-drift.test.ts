import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { answerAsWanted, contextIn, KEY, rawBucket, s3Error, s3Mock, TLS_ONLY } from './support.js'

describe('Bucket: differences', () => {
  const s3 = s3Mock()
  const aws = contextIn({})
  const bucket = rawBucket(aws)

  beforeEach(() => s3.reset())

  async function driftedPaths(): Promise<string[]> {
    const observed = await bucket.read()
    return bucket.diff(observed!).map((change) => change.path)
  }

  const rule = (changes: object) => ({
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: KEY },
          BucketKeyEnabled: true,
          ...changes,
        },
      ],
    },
  })
  const lifecycleRules = (cool: object, ...others: object[]) => ({
    Rules: [
      {
        ID: 'expire-old',
        Status: 'Enabled' as const,
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
      {
        ID: 'cool',
        Status: 'Enabled' as const,
        Filter: { Prefix: 'inbox/' },
        Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' as const }],
        ...cool,
      },
      ...(others as { Status: 'Enabled' }[]),
    ],
  })

  const drifts: [string, () => unknown, string[]][] = [
    [
      'one public access block off',
      () =>
        s3.on(GetPublicAccessBlockCommand).resolves({
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: false,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        }),
      ['publicAccess.BlockPublicPolicy'],
    ],
    [
      'no public access block',
      () => s3.on(GetPublicAccessBlockCommand).rejects(s3Error('NoSuchPublicAccessBlockConfiguration', 404)),
      ['publicAccess'],
    ],
    [
      'ACLs on',
      () =>
        s3
          .on(GetBucketOwnershipControlsCommand)
          .resolves({ OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } }),
      ['ownership'],
    ],
    [
      'no ownership controls',
      () => s3.on(GetBucketOwnershipControlsCommand).rejects(s3Error('OwnershipControlsNotFoundError', 404)),
      ['ownership'],
    ],
    [
      'another key',
      () =>
        s3.on(GetBucketEncryptionCommand).resolves(
          rule({
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'other' },
          }),
        ),
      ['encryption.keyArn'],
    ],
    [
      'no bucket key',
      () => s3.on(GetBucketEncryptionCommand).resolves(rule({ BucketKeyEnabled: false })),
      ['encryption.bucketKey'],
    ],
    [
      'SSE-C allowed',
      () =>
        s3
          .on(GetBucketEncryptionCommand)
          .resolves(rule({ BlockedEncryptionTypes: { EncryptionType: ['NONE'] } })),
      ['encryption.blocked'],
    ],
    [
      'a service that does not know blocked encryption',
      () => s3.on(GetBucketEncryptionCommand).resolves(rule({})),
      [],
    ],
    [
      'no encryption',
      () =>
        s3
          .on(GetBucketEncryptionCommand)
          .rejects(s3Error('ServerSideEncryptionConfigurationNotFoundError', 404)),
      ['encryption'],
    ],
    [
      'versioning suspended',
      () => s3.on(GetBucketVersioningCommand).resolves({ Status: 'Suspended' }),
      ['versioning'],
    ],
    [
      'no policy',
      () => s3.on(GetBucketPolicyCommand).rejects(s3Error('NoSuchBucketPolicy', 404)),
      ['policy'],
    ],
    [
      'a statement more',
      () =>
        s3.on(GetBucketPolicyCommand).resolves({
          Policy: JSON.stringify({
            ...TLS_ONLY,
            Statement: [
              ...TLS_ONLY.Statement,
              { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' },
            ],
          }),
        }),
      ['policy'],
    ],
    [
      'a condition more in the only statement',
      () =>
        s3.on(GetBucketPolicyCommand).resolves({
          Policy: JSON.stringify({
            ...TLS_ONLY,
            Statement: [
              { ...TLS_ONLY.Statement[0], NotPrincipal: { AWS: 'arn:aws:iam::111122223333:user/x' } },
            ],
          }),
        }),
      ['policy'],
    ],
    [
      'a lifecycle rule that acts later',
      () =>
        s3
          .on(GetBucketLifecycleConfigurationCommand)
          .resolves(lifecycleRules({ Transitions: [{ Days: 60, StorageClass: 'STANDARD_IA' }] })),
      ['lifecycle.cool.transitions'],
    ],
    [
      'a lifecycle rule switched off',
      () => s3.on(GetBucketLifecycleConfigurationCommand).resolves(lifecycleRules({ Status: 'Disabled' })),
      ['lifecycle.cool.status'],
    ],
    [
      'a lifecycle rule with an action more',
      () =>
        s3.on(GetBucketLifecycleConfigurationCommand).resolves(lifecycleRules({ Expiration: { Days: 1 } })),
      ['lifecycle.cool.expirationDays'],
    ],
    [
      'a lifecycle rule with a filter that we never use',
      () =>
        s3
          .on(GetBucketLifecycleConfigurationCommand)
          .resolves(lifecycleRules({ Filter: { Prefix: 'inbox/', ObjectSizeGreaterThan: 5 } })),
      ['lifecycle.cool.other'],
    ],
    [
      'a foreign lifecycle rule',
      () =>
        s3
          .on(GetBucketLifecycleConfigurationCommand)
          .resolves(
            lifecycleRules(
              {},
              { ID: 'wipe', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
            ),
          ),
      ['lifecycle.wipe'],
    ],
    [
      'empty values where nothing was set',
      () =>
        s3.on(GetBucketLifecycleConfigurationCommand).resolves(
          lifecycleRules({
            Expiration: { ExpiredObjectDeleteMarker: false },
            NoncurrentVersionTransitions: [],
          }),
        ),
      [],
    ],
    ['no access logs', () => s3.on(GetBucketLoggingCommand).resolves({}), ['accessLogs']],
    [
      'access logs elsewhere',
      () =>
        s3
          .on(GetBucketLoggingCommand)
          .resolves({ LoggingEnabled: { TargetBucket: 'else', TargetPrefix: 'access/raw/' } }),
      ['accessLogs.bucket'],
    ],
    [
      'no events',
      () => s3.on(GetBucketNotificationConfigurationCommand).resolves({}),
      ['notifications.eventBridge'],
    ],
    [
      'a tag changed and one added by others',
      () =>
        s3
          .on(GetBucketTaggingCommand)
          .resolves({ TagSet: upperTags({ ...bucket.tags, Name: 'renamed', team: 'ops' }) }),
      ['tags.Name'],
    ],
  ]
  for (const [what, arrange, paths] of drifts) {
    it(`shows ${what} as ${paths.join(', ') || 'no difference'}`, async () => {
      answerAsWanted(s3, bucket)
      arrange()
      expect(await driftedPaths()).to.deep.equal(paths)
    })
  }

  it('wants no key in a bucket with keys of S3', async () => {
    answerAsWanted(s3, bucket)
    const logs = rawBucket(aws, { encryption: { kind: 's3' } })
    const changes = logs.diff((await logs.read())!)
    expect(changes).to.deep.equal([
      { path: 'encryption.algorithm', from: 'aws:kms', to: 'AES256', replaces: false },
      { path: 'encryption.keyArn', from: KEY, to: null, replaces: false },
    ])
  })
})
