import {
  CreateLocationNfsCommand,
  CreateLocationS3Command,
  CreateLocationSmbCommand,
  DataSyncClient,
  DeleteLocationCommand,
  DescribeLocationNfsCommand,
  DescribeLocationS3Command,
  DescribeLocationSmbCommand,
  ListLocationsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateLocationS3Command,
  UpdateLocationSmbCommand,
} from '@aws-sdk/client-datasync'
import { expect } from 'chai'
import { LocationNfs } from '../../../src/resources/datasync/location-nfs.js'
import { LocationS3 } from '../../../src/resources/datasync/location-s3.js'
import { LocationSmb } from '../../../src/resources/datasync/location-smb.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { arn, invalidRequest, tagPage } from './support.js'

const AGENT = arn('agent', 1)
const ROLE = 'arn:aws:iam::111122223333:role/dp-sensors-dev-datasync-use1'
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:files-AbCdEf'

describe('DataSync locations', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const op = testOperation()
  const nfs = new LocationNfs(aws, 'ingestion/source/nfs', 'src', {
    host: 'Files.Example.com',
    path: '/export/measurements/',
    version: 'AUTOMATIC',
    agentArns: () => [AGENT],
  })
  const smbWith = (domain: string | undefined) =>
    new LocationSmb(aws, 'ingestion/source/smb', 'src', {
      host: 'files.example.com',
      path: '/share',
      user: 'reader',
      domain,
      secret: { arn: SECRET, roleArn: ROLE },
      version: 'SMB3',
      agentArns: () => [AGENT],
    })
  const smb = smbWith('CORP')
  const s3 = new LocationS3(aws, 'ingestion/destination', 'dst', {
    bucket: aws.names.bucket('raw'),
    path: '/inbox',
    roleArn: ROLE,
  })

  beforeEach(() => {
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync.on(ListLocationsCommand).resolves({
      Locations: [
        { LocationArn: arn('location', 1), LocationUri: 'nfs://files.example.com/export/measurements/' },
        { LocationArn: arn('location', 2), LocationUri: 'smb://files.example.com/share/' },
        { LocationArn: arn('location', 3), LocationUri: `s3://${aws.names.bucket('raw')}/inbox/` },
      ],
    })
  })

  const tagged = (serial: number, tags: Record<string, string>) =>
    datasync.on(ListTagsForResourceCommand, { ResourceArn: arn('location', serial) }).resolves(tagPage(tags))

  it('NFS is as desired whatever case and slashes AWS answers in', async () => {
    tagged(1, nfs.tags)
    datasync.on(DescribeLocationNfsCommand).resolves({
      LocationUri: 'nfs://files.example.com/export/measurements/',
      OnPremConfig: { AgentArns: [AGENT] },
      MountOptions: { Version: 'AUTOMATIC' },
    })
    const observed = (await nfs.read())!
    expect(observed.physicalId).to.equal(arn('location', 1))
    expect(nfs.diff(observed)).to.deep.equal([])
  })

  it('NFS is created with its tags and its agent', async () => {
    datasync.on(CreateLocationNfsCommand).resolves({ LocationArn: arn('location', 9) })
    expect(await nfs.create(op)).to.deep.equal({ arn: arn('location', 9) })
    expect(datasync.commandCalls(CreateLocationNfsCommand)[0]!.args[0].input).to.deep.include({
      ServerHostname: 'Files.Example.com',
      Subdirectory: '/export/measurements/',
      OnPremConfig: { AgentArns: [AGENT] },
      ...tagPage(nfs.tags),
    })
  })

  it('SMB refers to its password, and never has one', async () => {
    datasync.on(CreateLocationSmbCommand).resolves({ LocationArn: arn('location', 9) })
    await smb.create(op)
    const { input } = datasync.commandCalls(CreateLocationSmbCommand)[0]!.args[0]
    expect(input.CustomSecretConfig).to.deep.equal({ SecretArn: SECRET, SecretAccessRoleArn: ROLE })
    expect(input).to.not.have.any.keys('Password', 'CmkSecretConfig')
  })

  it('SMB names each difference and changes it in place', async () => {
    tagged(2, { ...smb.tags, Name: 'old' })
    datasync.on(DescribeLocationSmbCommand).resolves({
      LocationUri: 'smb://files.example.com/share/old/',
      User: 'somebody',
      AgentArns: [AGENT, arn('agent', 2)],
      MountOptions: { Version: 'SMB2' },
      // As DataSync keeps it when somebody typed a password into the console.
      ManagedSecretConfig: {
        SecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:aws-datasync!x',
      },
    })
    const observed = (await smb.read())!
    const changes = smb.diff(observed)
    expect(changes.map(({ path }) => path)).to.deep.equal([
      'path',
      'user',
      'domain',
      'version',
      'agentArns',
      'secret',
      'tags.Name',
    ])
    expect(changes.some(({ replaces }) => replaces)).to.equal(false)
    datasync.on(UpdateLocationSmbCommand).resolves({}).on(TagResourceCommand).resolves({})
    await smb.update(observed, changes, op)
    expect(datasync.commandCalls(UpdateLocationSmbCommand)[0]!.args[0].input).to.deep.include({
      LocationArn: arn('location', 2),
      Domain: 'CORP',
      User: 'reader',
      CustomSecretConfig: { SecretArn: SECRET, SecretAccessRoleArn: ROLE },
    })
    expect(datasync.commandCalls(TagResourceCommand)).to.have.length(1)
  })

  it('SMB takes a domain away that is no longer wanted', async () => {
    datasync.on(UpdateLocationSmbCommand).resolves({})
    const without = smbWith(undefined)
    const observed = {
      physicalId: arn('location', 2),
      attributes: { arn: arn('location', 2) },
      owned: true,
      properties: { ...(without as unknown as { desired(): object }).desired(), domain: 'CORP' },
      tags: without.tags,
    }
    const changes = without.diff(observed)
    expect(changes).to.deep.equal([{ path: 'domain', from: 'CORP', to: null, replaces: false }])
    await without.update(observed, changes, op)
    expect(datasync.commandCalls(UpdateLocationSmbCommand)[0]!.args[0].input.Domain).to.equal('')
  })

  it('S3 waits for a role that is seconds old', async () => {
    datasync
      .on(CreateLocationS3Command)
      .rejectsOnce(invalidRequest('Unable to assume role. Reason: Access denied when calling sts:AssumeRole'))
      .rejectsOnce(
        invalidRequest('DataSync location access test failed: could not perform s3:ListObjectsV2 in bucket'),
      )
      .resolves({ LocationArn: arn('location', 9) })
    expect(await s3.create(op)).to.deep.equal({ arn: arn('location', 9) })
    expect(datasync.commandCalls(CreateLocationS3Command)[2]!.args[0].input).to.deep.equal({
      S3BucketArn: aws.names.bucketArn('raw'),
      Subdirectory: '/inbox',
      S3StorageClass: 'STANDARD',
      S3Config: { BucketAccessRoleArn: ROLE },
      ...tagPage(s3.tags),
    })
  })

  it('S3 changes its prefix and role in place, its bucket never', async () => {
    tagged(3, s3.tags)
    datasync.on(DescribeLocationS3Command).resolves({
      LocationUri: 's3://another-bucket/incoming/',
      S3StorageClass: 'STANDARD',
      S3Config: { BucketAccessRoleArn: 'arn:aws:iam::111122223333:role/old' },
    })
    const observed = (await s3.read())!
    expect(s3.diff(observed).map(({ path, replaces }) => [path, replaces])).to.deep.equal([
      ['host', true],
      ['path', false],
      ['roleArn', false],
    ])
    datasync.on(UpdateLocationS3Command).resolves({})
    await s3.update(
      observed,
      s3.diff(observed).filter(({ replaces }) => !replaces),
      op,
    )
    expect(datasync.commandCalls(UpdateLocationS3Command)[0]!.args[0].input).to.deep.include({
      Subdirectory: '/inbox',
      S3Config: { BucketAccessRoleArn: ROLE },
    })
  })

  it('does not take the location of another environment or another id for its own', async () => {
    tagged(3, { ...s3.tags, 'datapipe:env': 'prod' })
    expect(await s3.read()).to.equal(undefined)
    tagged(3, { ...s3.tags, 'datapipe:id': 'ingestion/other' })
    expect(await s3.read()).to.equal(undefined)
  })

  it('is absent, not an error, when it is gone already', async () => {
    datasync.on(DeleteLocationCommand).rejects(invalidRequest('Location loc-1 is not found.'))
    const observed = {
      physicalId: arn('location', 1),
      attributes: { arn: '' },
      owned: true,
      properties: {},
      tags: {},
    }
    expect(await nfs.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
