import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  TagResourceCommand,
  type Repository as EcrRepository,
} from '@aws-sdk/client-ecr'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { lifecyclePolicy } from '../../../src/resources/ecr/lifecycle.js'
import { Repository } from '../../../src/resources/ecr/repository.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'
const ARN = 'arn:aws:ecr:us-east-1:111122223333:repository/dp-sensors-dev-transform'
const URI = '111122223333.dkr.ecr.us-east-1.amazonaws.com/dp-sensors-dev-transform'

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('Repository', () => {
  const ecr = suiteMock(ECRClient)
  const op = testOperation()
  const repository = new Repository(testContext(), 'compute/repository', 'dp-sensors-dev-transform', {
    keyArn: () => KEY,
    keepImages: 20,
  })
  const asDesired: EcrRepository = {
    repositoryArn: ARN,
    repositoryUri: URI,
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfiguration: { encryptionType: 'KMS', kmsKey: KEY },
  }

  function existing(overrides: EcrRepository = {}): void {
    ecr.on(DescribeRepositoriesCommand).resolves({ repositories: [{ ...asDesired, ...overrides }] })
    const { rules } = lifecyclePolicy(20)
    // As ECR may answer: rules in another order.
    ecr
      .on(GetLifecyclePolicyCommand)
      .resolves({ lifecyclePolicyText: JSON.stringify({ rules: [...rules].reverse() }) })
    ecr.on(ListTagsForResourceCommand).resolves({ tags: upperTags(repository.tags) })
  }

  const paths = async () => repository.diff((await repository.read())!).map((change) => change.path)

  beforeEach(() => ecr.reset())

  it('is absent', async () => {
    ecr.on(DescribeRepositoriesCommand).rejects(named('RepositoryNotFoundException'))
    expect(await repository.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired', async () => {
    existing()
    const observed = (await repository.read())!
    expect(observed).to.deep.include({ owned: true, attributes: { arn: ARN, uri: URI } })
    expect(repository.diff(observed)).to.deep.equal([])
  })

  it('is foreign without our tags', async () => {
    existing()
    ecr.on(ListTagsForResourceCommand).resolves({ tags: [] })
    expect((await repository.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ imageTagMutability: 'MUTABLE' })
    expect(await paths()).to.deep.equal(['tagMutability'])
    existing({ imageScanningConfiguration: { scanOnPush: false } })
    expect(await paths()).to.deep.equal(['scanOnPush'])
    existing()
    ecr.on(ListTagsForResourceCommand).resolves({ tags: upperTags({ ...repository.tags, Name: 'x' }) })
    expect(await paths()).to.deep.equal(['tags.Name'])
    existing()
    ecr.on(GetLifecyclePolicyCommand).resolves({ lifecyclePolicyText: JSON.stringify(lifecyclePolicy(10)) })
    expect(await paths()).to.deep.equal(['lifecyclePolicy'])
  })

  it('can only replace another key', async () => {
    existing({ encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'arn:other' } })
    expect(repository.diff((await repository.read())!)).to.deep.equal([
      { path: 'encryption.keyArn', from: 'arn:other', to: KEY, replaces: true },
    ])
  })

  it('continues after a run that was cut off before the lifecycle policy', async () => {
    existing()
    ecr.on(GetLifecyclePolicyCommand).rejects(named('LifecyclePolicyNotFoundException'))
    const observed = (await repository.read())!
    const changes = repository.diff(observed)
    expect(changes.map((change) => [change.path, change.from])).to.deep.equal([['lifecyclePolicy', null]])
    await repository.update(observed, changes)
    const [put] = ecr.commandCalls(PutLifecyclePolicyCommand)
    expect(JSON.parse(put!.args[0].input.lifecyclePolicyText!)).to.deep.equal(lifecyclePolicy(20))
    expect(ecr.commandCalls(PutImageTagMutabilityCommand)).to.have.length(0)
    expect(ecr.commandCalls(PutImageScanningConfigurationCommand)).to.have.length(0)
    expect(ecr.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('puts back what drifted', async () => {
    existing({ imageTagMutability: 'MUTABLE', imageScanningConfiguration: { scanOnPush: false } })
    ecr.on(ListTagsForResourceCommand).resolves({ tags: upperTags({ ...repository.tags, Name: 'x' }) })
    const observed = (await repository.read())!
    await repository.update(observed, repository.diff(observed))
    expect(ecr.commandCalls(PutImageTagMutabilityCommand)[0]!.args[0].input.imageTagMutability).to.equal(
      'IMMUTABLE',
    )
    expect(
      ecr.commandCalls(PutImageScanningConfigurationCommand)[0]!.args[0].input.imageScanningConfiguration,
    ).to.deep.equal({ scanOnPush: true })
    expect(ecr.commandCalls(TagResourceCommand)[0]!.args[0].input.tags).to.deep.include({
      Key: 'Name',
      Value: repository.name,
    })
    expect(ecr.commandCalls(PutLifecyclePolicyCommand)).to.have.length(0)
  })

  it('waits for a key that ECR does not see yet, and tags at once', async () => {
    ecr
      .on(CreateRepositoryCommand)
      .rejectsOnce(named('KmsException', 'key not found'))
      .resolves({ repository: asDesired })
    ecr.on(PutLifecyclePolicyCommand).resolves({})
    expect(await repository.create(op)).to.deep.equal({ arn: ARN, uri: URI })
    expect(ecr.commandCalls(CreateRepositoryCommand)[1]!.args[0].input).to.deep.include({
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: KEY },
      tags: upperTags(repository.tags),
    })
  })

  it('goes on with its own repository when the answer to the create was lost', async () => {
    existing()
    ecr.on(CreateRepositoryCommand).rejects(named('RepositoryAlreadyExistsException'))
    expect(await repository.create(op)).to.deep.equal({ arn: ARN, uri: URI })
    expect(ecr.commandCalls(PutLifecyclePolicyCommand)).to.have.length(1)
  })

  it("refuses somebody else's repository that appeared meanwhile", async () => {
    existing()
    ecr.on(ListTagsForResourceCommand).resolves({ tags: [] })
    ecr.on(CreateRepositoryCommand).rejects(named('RepositoryAlreadyExistsException'))
    const error = await repository.create(op).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.name).to.equal('RepositoryAlreadyExistsException')
    expect(ecr.commandCalls(PutLifecyclePolicyCommand)).to.have.length(0)
  })

  it('is deleted with its images, and absent when it is gone already', async () => {
    ecr.on(DeleteRepositoryCommand).resolvesOnce({}).rejects(named('RepositoryNotFoundException'))
    expect(await repository.delete()).to.deep.equal({ status: 'deleted' })
    expect(ecr.commandCalls(DeleteRepositoryCommand)[0]!.args[0].input.force).to.equal(true)
    expect(await repository.delete()).to.deep.equal({ status: 'absent' })
  })
})
