import {
  CreateNotificationCommand,
  DeleteNotificationCommand,
  DescribeSubscribersForNotificationCommand,
  paginateDescribeNotificationsForBudget,
  type BudgetsClient,
  type Notification,
  type NotificationType,
  type Subscriber,
} from '@aws-sdk/client-budgets'
import { unlessMissing } from '../../aws/retry.js'

/** When to say something. */
export interface Threshold {
  type: NotificationType
  /** Percent of the limit. */
  percent: number
}

/** Names a budget in the account of the caller. */
export interface BudgetKey {
  AccountId: string
  BudgetName: string
}

/** By `ACTUAL-80`: who is told, as sorted `SNS:<arn>` or `EMAIL:<address>`. */
export type Notifications = Record<string, string[]>

export function thresholdKey({ percent, type }: Threshold): string {
  return `${type}-${percent}`
}

function fromKey(key: string): Threshold {
  const [type, percent] = key.split('-')
  return { type: type === 'FORECASTED' ? 'FORECASTED' : 'ACTUAL', percent: Number(percent) }
}

export function toAws({ percent, type }: Threshold): Notification {
  return {
    NotificationType: type,
    ComparisonOperator: 'GREATER_THAN',
    Threshold: percent,
    ThresholdType: 'PERCENTAGE',
  }
}

export function topicSubscriber(topicArn: string): Subscriber {
  return { SubscriptionType: 'SNS', Address: topicArn }
}

/**
 * Everything a budget says and to whom.
 * @param subscribers false where they cannot be asked for: then each is taken to go to `assumed`
 */
export async function readNotifications(
  budgets: BudgetsClient,
  budget: BudgetKey,
  { assumed }: { assumed: string | undefined },
): Promise<Notifications> {
  const found: Notifications = {}
  for await (const page of paginateDescribeNotificationsForBudget({ client: budgets }, budget)) {
    for (const notification of page.Notifications ?? []) {
      const key = `${notification.NotificationType}-${notification.Threshold}`
      const isOurKind =
        notification.ComparisonOperator === 'GREATER_THAN' &&
        (notification.ThresholdType ?? 'PERCENTAGE') === 'PERCENTAGE'
      if (!isOurKind) continue
      found[key] =
        assumed === undefined ? await readSubscribers(budgets, budget, notification) : [`SNS:${assumed}`]
    }
  }
  return found
}

async function readSubscribers(
  budgets: BudgetsClient,
  budget: BudgetKey,
  { ComparisonOperator, NotificationType, Threshold, ThresholdType }: Notification,
): Promise<string[]> {
  // At most eleven: one topic and ten addresses, so one page.
  const page = await unlessMissing(
    budgets.send(
      new DescribeSubscribersForNotificationCommand({
        ...budget,
        Notification: { ComparisonOperator, NotificationType, Threshold, ThresholdType },
      }),
    ),
    'NotFoundException',
  )
  return (page?.Subscribers ?? [])
    .map(({ Address, SubscriptionType }) => `${SubscriptionType ?? ''}:${Address ?? ''}`)
    .sort()
}

/** Makes it say what is wanted and only that. Somebody else's subscribers on one of our thresholds go with it. */
export async function syncNotifications(
  budgets: BudgetsClient,
  budget: BudgetKey,
  observed: Notifications,
  wanted: readonly Threshold[],
  topicArn: string,
): Promise<void> {
  const keys = new Set(wanted.map(thresholdKey))
  for (const [key, subscribers] of Object.entries(observed)) {
    if (keys.has(key) && subscribers.join() === `SNS:${topicArn}`) {
      keys.delete(key)
      continue
    }
    await unlessMissing(
      budgets.send(new DeleteNotificationCommand({ ...budget, Notification: toAws(fromKey(key)) })),
      'NotFoundException',
    )
  }
  for (const threshold of wanted.filter((one) => keys.has(thresholdKey(one)))) {
    await unlessMissing(
      budgets.send(
        new CreateNotificationCommand({
          ...budget,
          Notification: toAws(threshold),
          Subscribers: [topicSubscriber(topicArn)],
        }),
      ),
      'DuplicateRecordException',
    )
  }
}
