import { Graph, reachable } from './graph.js'
import type { Journal } from './journal.js'
import type { Observations } from './observe.js'
import { refOf, type Kept } from './outcome.js'
import { blockedError, stillNeeded } from './refusals.js'
import type { Observed, Resource } from './resource.js'
import { walk } from './walk.js'

export interface FoundOrphan {
  resource: Resource
  observed: Observed<object>
}

/**
 * What is no longer in the graph: to be deleted, or left alone because it holds data, was adopted or belongs to somebody
 * else. What a resource of the graph was found to be is none, whatever id somebody wrote into its tags.
 */
export function sortOrphans(
  orphans: readonly Resource[],
  observations: Observations,
  graph: Graph,
): { doomed: FoundOrphan[]; kept: Kept[] } {
  const doomed: FoundOrphan[] = []
  const kept: Kept[] = []
  const known = new Set(
    graph.resources.map(({ id, type }) => `${type} ${observations.get(id)?.physicalId ?? ''}`),
  )
  for (const resource of orphans) {
    const observed = observations.get(resource.id)
    if (observed === undefined || known.has(`${resource.type} ${observed.physicalId}`)) continue
    const { physicalId } = observed
    if (!observed.owned) kept.push({ ...refOf(resource), physicalId, reason: 'belongs to somebody else' })
    else if (resource.retain)
      kept.push({ ...refOf(resource), physicalId, reason: resource.adopted ? 'was adopted' : 'holds data' })
    else doomed.push({ resource, observed })
  }
  return { doomed, kept }
}

/**
 * Deletes them, several at once, each when everything that depends on it is gone: what is in use cannot be deleted. One that
 * fails keeps what it uses from being deleted, and nothing else. After a run that ended early, the next one reads what is
 * left and goes on.
 * @returns those that are gone, in the order given
 */
export async function deleteOrphans(
  orphans: readonly FoundOrphan[],
  journal: Journal,
  concurrency?: number,
): Promise<FoundOrphan[]> {
  const byResource = new Map(orphans.map((orphan) => [orphan.resource, orphan]))
  const gone = new Set<FoundOrphan>()
  const remove = async (resource: Resource): Promise<void> => {
    const orphan = byResource.get(resource)
    if (orphan === undefined) return
    const { observed } = orphan
    const deletion = await resource.delete(observed, journal.operation(resource))
    if (deletion.status === 'blocked') throw blockedError(resource, observed.physicalId, deletion.by)
    journal.deleted(resource, deletion)
    if (deletion.status !== 'retained') gone.add(orphan)
  }
  await walk(usersFirst(orphans.map(({ resource }) => resource)), {
    concurrency,
    gate: journal.gate,
    visit: (resource) => {
      journal.started(resource)
      return journal.guard(resource, () => remove(resource))
    },
    skip: (resource, cause) => {
      journal.skippedByWalk(resource, cause, stillNeeded)
    },
  })
  return orphans.filter((orphan) => gone.has(orphan))
}

/**
 * What depends on something, directly or not, comes before it. What is not among them, because it is gone or stays, holds
 * nobody up, but what stands behind it still waits.
 */
function usersFirst(resources: readonly Resource[]): Graph {
  const users = new Map<Resource, Resource[]>(resources.map((resource) => [resource, []]))
  for (const resource of resources) {
    for (const used of reachable(resource, ({ dependsOn }) => dependsOn)) users.get(used)?.push(resource)
  }
  return new Graph(resources, (resource) => users.get(resource) ?? [])
}
