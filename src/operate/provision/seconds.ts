import { KMSClient } from '@aws-sdk/client-kms'
import { parseArn } from '../../aws/arn.js'
import type { AwsContext } from '../../aws/context.js'
import { UNKNOWN } from '../../engine/change.js'
import type { Graph } from '../../engine/graph.js'
import type { PlanEntry } from '../../engine/plan.js'
import type { Resource } from '../../engine/resource.js'
import type { InventoryItem } from '../../pipeline/inventory.js'
import { resourceOf } from '../../pipeline/orphans.js'
import { describeKey, PENDING_DELETION } from '../../resources/kms/key-lookup.js'

/** Something beside a resource of the environment that carries its tags. */
export interface Second {
  /** Of the resource. */
  id: string
  /** Of the resource. */
  type: string
  arn: string
}

/**
 * Where AWS keeps names unique, a resource is found by its name, and something else with its tags is met by nobody. Copied
 * tags are no danger to the resource, but somebody takes that for a part of the environment which is none. (Where only tags
 * tell, two with the same ones are an error of their own.)
 */
export async function secondsOf(
  aws: AwsContext,
  items: readonly InventoryItem[],
  graph: Graph,
  entries: readonly PlanEntry[],
): Promise<Second[]> {
  const planned = new Map(entries.map((entry) => [entry.id, entry]))
  const found = await Promise.all(
    items.map(async (item): Promise<Second[]> => {
      const { physicalId } = planned.get(item.id) ?? {}
      if (physicalId === undefined || !graph.has(item.id)) return []
      const known = graph.get(item.id)
      const isSecond = await isAnother(aws, item, known, physicalId)
      return isSecond ? [{ id: known.id, type: known.type, arn: item.arn }] : []
    }),
  )
  return found.flat()
}

async function isAnother(
  aws: AwsContext,
  item: InventoryItem,
  known: Resource,
  physicalId: string,
): Promise<boolean> {
  const { kind, name, service } = parseArn(item.arn)
  if (service === 'kms' && kind === 'key') {
    if (known.type === 'AWS::KMS::Key' && name === physicalId) return false
    // The index of tags still shows what is going.
    const key = await describeKey(aws.clients.of(KMSClient), item.arn)
    return key !== undefined && key.KeyState !== PENDING_DELETION
  }
  const resource = resourceOf(aws, item)
  if (resource === undefined || resource.expectedPhysicalId === UNKNOWN) return false
  if (resource.type === known.type && resource.expectedPhysicalId === known.expectedPhysicalId) return false
  const never = { signal: new AbortController().signal, waiting: () => undefined }
  return (await resource.read(never))?.owned === true
}

/** One line for each. */
export function secondWarnings(seconds: readonly Second[]): string[] {
  return seconds.map(
    ({ arn, id }) =>
      `${arn} carries the tags of ${id}, and is something else. It is left alone; remove its datapipe: tags if it is not wanted here.`,
  )
}
