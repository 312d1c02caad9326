import { parseArn } from '../aws/arn.js'
import type { AwsContext } from '../aws/context.js'
import { UNKNOWN } from '../engine/change.js'
import type { AwsResource } from '../resources/resource.js'
import { untaggedBeside } from './glue.js'
import { policyBesideLogs } from './ingestion-orphans.js'
import type { InventoryItem } from './inventory.js'
import { BUILDERS } from './orphan-builders.js'
import { livesInVpc, ONE_BY_ONE, USES } from './orphan-order.js'
import { retiredSubscriptions } from './retired-subscriptions.js'
import { scriptsInUse } from './spark-scripts.js'
import { groupBesideCheck } from './success-check.js'

/** The resource behind an item of the inventory, or undefined when it is of a kind that datapipe does not make. */
export function resourceOf(
  aws: AwsContext,
  item: InventoryItem,
  uses: readonly AwsResource[] = [],
  within: readonly AwsResource[] = [],
): AwsResource | undefined {
  return BUILDERS[rankOf(item)]?.[1](aws, item.id, nameOf(item), { dependsOn: uses, within }, item)
}

/** Kinds whose ARN has an id that AWS chose, or no name of its own. */
const WITHOUT_NAME = /^(ec2|kms|datasync|athena:namedquery|logs:resource-policy)(:|$)/

/** Where AWS keeps names unique the ARN has it; the `Name` tag, which anybody can write or copy, says it elsewhere. */
function nameOf(item: InventoryItem): string {
  const kind = kindOf(item)
  const { name } = parseArn(item.arn)
  if (WITHOUT_NAME.test(kind)) return item.tags.Name ?? name
  // Each revision has an ARN.
  return kind === 'ecs:task-definition' ? name.replace(/:\d+$/, '') : name
}

/**
 * What carries our tags but is in no graph: left over from an earlier configuration. Listed in an order in which it can be
 * deleted; `dependsOn` says which of them use which.
 */
export function orphansOf(
  aws: AwsContext,
  items: readonly InventoryItem[],
  known: readonly AwsResource[],
): AwsResource[] {
  const kept = new Set([...known.map(({ id }) => id), ...scriptsInUse(items, known)])
  const candidates = [
    ...items,
    ...untaggedBeside(aws, items),
    ...groupBesideCheck(aws, items),
    ...policyBesideLogs(aws, items),
  ]
    .filter(({ id }) => !kept.has(id))
    .sort((a, b) => rankOf(a) - rankOf(b))
  const vpcs = known.filter(({ type }) => type === 'AWS::EC2::VPC')
  const byKind = new Map<string, AwsResource[]>()
  const orphans = new Map<string, AwsResource>()
  // What is used is deleted last, and made first.
  for (const item of candidates.reverse()) {
    if (orphans.has(item.id)) continue
    const kind = kindOf(item)
    const namesakes = byKind.get(kind) ?? []
    const used = (USES[kind] ?? []).flatMap((one) => byKind.get(one) ?? [])
    const within = livesInVpc(kind) ? vpcs : []
    const resource = resourceOf(aws, item, ONE_BY_ONE.has(kind) ? [...used, ...namesakes] : used, within)
    if (resource === undefined || known.some((one) => isSame(one, resource))) continue
    orphans.set(resource.id, resource)
    byKind.set(kind, [...namesakes, resource])
  }
  return [...[...orphans.values()].reverse(), ...retiredSubscriptions(aws, items, known)]
}

/**
 * Where AWS keeps names unique, what has the name of something that the configuration knows is that thing, whatever somebody
 * wrote into its `datapipe:id`: it is repaired, and must not be deleted as an orphan of the id that it carries.
 */
function isSame(known: AwsResource, found: AwsResource): boolean {
  const { expectedPhysicalId } = found
  return (
    known.type === found.type &&
    expectedPhysicalId !== UNKNOWN &&
    known.expectedPhysicalId === expectedPhysicalId
  )
}

function rankOf(item: InventoryItem): number {
  const kind = kindOf(item)
  return BUILDERS.findIndex(([key]) => key === kind)
}

/** Service and kind of the ARN. What is in a bucket has the name of that where others have their kind. */
function kindOf({ arn }: InventoryItem): string {
  const { kind, service } = parseArn(arn)
  return service === 's3' && kind !== '' ? 's3:object' : `${service}:${kind}`
}
