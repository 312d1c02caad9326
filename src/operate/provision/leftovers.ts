import type { AwsContext } from '../../aws/context.js'
import type { DestroyResult } from '../../engine/destroy.js'
import type { Operation } from '../../engine/operation.js'
import { inventory } from '../../pipeline/inventory.js'
import { resourceOf } from '../../pipeline/orphans.js'
import type { AwsResource } from '../../resources/resource.js'

/** Something that should be gone and is not. */
export interface Leftover {
  id: string
  arn: string
  /** USD per month; 0 when it costs nothing while idle. */
  monthlyUsd: number
}

/**
 * Looks at AWS once more: every resource of the configuration by its name, and everything with the tags of this
 * environment, that is neither kept on purpose nor in a waiting period. The tagging API still shows what was deleted hours
 * ago and does not know every service, so each of its hits is looked at itself before it counts.
 */
export async function leftovers(
  aws: AwsContext,
  known: readonly AwsResource[],
  { foreign, retained, scheduled }: DestroyResult,
): Promise<Leftover[]> {
  const expected = new Set([...retained, ...scheduled, ...foreign].map(({ id }) => id))
  const op = { signal: new AbortController().signal, waiting: () => undefined }
  const ids = new Set(known.map(({ id }) => id))
  const tagged = (await inventory(aws)).filter(({ id }) => !ids.has(id))
  const candidates: Candidate[] = [
    ...known.map((resource) => ({ id: resource.id, resource })),
    ...tagged.map((item) => ({ id: item.id, resource: resourceOf(aws, item), arn: item.arn })),
  ].filter(({ id }) => !expected.has(id))
  const looked = await Promise.all(candidates.map((candidate) => look(candidate, op)))
  return looked.filter((found) => found !== undefined)
}

interface Candidate {
  id: string
  /** undefined: of a kind that datapipe does not make, but with its tags. Only the user can tell what it is. */
  resource: AwsResource | undefined
  arn?: string
}

async function look({ arn, id, resource }: Candidate, op: Operation): Promise<Leftover | undefined> {
  if (resource === undefined) return { id, arn: arn ?? id, monthlyUsd: 0 }
  if (resource.shared) return undefined
  const observed = await resource.read(op)
  if (observed === undefined || observed.pendingDeletionUntil !== undefined) return undefined
  return { id, arn: arn ?? observed.physicalId, monthlyUsd: monthlyUsd(resource) }
}

function monthlyUsd(resource: AwsResource): number {
  return resource.cost().reduce((sum, item) => sum + item.monthlyUsd, 0)
}
