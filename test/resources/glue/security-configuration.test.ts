import {
  CreateSecurityConfigurationCommand,
  DeleteSecurityConfigurationCommand,
  GetSecurityConfigurationCommand,
  GlueClient,
  type EncryptionConfiguration,
} from '@aws-sdk/client-glue'
import { DescribeKeyCommand, KMSClient, ListResourceTagsCommand } from '@aws-sdk/client-kms'
import { expect } from 'chai'
import { kmsTags } from '../../../src/aws/tags.js'
import { GlueSecurityConfiguration } from '../../../src/resources/glue/security-configuration.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/ours'
const OLD_KEY = 'arn:aws:kms:us-east-1:111122223333:key/old'

function named(name: string): Error {
  return Object.assign(new Error(name), { name })
}

function encryption(KmsKeyArn: string): EncryptionConfiguration {
  return {
    S3Encryption: [{ S3EncryptionMode: 'SSE-KMS', KmsKeyArn }],
    CloudWatchEncryption: { CloudWatchEncryptionMode: 'SSE-KMS', KmsKeyArn },
    JobBookmarksEncryption: { JobBookmarksEncryptionMode: 'CSE-KMS', KmsKeyArn },
  }
}

describe('GlueSecurityConfiguration', () => {
  const glue = suiteMock(GlueClient)
  const kms = suiteMock(KMSClient)
  const op = testOperation()
  const aws = testContext()
  const configuration = new GlueSecurityConfiguration(
    aws,
    'security/glue-security-configuration',
    'dp-sensors-dev-glue',
    { keyArn: () => KEY },
  )

  function existing(EncryptionConfiguration: EncryptionConfiguration): void {
    glue
      .on(GetSecurityConfigurationCommand)
      .resolves({ SecurityConfiguration: { Name: configuration.name, EncryptionConfiguration } })
  }
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  beforeEach(() => {
    glue.reset()
    kms.reset()
    for (const [arn, tags] of [
      [KEY, aws.tags('security/key', 'k')],
      [OLD_KEY, aws.tags('security/key', 'k')],
      ['arn:aws:kms:us-east-1:111122223333:key/theirs', {}],
    ] as const) {
      kms.on(DescribeKeyCommand, { KeyId: arn }).resolves({ KeyMetadata: { KeyId: arn } })
      kms.on(ListResourceTagsCommand, { KeyId: arn }).resolves({ Tags: kmsTags(tags) })
    }
  })

  it('is absent', async () => {
    glue.on(GetSecurityConfigurationCommand).rejects(named('EntityNotFoundException'))
    expect(await configuration.read()).to.equal(undefined)
  })

  it('is ours and unchanged when it encrypts with the key of the environment', async () => {
    existing(encryption(KEY))
    const observed = (await configuration.read())!
    expect(observed.owned).to.equal(true)
    expect(configuration.diff(observed)).to.deep.equal([])
  })

  it('is foreign when its key is not ours, is gone, or may not be looked at', async () => {
    existing(encryption('arn:aws:kms:us-east-1:111122223333:key/theirs'))
    expect((await configuration.read())!.owned).to.equal(false)
    kms.on(DescribeKeyCommand).rejects(named('NotFoundException'))
    expect((await configuration.read())!.owned).to.equal(false)
    kms.on(DescribeKeyCommand).rejects(named('AccessDeniedException'))
    expect((await configuration.read())!.owned).to.equal(false)
    existing({})
    expect((await configuration.read())!.owned).to.equal(false)
  })

  it('is replaced, not changed: each drifted part is named', async () => {
    const drifts: [string, EncryptionConfiguration][] = [
      ['s3.mode', { S3Encryption: [{ S3EncryptionMode: 'SSE-S3', KmsKeyArn: KEY }] }],
      ['logs.keyArn', { CloudWatchEncryption: { CloudWatchEncryptionMode: 'SSE-KMS', KmsKeyArn: OLD_KEY } }],
      [
        'bookmarks.mode',
        { JobBookmarksEncryption: { JobBookmarksEncryptionMode: 'DISABLED', KmsKeyArn: KEY } },
      ],
    ]
    for (const [path, drift] of drifts) {
      existing({ ...encryption(KEY), ...drift })
      const changes = configuration.diff((await configuration.read())!)
      expect(changes.map((change) => change.path)).to.deep.equal([path])
      expect(changes.every(({ replaces }) => replaces)).to.equal(true)
    }
    existing(encryption(OLD_KEY))
    const observed = (await configuration.read())!
    expect(observed.owned).to.equal(true)
    expect(configuration.diff(observed)).to.have.length(3)
  })

  it('is created when Glue can use the new key', async () => {
    glue
      .on(CreateSecurityConfigurationCommand)
      .rejectsOnce(named('GlueEncryptionException'))
      .resolves({ Name: configuration.name })
    expect(await configuration.create(op)).to.deep.equal({ name: 'dp-sensors-dev-glue' })
    const { input } = glue.commandCalls(CreateSecurityConfigurationCommand)[1]!.args[0]
    expect(input).to.deep.equal({ Name: configuration.name, EncryptionConfiguration: encryption(KEY) })
  })

  it('takes its own after a lost answer, and nothing that says otherwise', async () => {
    glue.on(CreateSecurityConfigurationCommand).rejects(named('AlreadyExistsException'))
    existing(encryption(KEY))
    expect(await configuration.create(op)).to.deep.equal({ name: 'dp-sensors-dev-glue' })
    existing(encryption(OLD_KEY))
    expect(await failure(configuration.create(op))).to.include({ name: 'AlreadyExistsException' })
  })

  it('is deleted, or gone already', async () => {
    glue.on(DeleteSecurityConfigurationCommand).resolves({})
    expect(await configuration.delete()).to.deep.equal({ status: 'deleted' })
    glue.on(DeleteSecurityConfigurationCommand).rejects(named('EntityNotFoundException'))
    expect(await configuration.delete()).to.deep.equal({ status: 'absent' })
  })
})
