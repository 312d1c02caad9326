import { BudgetsClient, DescribeBudgetCommand } from '@aws-sdk/client-budgets'
import { CloudWatchClient, GetDashboardCommand } from '@aws-sdk/client-cloudwatch'
import type { AwsContext } from '../aws/context.js'
import { unlessMissing } from '../aws/retry.js'
import { TAG, type Tags } from '../aws/tags.js'
import type { Environment } from '../config/schema.js'
import type { InventoryItem } from './inventory.js'

/** A tag of the topic, which stays: this environment has, or once had, a dashboard or a budget. */
const MARK = 'datapipe:account-wide'

/** What the topic is marked with before a dashboard or a budget is made. */
export function accountWideMarks({ monitoring }: Environment): Tags {
  return monitoring.dashboard || monitoring.budgetMonthlyUsd !== undefined ? { [MARK]: 'true' } : {}
}

/** Who may not look any more cannot remove it either. */
const NOT_THERE = [
  'NotFoundException',
  'DashboardNotFoundError',
  'ResourceNotFound',
  'AccessDeniedException',
  'AccessDenied',
]

/**
 * The dashboard and the budget of this environment, if they exist. They belong to the account and not to a region, so the
 * tagging API of a region does not list them: where the topic says that there may be some, they are looked up by their
 * names, and believed by their tags when they are read.
 * @param tagged what the tagging API lists
 */
export async function accountWide(
  aws: AwsContext,
  tagged: readonly InventoryItem[],
): Promise<InventoryItem[]> {
  if (!tagged.some(({ tags }) => MARK in tags)) return []
  const { account, names, partition } = aws
  const find = (call: Promise<object>) =>
    unlessMissing(call, ...NOT_THERE).catch((error: unknown) => {
      // Not every emulator knows every service, and what it does not know it does not have.
      if (!aws.emulated) throw error
    })
  const { clients } = aws
  const [dashboard, budget] = await Promise.all([
    find(clients.of(CloudWatchClient).send(new GetDashboardCommand({ DashboardName: names.dashboard }))),
    find(
      clients
        .of(BudgetsClient)
        .send(new DescribeBudgetCommand({ AccountId: account, BudgetName: names.budget })),
    ),
  ])
  const item = (id: string, name: string, service: string, kind: string): InventoryItem => ({
    arn: `arn:${partition}:${service}::${account}:${kind}/${name}`,
    id,
    tags: { [TAG.id]: id, Name: name },
  })
  return [
    ...(dashboard === undefined
      ? []
      : [item('monitoring/dashboard', names.dashboard, 'cloudwatch', 'dashboard')]),
    ...(budget === undefined ? [] : [item('monitoring/budget', names.budget, 'budgets', 'budget')]),
  ]
}
