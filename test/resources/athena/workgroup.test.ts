import {
  AthenaClient,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetWorkGroupCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateWorkGroupCommand,
  type WorkGroupConfiguration,
} from '@aws-sdk/client-athena'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { AthenaWorkgroup } from '../../../src/resources/athena/workgroup.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const notFound = badRequest('WorkGroup dp-sensors-dev is not found.')

function badRequest(message: string): Error {
  return Object.assign(new Error(message), { name: 'InvalidRequestException' })
}

describe('AthenaWorkgroup', () => {
  const athena = suiteMock(AthenaClient)
  const group = new AthenaWorkgroup(testContext(), 'catalog/workgroup', 'dp-sensors-dev', {
    outputLocation: () => 's3://artifacts/athena/',
    keyArn: () => KEY,
    maxScanBytes: 10_000_000_000,
  })
  const results = {
    OutputLocation: 's3://artifacts/athena/',
    EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' as const, KmsKey: KEY },
    ExpectedBucketOwner: '111122223333',
  }
  const settings = {
    EnforceWorkGroupConfiguration: true,
    PublishCloudWatchMetricsEnabled: true,
    BytesScannedCutoffPerQuery: 10_000_000_000,
    EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
  }

  function existing(
    overrides: WorkGroupConfiguration = {},
    tags = group.tags,
    State: 'ENABLED' | 'DISABLED' = 'ENABLED',
  ): void {
    athena.on(GetWorkGroupCommand).resolves({
      WorkGroup: {
        Name: group.name,
        State,
        Configuration: {
          ...settings,
          EngineVersion: { ...settings.EngineVersion, EffectiveEngineVersion: 'Athena engine version 3' },
          ResultConfiguration: results,
          ...overrides,
        },
      },
    })
    athena.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
  }
  const paths = async () => group.diff((await group.read())!).map((change) => change.path)

  beforeEach(() => athena.reset())

  it('is absent, although Athena calls that a bad request', async () => {
    athena.on(GetWorkGroupCommand).rejects(notFound)
    expect(await group.read()).to.equal(undefined)
  })

  it('does not mistake another bad request for absence', async () => {
    athena.on(GetWorkGroupCommand).rejects(badRequest('WorkGroup name is too long.'))
    const error = await group.read().then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).to.equal('WorkGroup name is too long.')
  })

  it('is unchanged when everything is as desired, in two calls', async () => {
    existing()
    const observed = (await group.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { name: 'dp-sensors-dev' } })
    expect(group.diff(observed)).to.deep.equal([])
    expect(athena.calls()).to.have.length(2)
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await group.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ EnforceWorkGroupConfiguration: false })
    expect(await paths()).to.deep.equal(['enforced'])
    existing({ BytesScannedCutoffPerQuery: undefined })
    expect(await paths()).to.deep.equal(['maxScanBytes'])
    existing({ PublishCloudWatchMetricsEnabled: false })
    expect(await paths()).to.deep.equal(['metrics'])
    existing({ EngineVersion: { SelectedEngineVersion: 'AUTO' } })
    expect(await paths()).to.deep.equal(['engine'])
    existing({ ResultConfiguration: { ...results, OutputLocation: 's3://other/' } })
    expect(await paths()).to.deep.equal(['outputLocation'])
    existing({ ResultConfiguration: { ...results, EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } } })
    expect(await paths()).to.deep.equal(['encryption.option', 'encryption.keyArn'])
    existing({ ResultConfiguration: { ...results, ExpectedBucketOwner: undefined } })
    expect(await paths()).to.deep.equal(['expectedBucketOwner'])
    existing({}, group.tags, 'DISABLED')
    expect(await paths()).to.deep.equal(['state'])
    existing({}, { ...group.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('updates the configuration only, or tags only', async () => {
    existing({ EnforceWorkGroupConfiguration: false })
    let observed = (await group.read())!
    await group.update(observed, group.diff(observed))
    expect(athena.commandCalls(UpdateWorkGroupCommand)[0]!.args[0].input).to.deep.equal({
      WorkGroup: group.name,
      State: 'ENABLED',
      ConfigurationUpdates: { ...settings, ResultConfigurationUpdates: results },
    })
    expect(athena.commandCalls(TagResourceCommand)).to.have.length(0)
    athena.resetHistory()
    existing({}, { ...group.tags, Name: 'x' })
    observed = (await group.read())!
    await group.update(observed, group.diff(observed))
    expect(athena.commandCalls(TagResourceCommand)[0]!.args[0].input.Tags).to.deep.equal(
      upperTags(group.tags),
    )
    expect(athena.commandCalls(UpdateWorkGroupCommand)).to.have.length(0)
  })

  it('tags at create, and goes on with its own when the answer to the create was lost', async () => {
    existing()
    athena.on(CreateWorkGroupCommand).rejects(badRequest('WorkGroup is already created'))
    expect(await group.create()).to.deep.equal({ name: 'dp-sensors-dev' })
    expect(athena.commandCalls(CreateWorkGroupCommand)[0]!.args[0].input).to.deep.equal({
      Name: group.name,
      Configuration: { ...settings, ResultConfiguration: results },
      Tags: upperTags(group.tags),
    })
  })

  it('fails when the create is refused', async () => {
    athena.on(CreateWorkGroupCommand).rejects(badRequest('OutputLocation is not valid'))
    athena.on(GetWorkGroupCommand).rejects(notFound)
    const error = await group.create().then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).to.equal('OutputLocation is not valid')
  })

  it('is deleted with its history, and absent when it is gone already', async () => {
    athena.on(DeleteWorkGroupCommand).resolvesOnce({}).rejects(notFound)
    expect(await group.delete()).to.deep.equal({ status: 'deleted' })
    expect(athena.commandCalls(DeleteWorkGroupCommand)[0]!.args[0].input.RecursiveDeleteOption).to.equal(true)
    expect(await group.delete()).to.deep.equal({ status: 'absent' })
  })
})
