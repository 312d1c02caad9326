import {
  paginateListSubscriptionsByTopic,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
  type Subscription,
} from '@aws-sdk/client-sns'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import { UNKNOWN, type Change } from '../../engine/change.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'

export interface EmailSubscriptionProperties {
  /** Asked for when reading too, so it must be known without the topic: `names.arn('sns', names.topic)`. */
  topicArn: () => string
  email: string
}

export interface EmailSubscriptionAttributes {
  /** false until a human has clicked the link in the mail. */
  confirmed: boolean
}

interface ObservedEmailSubscription extends Observed<EmailSubscriptionAttributes> {
  /** Absent while unconfirmed. */
  subscriptionArn: string | undefined
}

/** SNS answers with these words where an ARN belongs. */
const PENDING = 'PendingConfirmation'
const DELETED = 'Deleted'

/**
 * An email address on a topic (spec §10). It has no tags and no settings: the topic it is on says whose it is, and there
 * is nothing to update. Unconfirmed it counts as present, or every `up` would send another mail.
 */
export class EmailSubscription extends AwsResource<EmailSubscriptionAttributes, ObservedEmailSubscription> {
  readonly type = 'AWS::SNS::Subscription'
  readonly iamActions = ['sns:ListSubscriptionsByTopic', 'sns:Subscribe', 'sns:Unsubscribe']

  readonly #sns: SNSClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: EmailSubscriptionProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#sns = aws.clients.of(SNSClient)
  }

  async read(): Promise<ObservedEmailSubscription | undefined> {
    const subscription = await this.#find()
    if (subscription === undefined) return undefined
    const arn = subscription.SubscriptionArn
    const confirmed = arn !== undefined && arn !== PENDING
    return {
      physicalId: confirmed ? arn : `${PENDING}:${this.properties.email}`,
      attributes: { confirmed },
      owned: true,
      subscriptionArn: confirmed ? arn : undefined,
    }
  }

  diff(): Change[] {
    return []
  }

  async create(): Promise<EmailSubscriptionAttributes> {
    const { SubscriptionArn: arn } = await this.#sns.send(
      new SubscribeCommand({
        TopicArn: this.properties.topicArn(),
        Protocol: 'email',
        Endpoint: this.properties.email,
      }),
    )
    // "pending confirmation", in words of its own.
    return { confirmed: arn?.startsWith('arn:') ?? false }
  }

  update(observed: ObservedEmailSubscription): Promise<EmailSubscriptionAttributes> {
    return Promise.resolve(observed.attributes)
  }

  /** An unconfirmed one cannot be unsubscribed; it goes with its topic, or expires by itself (spec §10). */
  async delete(observed: ObservedEmailSubscription): Promise<Deletion> {
    if (observed.subscriptionArn === undefined) return { status: 'absent' }
    const gone = await unlessMissing(
      this.#sns.send(new UnsubscribeCommand({ SubscriptionArn: observed.subscriptionArn })),
      'NotFoundException',
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #find(): Promise<Subscription | undefined> {
    const topicArn = this.properties.topicArn()
    if (topicArn === UNKNOWN) return undefined
    const email = this.properties.email.toLowerCase()
    try {
      for await (const page of paginateListSubscriptionsByTopic(
        { client: this.#sns },
        { TopicArn: topicArn },
      )) {
        const found = page.Subscriptions?.find(
          (subscription) =>
            subscription.Protocol === 'email' &&
            subscription.Endpoint?.toLowerCase() === email &&
            subscription.SubscriptionArn !== DELETED,
        )
        if (found !== undefined) return found
      }
    } catch (error) {
      if (!isAwsError(error, 'NotFoundException')) throw error
    }
    return undefined
  }
}
