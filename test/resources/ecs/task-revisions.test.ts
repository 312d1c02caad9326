import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
  type TaskDefinition as EcsTaskDefinition,
} from '@aws-sdk/client-ecs'
import { expect } from 'chai'
import { lowerTags } from '../../../src/aws/tags.js'
import { testOperation } from '../../support/resource.js'
import { asDesired, definition, revision } from './task-definition.fixture.js'
import { suiteMock } from '../../support/suite-mock.js'

describe('TaskDefinition revisions', () => {
  const ecs = suiteMock(ECSClient)
  const op = testOperation()
  const existing = (overrides: EcsTaskDefinition) =>
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { ...asDesired, ...overrides }, tags: lowerTags(definition.tags) })

  beforeEach(() => ecs.reset())

  it('registers anew over an inactive revision and deletes that', async () => {
    existing({ status: 'INACTIVE' })
    ecs.on(ListTaskDefinitionsCommand, { status: 'INACTIVE' }).resolves({ taskDefinitionArns: [revision(7)] })
    ecs.on(ListTaskDefinitionsCommand, { status: 'ACTIVE' }).resolves({ taskDefinitionArns: [revision(8)] })
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(8) } })
    ecs.on(DeleteTaskDefinitionsCommand).resolves({})
    const observed = (await definition.read())!
    expect((await definition.update(observed, definition.diff(observed), op)).arn).to.equal(revision(8))
    expect(
      ecs.commandCalls(DeleteTaskDefinitionsCommand).map((call) => call.args[0].input.taskDefinitions),
    ).to.deep.equal([[revision(7)]])
    expect(ecs.commandCalls(DeregisterTaskDefinitionCommand)).to.have.length(0)
  })

  it('registers a new revision and removes those beyond the newest five, with leftovers of earlier runs', async () => {
    existing({ cpu: '256' })
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: revision(12) } })
    ecs.on(ListTaskDefinitionsCommand, { status: 'ACTIVE' }).resolves({
      // 10 to 12 sort after 9 as numbers, before it as text; a sibling family is not ours.
      taskDefinitionArns: [
        ...[12, 9, 8, 11, 7, 6, 10].map(revision),
        'arn:aws:ecs:us-east-1:111122223333:task-definition/dp-sensors-dev-transform-other:1',
      ],
    })
    ecs
      .on(ListTaskDefinitionsCommand, { status: 'INACTIVE' })
      .resolves({ taskDefinitionArns: [revision(7), revision(3)] })
    ecs.on(DeleteTaskDefinitionsCommand).resolves({})
    const observed = (await definition.read())!
    expect((await definition.update(observed, definition.diff(observed), op)).arn).to.equal(revision(12))
    expect(
      ecs.commandCalls(DeregisterTaskDefinitionCommand).map((call) => call.args[0].input.taskDefinition),
    ).to.deep.equal([revision(7), revision(6)])
    expect(
      ecs.commandCalls(DeleteTaskDefinitionsCommand).map((call) => call.args[0].input.taskDefinitions),
    ).to.deep.equal([[revision(7), revision(6), revision(3)]])
  })

  describe('delete', () => {
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => revision(from + index))

    it('removes all revisions, ten at a time, the newest last', async () => {
      ecs
        .on(ListTaskDefinitionsCommand, { status: 'ACTIVE' })
        .resolvesOnce({ taskDefinitionArns: numbers(1, 8), nextToken: 'more' })
        .resolves({ taskDefinitionArns: numbers(9, 12) })
      ecs.on(ListTaskDefinitionsCommand, { status: 'INACTIVE' }).resolves({ taskDefinitionArns: [] })
      ecs.on(DeleteTaskDefinitionsCommand).resolves({})
      expect(await definition.delete()).to.deep.equal({ status: 'deleted' })
      const batches = ecs
        .commandCalls(DeleteTaskDefinitionsCommand)
        .map((call) => call.args[0].input.taskDefinitions)
      expect(batches.map((batch) => batch!.length)).to.deep.equal([10, 1, 1])
      expect(batches[2]).to.deep.equal([revision(12)])
      const deregistered = ecs
        .commandCalls(DeregisterTaskDefinitionCommand)
        .map((call) => call.args[0].input.taskDefinition)
      expect(deregistered.at(-1)).to.equal(revision(12))
      expect(deregistered).to.have.members(numbers(1, 12))
    })

    it('says what AWS would not delete, but not what is gone already', async () => {
      ecs.on(ListTaskDefinitionsCommand).resolves({ taskDefinitionArns: [revision(1)] })
      ecs.on(DeleteTaskDefinitionsCommand).resolves({
        failures: [
          { arn: revision(2), reason: 'The specified task definition does not exist.' },
          { arn: revision(1), reason: 'in use' },
        ],
      })
      expect(await definition.delete()).to.deep.equal({ status: 'blocked', by: [`${revision(1)}: in use`] })
    })

    it('deletes what is only inactive', async () => {
      ecs.on(ListTaskDefinitionsCommand, { status: 'ACTIVE' }).resolves({ taskDefinitionArns: [] })
      ecs
        .on(ListTaskDefinitionsCommand, { status: 'INACTIVE' })
        .resolves({ taskDefinitionArns: [revision(3)] })
      ecs.on(DeleteTaskDefinitionsCommand).resolves({})
      expect(await definition.delete()).to.deep.equal({ status: 'deleted' })
    })

    it('is absent when nothing is there', async () => {
      ecs.on(ListTaskDefinitionsCommand).resolves({ taskDefinitionArns: [] })
      expect(await definition.delete()).to.deep.equal({ status: 'absent' })
      expect(ecs.commandCalls(DeleteTaskDefinitionsCommand)).to.have.length(0)
    })
  })
})
