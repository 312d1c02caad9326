import {
  ListTagsForResourceCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
  type Subscription,
} from '@aws-sdk/client-sns'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryConflict, retryNotFound, unlessMissing } from '../../aws/retry.js'
import { fromTagList } from '../../aws/tags.js'
import { UNKNOWN, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { subscriberDigest, subscriberTag } from './subscriber-mark.js'

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
  /** Whether the topic says that datapipe subscribed it. */
  marked: boolean
}

/** SNS answers with these words where an ARN belongs. */
const PENDING = 'PendingConfirmation'
const DELETED = 'Deleted'

/**
 * An email address on a topic (spec §10). It has no tags and no settings of its own; a tag of the topic says that it is
 * ours. Unconfirmed it counts as present, or every `up` would send another mail.
 */
export class EmailSubscription extends AwsResource<EmailSubscriptionAttributes, ObservedEmailSubscription> {
  readonly type = 'AWS::SNS::Subscription'
  readonly iamActions = [
    'sns:ListSubscriptionsByTopic',
    'sns:ListTagsForResource',
    'sns:Subscribe',
    'sns:TagResource',
    'sns:Unsubscribe',
    'sns:UntagResource',
  ]

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
      marked: await this.#isMarked(),
    }
  }

  diff({ marked }: ObservedEmailSubscription): Change[] {
    return marked ? [] : [{ path: 'mark', from: null, to: this.digest, replaces: false }]
  }

  /** The mark first: without it a subscription would never be removed again. */
  async create(op: Operation): Promise<EmailSubscriptionAttributes> {
    await this.#mark(op)
    const input = { TopicArn: this.properties.topicArn(), Protocol: 'email', Endpoint: this.properties.email }
    const { SubscriptionArn: arn } = await this.#onceSeen(
      () => this.#sns.send(new SubscribeCommand(input)),
      op,
    )
    // "pending confirmation", in words of its own.
    return { confirmed: arn?.startsWith('arn:') ?? false }
  }

  async update(
    observed: ObservedEmailSubscription,
    _changes: readonly Change[],
    op: Operation,
  ): Promise<EmailSubscriptionAttributes> {
    await this.#mark(op)
    return observed.attributes
  }

  /**
   * An unconfirmed one cannot be unsubscribed; it goes with its topic, or expires by itself (spec §10). It keeps its mark,
   * so that it is removed when somebody confirms it after all.
   */
  async delete(observed: ObservedEmailSubscription, op: Operation): Promise<Deletion> {
    if (observed.subscriptionArn === undefined) return { status: 'absent' }
    const gone = await unlessMissing(
      this.#sns.send(new UnsubscribeCommand({ SubscriptionArn: observed.subscriptionArn })),
      'NotFoundException',
    )
    await this.#unmark(op)
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  /** Of the address; see subscriber-mark.ts. */
  get digest(): string {
    return subscriberDigest(this.properties.email)
  }

  async #isMarked(): Promise<boolean> {
    const tagged = await unlessMissing(
      this.#sns.send(new ListTagsForResourceCommand({ ResourceArn: this.properties.topicArn() })),
      'ResourceNotFoundException',
    )
    return subscriberTag(this.properties.email) in fromTagList(tagged?.Tags)
  }

  async #mark(op: Operation): Promise<void> {
    const Tags = [{ Key: subscriberTag(this.properties.email), Value: 'email' }]
    const ResourceArn = this.properties.topicArn()
    const tag = () => this.#sns.send(new TagResourceCommand({ ResourceArn, Tags }))
    await retryConflict(() => this.#onceSeen(tag, op), op)
  }

  #onceSeen<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryNotFound(
      action,
      'waiting for SNS to see the new topic',
      op,
      'NotFoundException',
      'ResourceNotFoundException',
    )
  }

  async #unmark(op: Operation): Promise<void> {
    const TagKeys = [subscriberTag(this.properties.email)]
    const ResourceArn = this.properties.topicArn()
    await retryConflict(
      () =>
        unlessMissing(
          this.#sns.send(new UntagResourceCommand({ ResourceArn, TagKeys })),
          'ResourceNotFoundException',
        ),
      op,
    )
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
