import {
  paginateListSubscriptionsByTopic,
  SNSClient,
  UnsubscribeCommand,
  UntagResourceCommand,
  type Subscription,
} from '@aws-sdk/client-sns'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryConflict, unlessMissing } from '../../aws/retry.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { subscriberDigest, SUBSCRIBER_TAG } from './subscriber-mark.js'

interface ObservedRetired extends Observed<{ email: string }> {
  subscriptionArn: string
}

/**
 * An email address that datapipe once subscribed and the configuration no longer names: known by what the topic's tags say,
 * only there to be removed. Addresses that somebody else put on the topic have no such tag and are left alone. What nobody
 * confirmed counts as gone: it cannot be unsubscribed, and expires by itself (spec §10).
 */
export class RetiredSubscription extends AwsResource<{ email: string }, ObservedRetired> {
  readonly type = 'AWS::SNS::Subscription'
  readonly iamActions = ['sns:ListSubscriptionsByTopic', 'sns:Unsubscribe', 'sns:UntagResource']

  readonly #sns: SNSClient

  constructor(
    aws: AwsContext,
    readonly topicArn: string,
    readonly digest: string,
  ) {
    super(aws, `messaging/retired-subscriber/${digest}`, digest)
    this.#sns = aws.clients.of(SNSClient)
  }

  async read(): Promise<ObservedRetired | undefined> {
    const found = await this.#find()
    const arn = found?.SubscriptionArn
    if (found === undefined || !arn?.startsWith('arn:')) return undefined
    return { physicalId: arn, attributes: { email: found.Endpoint ?? '' }, owned: true, subscriptionArn: arn }
  }

  diff(): Change[] {
    return []
  }

  /** Never called: nothing wants it. */
  create(): Promise<{ email: string }> {
    return Promise.reject(new Error(`${this.id} is there to be removed`))
  }

  update(observed: ObservedRetired): Promise<{ email: string }> {
    return Promise.resolve(observed.attributes)
  }

  /** The tag last: until then the next run finds it again. */
  async delete(observed: ObservedRetired, op: Operation): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#sns.send(new UnsubscribeCommand({ SubscriptionArn: observed.subscriptionArn })),
      'NotFoundException',
    )
    const untag = new UntagResourceCommand({
      ResourceArn: this.topicArn,
      TagKeys: [`${SUBSCRIBER_TAG}${this.digest}`],
    })
    await retryConflict(() => unlessMissing(this.#sns.send(untag), 'ResourceNotFoundException'), op)
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #find(): Promise<Subscription | undefined> {
    try {
      for await (const page of paginateListSubscriptionsByTopic(
        { client: this.#sns },
        { TopicArn: this.topicArn },
      )) {
        const found = page.Subscriptions?.find(
          ({ Endpoint, Protocol }) =>
            Protocol === 'email' && subscriberDigest(Endpoint ?? '') === this.digest,
        )
        if (found !== undefined) return found
      }
    } catch (error) {
      if (!isAwsError(error, 'NotFoundException')) throw error
    }
    return undefined
  }
}
