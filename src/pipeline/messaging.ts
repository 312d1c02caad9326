import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import type { AwsResource } from '../resources/resource.js'
import { EmailSubscription } from '../resources/sns/email-subscription.js'
import { Topic } from '../resources/sns/topic.js'
import { Queue } from '../resources/sqs/queue.js'
import { accountWideMarks } from './account-wide.js'
import { eventsDlqPolicy, failedQueuePolicy, topicPolicy } from './policies/messaging.js'
import type { Security } from './security.js'

/** SQS keeps a message for two weeks at most. */
const TWO_WEEKS = 1_209_600

/** Where failures go. */
export interface Messaging {
  failed: Queue
  eventsDlq: Queue
  topic: Topic
  resources: AwsResource[]
}

export function messaging(aws: AwsContext, environment: Environment, { key }: Security): Messaging {
  const { names } = aws
  const keyArn = () => key.attributes.arn
  const failed = new Queue(
    aws,
    'messaging/failed',
    names.queue('failed'),
    { keyArn, policy: () => failedQueuePolicy(names), visibilitySeconds: 300, retentionSeconds: TWO_WEEKS },
    { dependsOn: [key] },
  )
  const eventsDlq = new Queue(
    aws,
    'messaging/events-dlq',
    names.queue('events-dlq'),
    { keyArn, policy: () => eventsDlqPolicy(names), visibilitySeconds: 300, retentionSeconds: TWO_WEEKS },
    { dependsOn: [key] },
  )
  const budgets = environment.monitoring.budgetMonthlyUsd !== undefined
  const topic = new Topic(
    aws,
    'messaging/alerts',
    names.topic,
    {
      keyArn,
      displayName: `datapipe ${environment.name}`,
      policy: () => topicPolicy(names, { budgets }),
      marks: accountWideMarks(environment),
    },
    { dependsOn: [key] },
  )
  const subscriptions = environment.notify.email.map(
    (email) =>
      new EmailSubscription(
        aws,
        `messaging/alerts/${email}`,
        email,
        { topicArn: () => names.arn('sns', names.topic), email },
        { within: [topic] },
      ),
  )
  return { failed, eventsDlq, topic, resources: [failed, eventsDlq, topic, ...subscriptions] }
}
