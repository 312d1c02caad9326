import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  type RuleState,
  type Target as AwsTarget,
} from '@aws-sdk/client-eventbridge'
import { expect } from 'chai'
import { upperTags, type Tags } from '../../../src/aws/tags.js'
import { DatapipeError } from '../../../src/errors.js'
import { EventRule } from '../../../src/resources/events/rule.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const pattern = { source: ['aws.s3'], detail: { bucket: { name: ['raw'] } } }

function named(name: string, message = name): Error {
  return Object.assign(new Error(message), { name })
}

describe('EventRule', () => {
  const events = suiteMock(EventBridgeClient)
  const op = testOperation()
  const rule = new EventRule(testContext(), 'orchestration/rule', 'dp-sensors-dev-object-created', {
    pattern: () => pattern,
    targets: () => [
      {
        id: 'dispatch',
        arn: 'arn:dispatch',
        roleArn: 'arn:role',
        deadLetterArn: 'arn:dlq',
        retry: { attempts: 24, ageSeconds: 3600 },
      },
    ],
  })
  const target: AwsTarget = {
    Id: 'dispatch',
    Arn: 'arn:dispatch',
    RoleArn: 'arn:role',
    DeadLetterConfig: { Arn: 'arn:dlq' },
    RetryPolicy: { MaximumRetryAttempts: 24, MaximumEventAgeInSeconds: 3600 },
  }

  function existing({
    EventPattern = '{"detail":{"bucket":{"name":["raw"]}},"source":["aws.s3"]}',
    State = 'ENABLED',
    targets = [target],
    tags = rule.tags,
  }: { EventPattern?: string; State?: RuleState; targets?: AwsTarget[]; tags?: Tags } = {}): void {
    events.on(DescribeRuleCommand).resolves({ Name: rule.name, EventPattern, State })
    events.on(ListTargetsByRuleCommand).resolves({ Targets: targets })
    events.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
  }
  const changes = async () => rule.diff((await rule.read())!)
  const paths = async () => (await changes()).map((change) => change.path)
  /** Updates; how often it put the rule, put targets, removed targets, tagged. */
  const update = async () => {
    const observed = (await rule.read())!
    events.on(PutRuleCommand).resolves({})
    events.on(PutTargetsCommand).resolves({ FailedEntryCount: 0 })
    events.on(RemoveTargetsCommand).resolves({ FailedEntryCount: 0 })
    await rule.update(observed, rule.diff(observed), op)
    return [
      events.commandCalls(PutRuleCommand).length,
      events.commandCalls(PutTargetsCommand).length,
      events.commandCalls(RemoveTargetsCommand).length,
      events.commandCalls(TagResourceCommand).length,
    ]
  }

  beforeEach(() => events.reset())

  it('is absent', async () => {
    events.on(DescribeRuleCommand).rejects(named('ResourceNotFoundException'))
    expect(await rule.read()).to.equal(undefined)
  })

  it('is unchanged when everything is as desired', async () => {
    existing()
    const observed = (await rule.read())!
    expect(observed).to.deep.include({
      owned: true,
      attributes: {
        arn: 'arn:aws:events:us-east-1:111122223333:rule/dp-sensors-dev-object-created',
        name: 'dp-sensors-dev-object-created',
      },
    })
    expect(rule.diff(observed)).to.deep.equal([])
  })

  it('is foreign without our tags', async () => {
    existing({ tags: {} })
    expect((await rule.read())!.owned).to.equal(false)
  })

  it('sees a filter that was added to the pattern', async () => {
    existing({ EventPattern: JSON.stringify({ ...pattern, 'detail-type': ['Object Created'] }) })
    expect(await paths()).to.deep.equal(['pattern'])
    expect(await update()).to.deep.equal([1, 0, 0, 0])
    expect(JSON.parse(events.commandCalls(PutRuleCommand)[0]!.args[0].input.EventPattern!)).to.deep.equal(
      pattern,
    )
  })

  it('is switched on again', async () => {
    existing({ State: 'DISABLED' })
    expect(await paths()).to.deep.equal(['state'])
    expect(await update()).to.deep.equal([1, 0, 0, 0])
  })

  it('names each property of a target that drifted', async () => {
    existing({ targets: [{ ...target, RoleArn: 'arn:other', DeadLetterConfig: undefined }] })
    expect(await paths()).to.deep.equal(['targets.dispatch.roleArn', 'targets.dispatch.deadLetterArn'])
    existing({ targets: [{ ...target, RetryPolicy: undefined }] })
    expect(await changes()).to.deep.equal([
      { path: 'targets.dispatch.retry.attempts', from: 185, to: 24, replaces: false },
      { path: 'targets.dispatch.retry.ageSeconds', from: 86_400, to: 3600, replaces: false },
    ])
    expect(await update()).to.deep.equal([0, 1, 0, 0])
    expect(events.commandCalls(PutTargetsCommand)[0]!.args[0].input.Targets).to.deep.equal([target])
  })

  it('continues after a run that was cut off before the targets', async () => {
    existing({ targets: [] })
    expect(await paths()).to.deep.equal(['targets.dispatch'])
    expect(await update()).to.deep.equal([0, 1, 0, 0])
  })

  it('removes a target that is not wanted, seen on a later page', async () => {
    existing()
    events
      .on(ListTargetsByRuleCommand)
      .resolvesOnce({ Targets: [target], NextToken: 'more' })
      .resolvesOnce({ Targets: [{ Id: 'extra', Arn: 'arn:extra' }] })
      .resolvesOnce({ Targets: [target], NextToken: 'more' })
      .resolvesOnce({ Targets: [{ Id: 'extra', Arn: 'arn:extra' }] })
    const [change] = await changes()
    expect(change).to.deep.include({ path: 'targets.extra', to: null })
    expect(await update()).to.deep.equal([0, 0, 1, 0])
    expect(events.commandCalls(RemoveTargetsCommand)[0]!.args[0].input.Ids).to.deep.equal(['extra'])
  })

  it('repairs tags with TagResource, because PutRule ignores them', async () => {
    existing({ tags: { ...rule.tags, Name: 'x' } })
    expect(await paths()).to.deep.equal(['tags.Name'])
    expect(await update()).to.deep.equal([0, 0, 0, 1])
  })

  it('tags at create and waits until its new role can be assumed', async () => {
    events.on(PutRuleCommand).rejectsOnce(named('ConcurrentModificationException')).resolves({})
    events
      .on(PutTargetsCommand)
      .rejectsOnce(
        named(
          'ValidationException',
          "The provided role 'r' cannot be assumed by principal 'events.amazonaws.com'.",
        ),
      )
      .resolvesOnce({
        FailedEntryCount: 1,
        FailedEntries: [{ TargetId: 'dispatch', ErrorCode: 'ConcurrentModificationException' }],
      })
      .resolves({ FailedEntryCount: 0 })
    await rule.create(op)
    expect(events.commandCalls(PutRuleCommand)[1]!.args[0].input.Tags).to.deep.equal(upperTags(rule.tags))
    expect(events.commandCalls(PutTargetsCommand)).to.have.length(3)
  })

  it('fails when a target is refused although the call succeeded', async () => {
    events.on(PutRuleCommand).resolves({})
    events.on(PutTargetsCommand).resolves({
      FailedEntryCount: 1,
      FailedEntries: [{ TargetId: 'dispatch', ErrorCode: 'Whatever', ErrorMessage: 'no such machine' }],
    })
    const error = await rule.create(op).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(DatapipeError)
    expect(error).to.include({ code: 'EVENT_TARGETS_FAILED' })
    expect((error as Error).message).to.contain('dispatch: no such machine')
  })

  it('removes its targets, then itself', async () => {
    existing()
    const observed = (await rule.read())!
    events.on(RemoveTargetsCommand).resolves({ FailedEntryCount: 0 })
    events.on(DeleteRuleCommand).resolves({})
    expect(await rule.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(events.commandCalls(RemoveTargetsCommand)[0]!.args[0].input.Ids).to.deep.equal(['dispatch'])
  })

  it('keeps the rule when a target could not be removed', async () => {
    existing()
    const observed = (await rule.read())!
    events.on(RemoveTargetsCommand).resolves({
      FailedEntryCount: 1,
      FailedEntries: [{ TargetId: 'dispatch', ErrorMessage: 'busy' }],
    })
    const error = await rule.delete(observed, op).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error?.message).to.contain('dispatch: busy')
    expect(events.commandCalls(DeleteRuleCommand)).to.have.length(0)
  })

  it('is absent when it is gone already', async () => {
    existing()
    const observed = (await rule.read())!
    events.on(RemoveTargetsCommand).rejects(named('ResourceNotFoundException'))
    events.on(DeleteRuleCommand).rejects(named('ResourceNotFoundException'))
    expect(await rule.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
