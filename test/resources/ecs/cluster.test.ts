import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClustersCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  PutClusterCapacityProvidersCommand,
  StopTaskCommand,
  TagResourceCommand,
  UpdateClusterCommand,
  type Cluster as EcsCluster,
} from '@aws-sdk/client-ecs'
import { expect } from 'chai'
import { lowerTags } from '../../../src/aws/tags.js'
import { Cluster } from '../../../src/resources/ecs/cluster.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const ATTRIBUTES = {
  arn: 'arn:aws:ecs:us-east-1:111122223333:cluster/dp-sensors-dev',
  name: 'dp-sensors-dev',
}

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('Cluster', () => {
  const ecs = suiteMock(ECSClient)
  const op = testOperation()
  const cluster = new Cluster(testContext(), 'compute/cluster', 'dp-sensors-dev', {
    containerInsights: 'disabled',
  })
  const asDesired: EcsCluster = {
    clusterName: cluster.name,
    status: 'ACTIVE',
    settings: [{ name: 'containerInsights', value: 'disabled' }],
    configuration: { executeCommandConfiguration: { logging: 'NONE' } },
    // In an order of its own, and with the defaults that AWS leaves out.
    capacityProviders: ['FARGATE_SPOT', 'FARGATE'],
    defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
    tags: lowerTags(cluster.tags),
  }

  const existing = (overrides: EcsCluster = {}) =>
    ecs.on(DescribeClustersCommand).resolves({ clusters: [{ ...asDesired, ...overrides }] })
  const paths = async () => cluster.diff((await cluster.read())!).map((change) => change.path)

  beforeEach(() => ecs.reset())

  it('is absent when AWS knows nothing of it, or only a deleted one', async () => {
    ecs.on(DescribeClustersCommand).resolves({ clusters: [], failures: [{ reason: 'MISSING' }] })
    expect(await cluster.read()).to.equal(undefined)
    existing({ status: 'INACTIVE' })
    expect(await cluster.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired, in one call', async () => {
    existing()
    const observed = (await cluster.read())!
    expect(observed).to.deep.include({ owned: true, attributes: ATTRIBUTES })
    expect(cluster.diff(observed)).to.deep.equal([])
    expect(ecs.calls()).to.have.length(1)
  })

  it('is foreign without our tags', async () => {
    existing({ tags: [] })
    expect((await cluster.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ settings: [{ name: 'containerInsights', value: 'enhanced' }] })
    expect(await paths()).to.deep.equal(['containerInsights'])
    existing({ configuration: undefined })
    expect(await paths()).to.deep.equal(['executeCommandLogging'])
    existing({ capacityProviders: ['FARGATE'] })
    expect(await paths()).to.deep.equal(['capacityProviders'])
    existing({ defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] })
    expect(await paths()).to.deep.equal(['defaultStrategy'])
    existing({ tags: lowerTags({ ...cluster.tags, Name: 'x' }) })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('changes only what differs, waiting for another change to finish', async () => {
    existing({ capacityProviders: ['FARGATE'] })
    ecs.on(PutClusterCapacityProvidersCommand).rejectsOnce(named('UpdateInProgressException')).resolves({})
    const observed = (await cluster.read())!
    await cluster.update(observed, cluster.diff(observed), op)
    expect(
      ecs
        .commandCalls(PutClusterCapacityProvidersCommand)
        .map((call) => call.args[0].input.capacityProviders),
    ).to.deep.equal([
      ['FARGATE', 'FARGATE_SPOT'],
      ['FARGATE', 'FARGATE_SPOT'],
    ])
    expect(ecs.commandCalls(UpdateClusterCommand)).to.have.length(0)
    expect(ecs.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('waits for the service-linked role, then until its capacity providers are attached', async () => {
    ecs
      .on(CreateClusterCommand)
      .rejectsOnce(named('InvalidParameterException', 'Unable to assume the service linked role.'))
      .resolves({ cluster: { status: 'PROVISIONING' } })
    ecs
      .on(DescribeClustersCommand)
      .resolvesOnce({ clusters: [{ status: 'PROVISIONING' }] })
      .resolves({ clusters: [asDesired] })
    expect(await cluster.create(op)).to.deep.equal(ATTRIBUTES)
    expect(ecs.commandCalls(CreateClusterCommand)[1]!.args[0].input).to.deep.include({
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }],
      tags: lowerTags(cluster.tags),
    })
    expect(ecs.commandCalls(DescribeClustersCommand)).to.have.length(2)
  })

  it('ends at once when its capacity providers cannot be attached', async () => {
    ecs.on(CreateClusterCommand).resolves({ cluster: { status: 'PROVISIONING' } })
    existing({ status: 'FAILED' })
    const error = await cluster.create(op).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).to.contain('could not be attached')
  })

  it('makes it anew when it was on its way out', async () => {
    ecs
      .on(DescribeClustersCommand)
      .resolvesOnce({ clusters: [{ ...asDesired, status: 'DEPROVISIONING' }] })
      .resolves({ clusters: [{ ...asDesired, status: 'INACTIVE' }] })
    ecs.on(CreateClusterCommand).resolves({ cluster: { status: 'ACTIVE' } })
    const observed = (await cluster.read())!
    const changes = cluster.diff(observed)
    expect(changes).to.deep.equal([{ path: 'status', from: 'DEPROVISIONING', to: 'ACTIVE', replaces: false }])
    await cluster.update(observed, changes, op)
    expect(ecs.commandCalls(CreateClusterCommand)).to.have.length(1)
  })

  describe('delete', () => {
    const observed = async () => {
      ecs
        .on(DescribeClustersCommand)
        .resolvesOnce({ clusters: [asDesired] })
        .resolves({ clusters: [] })
      return (await cluster.read())!
    }

    it('stops its own tasks and waits for them first', async () => {
      const seen = await observed()
      ecs.on(ListTasksCommand).resolves({ taskArns: ['task/1', 'task/2'] })
      ecs
        .on(StopTaskCommand)
        .rejectsOnce(named('InvalidParameterException', 'The referenced task was not found.'))
        .resolves({})
      ecs
        .on(DescribeTasksCommand)
        .resolvesOnce({ tasks: [{ lastStatus: 'STOPPED' }, { lastStatus: 'DEPROVISIONING' }] })
        .resolves({ tasks: [{ lastStatus: 'STOPPED' }, { lastStatus: 'STOPPED' }] })
      ecs.on(DeleteClusterCommand).rejectsOnce(named('ClusterContainsTasksException')).resolves({})
      expect(await cluster.delete(seen, op)).to.deep.equal({ status: 'deleted' })
      expect(ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input.task)).to.deep.equal([
        'task/1',
        'task/2',
      ])
      expect(ecs.commandCalls(DescribeTasksCommand)).to.have.length(2)
    })

    it("is blocked by other people's tasks and leaves them alone", async () => {
      const seen = await observed()
      ecs.on(ListTasksCommand).resolves({ taskArns: ['task/theirs'] })
      ecs.on(ListTasksCommand, { family: 'dp-sensors-dev-transform' }).resolves({ taskArns: [] })
      expect(await cluster.delete(seen, op)).to.deep.equal({ status: 'blocked', by: ['task/theirs'] })
      expect(ecs.commandCalls(StopTaskCommand)).to.have.length(0)
      expect(ecs.commandCalls(DeleteClusterCommand)).to.have.length(0)
    })

    it('is blocked by a service', async () => {
      const seen = await observed()
      ecs.on(ListTasksCommand).resolves({ taskArns: [] })
      ecs.on(DeleteClusterCommand).rejects(named('ClusterContainsServicesException'))
      expect(await cluster.delete(seen, op)).to.deep.equal({
        status: 'blocked',
        by: ['services in the cluster dp-sensors-dev'],
      })
    })

    it('is absent when it is gone already', async () => {
      const seen = await observed()
      ecs.on(ListTasksCommand).rejects(named('ClusterNotFoundException'))
      ecs.on(DeleteClusterCommand).rejects(named('ClusterNotFoundException'))
      expect(await cluster.delete(seen, op)).to.deep.equal({ status: 'absent' })
    })
  })
})
