import { parseArn } from '../aws/arn.js'
import type { AwsContext } from '../aws/context.js'
import type { AwsResource } from '../resources/resource.js'
import { EmailSubscription } from '../resources/sns/email-subscription.js'
import { RetiredSubscription } from '../resources/sns/retired-subscription.js'
import { markedSubscribers } from '../resources/sns/subscriber-mark.js'
import type { InventoryItem } from './inventory.js'

/** Addresses that datapipe put on a topic and the configuration names no more. On a topic that goes, they go with it. */
export function retiredSubscriptions(
  aws: AwsContext,
  items: readonly InventoryItem[],
  known: readonly AwsResource[],
): AwsResource[] {
  const wanted = new Set(
    known.filter((resource) => resource instanceof EmailSubscription).map(({ digest }) => digest),
  )
  const topics = items.filter(({ arn, id }) => {
    const { kind, service } = parseArn(arn)
    return service === 'sns' && kind === '' && known.some((resource) => resource.id === id)
  })
  return topics.flatMap(({ arn, tags }) =>
    markedSubscribers(tags)
      .filter((digest) => !wanted.has(digest))
      .map((digest) => new RetiredSubscription(aws, arn, digest)),
  )
}
