import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  type ContainerDefinition,
  type TaskDefinition as EcsTaskDefinition,
} from '@aws-sdk/client-ecs'
import { expect } from 'chai'
import { lowerTags } from '../../../src/aws/tags.js'
import { testOperation } from '../../support/resource.js'
import { asDesired, container, definition, FAMILY_ARN, make, revision } from './task-definition.fixture.js'
import { suiteMock } from '../../support/suite-mock.js'

describe('TaskDefinition', () => {
  const ecs = suiteMock(ECSClient)
  const op = testOperation()
  function existing(overrides: EcsTaskDefinition = {}, tags = definition.tags): void {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { ...asDesired, ...overrides }, tags: lowerTags(tags) })
  }
  const withContainer = (overrides: Partial<ContainerDefinition>) =>
    existing({ containerDefinitions: [{ ...container, ...overrides }] })
  const changes = async () => definition.diff((await definition.read())!)
  const paths = async () => (await changes()).map((change) => change.path)

  beforeEach(() => ecs.reset())

  const missing = Object.assign(new Error('Unable to describe task definition.'), { name: 'ClientException' })

  it('is absent without any revision', async () => {
    ecs.on(DescribeTaskDefinitionCommand).rejects(missing)
    ecs.on(ListTaskDefinitionsCommand).resolves({ taskDefinitionArns: [] })
    expect(await definition.read()).to.equal(undefined)
  })

  it('finds the inactive revision that a removal left when it was cut off, and only its own', async () => {
    ecs.on(DescribeTaskDefinitionCommand).rejects(missing)
    ecs.on(ListTaskDefinitionsCommand, { status: 'INACTIVE' }).resolves({ taskDefinitionArns: [revision(3)] })
    const left = { ...asDesired, status: 'INACTIVE' as const, taskDefinitionArn: revision(3) }
    ecs
      .on(DescribeTaskDefinitionCommand, { taskDefinition: revision(3) })
      .resolves({ taskDefinition: left, tags: lowerTags(definition.tags) })
    const observed = (await definition.read())!
    expect(observed).to.deep.include({ physicalId: revision(3), owned: true })
    expect(definition.diff(observed)).to.deep.equal([
      { path: 'status', from: 'INACTIVE', to: 'ACTIVE', replaces: false },
    ])
    ecs
      .on(DescribeTaskDefinitionCommand, { taskDefinition: revision(3) })
      .resolves({ taskDefinition: left, tags: [] })
    expect(await definition.read()).to.equal(undefined)
  })

  it('does not mistake another client error for absence', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .rejects(Object.assign(new Error('Invalid include.'), { name: 'ClientException' }))
    const error = await definition.read().then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).to.equal('Invalid include.')
  })

  it('is unchanged whatever AWS adds and in whatever order, in one call', async () => {
    existing()
    const observed = (await definition.read())!
    expect(observed.attributes).to.deep.equal({
      arn: revision(7),
      family: 'dp-sensors-dev-transform',
      familyArn: FAMILY_ARN,
    })
    expect(observed.owned).to.equal(true)
    expect(definition.diff(observed)).to.deep.equal([])
    expect(ecs.calls()).to.have.length(1)
  })

  it('is foreign without our tags', async () => {
    existing({}, {})
    expect((await definition.read())!.owned).to.equal(false)
  })

  it('names each property that drifted', async () => {
    existing({ cpu: '1024', memory: '2048' })
    expect(await paths()).to.deep.equal(['cpu', 'memory'])
    existing({ ephemeralStorage: undefined })
    expect(await changes()).to.deep.equal([{ path: 'ephemeralGiB', from: 20, to: 30, replaces: false }])
    existing({ runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' } })
    expect(await paths()).to.deep.equal(['runtimePlatform.cpuArchitecture'])
    existing({ executionRoleArn: 'arn:other', taskRoleArn: undefined })
    expect(await paths()).to.deep.equal(['executionRoleArn', 'taskRoleArn'])
    existing({ containerDefinitions: [container, { name: 'sidecar' }] })
    expect(await paths()).to.deep.equal(['containers'])
    existing({ networkMode: 'bridge' })
    expect(await paths()).to.deep.equal(['networkMode'])
    existing({ volumes: [] })
    expect(await paths()).to.deep.equal(['volumes'])
    withContainer({ image: 'repo@sha256:old' })
    expect(await paths()).to.deep.equal(['container.image'])
    withContainer({ user: 'root', readonlyRootFilesystem: false, privileged: true })
    expect(await paths()).to.deep.equal([
      'container.user',
      'container.readonlyRootFilesystem',
      'container.privileged',
    ])
    withContainer({ command: ['sleep', '1'] })
    expect(await paths()).to.deep.equal(['container.command'])
    withContainer({ logConfiguration: { logDriver: 'awslogs', options: { 'max-buffer-size': '1m' } } })
    expect(await paths()).to.deep.equal([
      'container.log.options.max-buffer-size',
      'container.log.options.awslogs-group',
      'container.log.options.awslogs-region',
      'container.log.options.awslogs-stream-prefix',
      'container.log.options.mode',
    ])
    existing({}, { ...definition.tags, Name: 'x' })
    expect(await paths()).to.deep.equal(['tags.Name'])
  })

  it('names the variables that are wrong, missing and superfluous', async () => {
    withContainer({
      environment: [
        { name: 'DP_ENV', value: 'prod' },
        { name: 'EXTRA', value: '1' },
      ],
    })
    expect(await changes()).to.have.deep.members([
      { path: 'container.environment.DP_ENV', from: 'prod', to: 'dev', replaces: false },
      { path: 'container.environment.DP_DATABASE', from: null, to: 'dp_dev', replaces: false },
      { path: 'container.environment.EXTRA', from: '1', to: null, replaces: false },
    ])
  })

  it('registers what its own read then finds unchanged', async () => {
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(1) } })
    expect((await definition.create(op)).arn).to.equal(revision(1))
    const { tags, ...registered } = ecs.commandCalls(RegisterTaskDefinitionCommand)[0]!.args[0].input
    expect(tags).to.deep.equal(lowerTags(definition.tags))
    ecs.on(DescribeTaskDefinitionCommand).resolves({
      taskDefinition: { ...registered, status: 'ACTIVE', taskDefinitionArn: revision(1) },
      tags,
    })
    expect(await changes()).to.deep.equal([])
    const [only] = registered.containerDefinitions!
    expect(only).to.include({ readonlyRootFilesystem: true, user: '10001:10001', stopTimeout: 120 })
    expect(only).to.not.have.any.keys('cpu', 'memory')
  })

  it('never asks for the 20 GiB that Fargate includes', async () => {
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(1) } })
    await make({ ephemeralGiB: 20 }).create(op)
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)[0]!.args[0].input).to.not.have.property(
      'ephemeralStorage',
    )
    existing({ ephemeralStorage: undefined })
    expect(make({ ephemeralGiB: 20 }).diff((await definition.read())!)).to.deep.equal([])
  })

  it('only tags when only tags differ', async () => {
    existing({}, { ...definition.tags, Name: 'x' })
    const observed = (await definition.read())!
    expect((await definition.update(observed, definition.diff(observed), op)).arn).to.equal(revision(7))
    expect(ecs.commandCalls(TagResourceCommand)[0]!.args[0].input.resourceArn).to.equal(revision(7))
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).to.have.length(0)
  })
})
