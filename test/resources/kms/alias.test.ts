import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  KMSClient,
  ListResourceTagsCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms'
import { expect } from 'chai'
import { kmsTags, type Tags } from '../../../src/aws/tags.js'
import { KmsAlias } from '../../../src/resources/kms/alias.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

describe('KmsAlias', () => {
  const aws = testContext()
  const kms = suiteMock(KMSClient)
  const op = testOperation()
  const alias = new KmsAlias(aws, 'security/key-alias', 'alias/dp-sensors-dev', { targetKeyId: () => 'k1' })
  const keyTags = aws.tags('security/key', 'dp-sensors-dev')
  const failure = (name: string) => Object.assign(new Error(name), { name })

  beforeEach(() => kms.reset())

  function pointsAt(keyId: string, tags: Tags): void {
    kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: keyId } })
    kms.on(ListResourceTagsCommand).resolves({ Tags: kmsTags(tags) })
  }

  it('is absent when nothing has the name', async () => {
    kms.on(DescribeKeyCommand).rejects(failure('NotFoundException'))
    expect(await alias.read()).to.equal(undefined)
  })

  it('is ours and unchanged at our key', async () => {
    pointsAt('k1', keyTags)
    const observed = (await alias.read())!
    expect(observed.owned).to.equal(true)
    expect(alias.diff(observed)).to.deep.equal([])
  })

  it('shows that it points at another key of ours, and is pointed back', async () => {
    pointsAt('k2', keyTags)
    const observed = (await alias.read())!
    const changes = alias.diff(observed)
    expect(changes).to.deep.equal([{ path: 'targetKeyId', from: 'k2', to: 'k1', replaces: false }])
    await alias.update(observed, changes)
    expect(kms.commandCalls(UpdateAliasCommand)[0]!.args[0].input).to.deep.equal({
      AliasName: 'alias/dp-sensors-dev',
      TargetKeyId: 'k1',
    })
  })

  it('is foreign at a key of others', async () => {
    pointsAt('k2', {})
    expect((await alias.read())!.owned).to.equal(false)
  })

  it('waits for a key that KMS does not see yet', async () => {
    kms.on(CreateAliasCommand).rejectsOnce(failure('NotFoundException')).resolves({})
    expect(await alias.create(op)).to.deep.equal({
      name: 'alias/dp-sensors-dev',
      arn: 'arn:aws:kms:us-east-1:111122223333:alias/dp-sensors-dev',
    })
    expect(kms.commandCalls(CreateAliasCommand)).to.have.length(2)
  })

  it('takes one over that exists after all, but never one of others', async () => {
    kms.on(CreateAliasCommand).rejects(failure('AlreadyExistsException'))
    pointsAt('k2', keyTags)
    await alias.create(op)
    expect(kms.commandCalls(UpdateAliasCommand)).to.have.length(1)
    pointsAt('k2', {})
    const error = await alias.create(op).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('name', 'AlreadyExistsException')
    expect(kms.commandCalls(UpdateAliasCommand)).to.have.length(1)
  })

  it('is deleted, or absent', async () => {
    kms.on(DeleteAliasCommand).resolvesOnce({}).rejects(failure('NotFoundException'))
    expect(await alias.delete()).to.deep.equal({ status: 'deleted' })
    expect(await alias.delete()).to.deep.equal({ status: 'absent' })
  })
})
