import { parseArn } from '../aws/arn.js'
import type { AwsContext } from '../aws/context.js'
import type { AwsResource } from '../resources/resource.js'
import { untaggedBeside } from './glue.js'
import type { InventoryItem } from './inventory.js'
import { BUILDERS } from './orphan-builders.js'
import { retiredSubscriptions } from './retired-subscriptions.js'
import { groupBesideCheck } from './success-check.js'

/** The resource behind an item of the inventory, or undefined when it is of a kind that datapipe does not make. */
export function resourceOf(aws: AwsContext, item: InventoryItem): AwsResource | undefined {
  return BUILDERS[rankOf(item)]?.[1](aws, item.id, item.tags.Name ?? parseArn(item.arn).name)
}

/** What carries our tags but is in no graph: left over from an earlier configuration. Ordered for deletion. */
export function orphansOf(
  aws: AwsContext,
  items: readonly InventoryItem[],
  known: readonly AwsResource[],
): AwsResource[] {
  const ids = new Set(known.map((resource) => resource.id))
  const orphans = new Map<string, AwsResource>()
  for (const item of [...items, ...untaggedBeside(aws, items), ...groupBesideCheck(aws, items)].sort(
    (a, b) => rankOf(a) - rankOf(b),
  )) {
    const resource = ids.has(item.id) ? undefined : resourceOf(aws, item)
    if (resource !== undefined) orphans.set(resource.id, resource)
  }
  for (const retired of retiredSubscriptions(aws, items, known)) orphans.set(retired.id, retired)
  return [...orphans.values()]
}

function rankOf(item: InventoryItem): number {
  const { kind, service } = parseArn(item.arn)
  return BUILDERS.findIndex(([key]) => key === `${service}:${kind}`)
}
