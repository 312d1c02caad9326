import {
  ListSubscriptionsByTopicCommand,
  SNSClient,
  UnsubscribeCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-sns'
import { expect } from 'chai'
import { orphansOf } from '../../../src/pipeline/orphans.js'
import { EmailSubscription } from '../../../src/resources/sns/email-subscription.js'
import { RetiredSubscription } from '../../../src/resources/sns/retired-subscription.js'
import { subscriberDigest, subscriberTag } from '../../../src/resources/sns/subscriber-mark.js'
import { Topic } from '../../../src/resources/sns/topic.js'
import { policy } from '../../../src/aws/policy.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:dp-sensors-dev-alerts'
const ARN = `${TOPIC}:0f1e`

describe('RetiredSubscription', () => {
  const sns = suiteMock(SNSClient)
  const aws = testContext()
  const retired = new RetiredSubscription(aws, TOPIC, subscriberDigest('old@example.com'))
  const listed = (SubscriptionArn: string, Endpoint = 'Old@example.com', Protocol = 'email') => ({
    Protocol,
    Endpoint,
    SubscriptionArn,
  })

  beforeEach(() => sns.reset())

  it('finds the address by its digest, on e-mail only, and not while it is unconfirmed', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({
      Subscriptions: [listed('arn:a', 'else@example.com'), listed('arn:b', 'old@example.com', 'email-json')],
    })
    expect(await retired.read()).to.equal(undefined)
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed('PendingConfirmation')] })
    expect(await retired.read()).to.equal(undefined)
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed(ARN)] })
    expect(await retired.read()).to.deep.include({ physicalId: ARN, owned: true })
  })

  it('unsubscribes, then forgets the mark', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [listed(ARN)] })
    sns.on(UnsubscribeCommand).resolves({})
    expect(await retired.delete((await retired.read())!, testOperation())).to.deep.equal({
      status: 'deleted',
    })
    expect(sns.commandCalls(UnsubscribeCommand)[0]!.args[0].input.SubscriptionArn).to.equal(ARN)
    expect(sns.commandCalls(UntagResourceCommand)[0]!.args[0].input.TagKeys).to.deep.equal([
      subscriberTag('old@example.com'),
    ])
  })

  it('is an orphan of the topic only when marked and not configured', () => {
    const topic = new Topic(aws, 'messaging/alerts', aws.names.topic, {
      keyArn: () => '',
      displayName: '',
      policy: () => policy(),
    })
    const kept = new EmailSubscription(aws, 'messaging/alerts/ops@example.com', 'ops@example.com', {
      topicArn: () => TOPIC,
      email: 'ops@example.com',
    })
    const tags = {
      ...topic.tags,
      [subscriberTag('ops@example.com')]: 'email',
      [subscriberTag('old@example.com')]: 'email',
    }
    const item = { arn: TOPIC, id: topic.id, tags }
    expect(orphansOf(aws, [item], [topic, kept]).map(({ id }) => id)).to.deep.equal([retired.id])
    // A topic that goes takes its subscriptions with it.
    expect(orphansOf(aws, [item], []).map(({ id }) => id)).to.deep.equal([topic.id])
  })
})
