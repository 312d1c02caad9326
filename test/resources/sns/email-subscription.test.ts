import {
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  SNSClient,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sns'
import { expect } from 'chai'
import { UNKNOWN } from '../../../src/engine/change.js'
import { EmailSubscription } from '../../../src/resources/sns/email-subscription.js'
import { subscriberTag } from '../../../src/resources/sns/subscriber-mark.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:dp-sensors-dev-alerts'
const ARN = `${TOPIC}:0f1e`

describe('EmailSubscription', () => {
  const sns = suiteMock(SNSClient)
  const make = (topicArn: string) =>
    new EmailSubscription(testContext(), 'messaging/email/ops@example.com', 'ops@example.com', {
      topicArn: () => topicArn,
      email: 'ops@example.com',
    })
  const subscription = make(TOPIC)
  const listed = (SubscriptionArn: string) => ({
    Protocol: 'email',
    Endpoint: 'Ops@example.com',
    SubscriptionArn,
  })

  const op = testOperation()
  const MARK = subscriberTag('ops@example.com')

  beforeEach(() => {
    sns.reset()
    sns.on(ListTagsForResourceCommand).resolves({ Tags: [{ Key: MARK, Value: 'email' }] })
  })

  it('is absent among the subscriptions of others, and when it was removed a moment ago', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({
      Subscriptions: [
        { Protocol: 'email', Endpoint: 'else@example.com', SubscriptionArn: 'arn:else' },
        { Protocol: 'email-json', Endpoint: 'ops@example.com', SubscriptionArn: 'arn:json' },
        listed('Deleted'),
      ],
    })
    expect(await subscription.read()).to.equal(undefined)
  })

  it('is absent without its topic', async () => {
    sns
      .on(ListSubscriptionsByTopicCommand)
      .rejects(Object.assign(new Error('Topic does not exist'), { name: 'NotFoundException' }))
    expect(await subscription.read()).to.equal(undefined)
    expect(await make(UNKNOWN).read()).to.equal(undefined)
  })

  it('is found on a later page', async () => {
    sns
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({ Subscriptions: [], NextToken: 'more' })
      .resolves({ Subscriptions: [listed(ARN)] })
    const observed = (await subscription.read())!
    expect(observed).to.deep.include({ physicalId: ARN, owned: true, attributes: { confirmed: true } })
    expect(subscription.diff(observed)).to.deep.equal([])
  })

  it('counts as present while unconfirmed, and is not unsubscribed then', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed('PendingConfirmation')] })
    const observed = (await subscription.read())!
    expect(observed.attributes).to.deep.equal({ confirmed: false })
    expect(await subscription.delete(observed, op)).to.deep.equal({ status: 'absent' })
    expect(sns.commandCalls(UnsubscribeCommand)).to.have.length(0)
  })

  it('subscribes, and says that a human has to confirm', async () => {
    sns.on(SubscribeCommand).resolves({ SubscriptionArn: 'pending confirmation' })
    expect(await subscription.create(op)).to.deep.equal({ confirmed: false })
    expect(sns.calls().map(({ args }) => args[0].constructor.name)).to.deep.equal([
      'TagResourceCommand',
      'SubscribeCommand',
    ])
    expect(sns.commandCalls(SubscribeCommand)[0]!.args[0].input).to.deep.equal({
      TopicArn: TOPIC,
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    })
  })

  it('waits until SNS sees the new topic', async () => {
    const missing = (name: string) => Object.assign(new Error('Topic does not exist'), { name })
    sns.on(TagResourceCommand).rejectsOnce(missing('ResourceNotFoundException')).resolves({})
    sns
      .on(SubscribeCommand)
      .rejectsOnce(missing('NotFoundException'))
      .resolves({ SubscriptionArn: 'pending confirmation' })
    expect(await subscription.create(op)).to.deep.equal({ confirmed: false })
  })

  it('unsubscribes a confirmed one', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed(ARN)] })
    sns.on(UnsubscribeCommand).resolves({})
    const observed = (await subscription.read())!
    expect(await subscription.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(sns.commandCalls(UnsubscribeCommand)[0]!.args[0].input.SubscriptionArn).to.equal(ARN)
  })

  it('forgets the mark of one that it unsubscribed', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed(ARN)] })
    await subscription.delete((await subscription.read())!, op)
    expect(sns.commandCalls(UntagResourceCommand)[0]!.args[0].input).to.deep.equal({
      ResourceArn: TOPIC,
      TagKeys: [MARK],
    })
  })

  it('marks one that carries no mark yet, and subscribes nobody twice for it', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed(ARN)] })
    sns.on(ListTagsForResourceCommand).resolves({ Tags: [] })
    const observed = (await subscription.read())!
    const changes = subscription.diff(observed)
    expect(changes.map(({ path }) => path)).to.deep.equal(['mark'])
    await subscription.update(observed, changes, op)
    expect(sns.commandCalls(TagResourceCommand)[0]!.args[0].input.Tags).to.deep.equal([
      { Key: MARK, Value: 'email' },
    ])
    expect(sns.commandCalls(SubscribeCommand)).to.have.length(0)
  })

  it('keeps the address itself out of the mark, and takes no notice of its case', () => {
    expect(MARK).to.equal(subscriberTag('OPS@example.com'))
    expect(MARK).to.match(/^datapipe:subscriber\/[0-9a-f]{16}$/)
  })
})
