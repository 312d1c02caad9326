import type { Journal } from './journal.js'
import type { Observations } from './observe.js'
import { refOf, type Kept } from './outcome.js'
import { blockedError } from './refusals.js'
import type { Observed, Resource } from './resource.js'

export interface FoundOrphan {
  resource: Resource
  observed: Observed<object>
}

/** What is no longer in the graph: to be deleted, or left alone because it holds data or belongs to somebody else. */
export function sortOrphans(
  orphans: readonly Resource[],
  observations: Observations,
): { doomed: FoundOrphan[]; kept: Kept[] } {
  const doomed: FoundOrphan[] = []
  const kept: Kept[] = []
  for (const resource of orphans) {
    const observed = observations.get(resource.id)
    if (observed === undefined) continue
    const { physicalId } = observed
    if (!observed.owned) kept.push({ ...refOf(resource), physicalId, reason: 'belongs to somebody else' })
    else if (resource.retain) kept.push({ ...refOf(resource), physicalId, reason: 'holds data' })
    else doomed.push({ resource, observed })
  }
  return { doomed, kept }
}

/**
 * Deletes them one after the other, in the order given: it says what holds what. One that fails stops no other.
 * @returns those that are gone
 */
export async function deleteOrphans(
  orphans: readonly FoundOrphan[],
  journal: Journal,
): Promise<FoundOrphan[]> {
  const gone: FoundOrphan[] = []
  for (const orphan of orphans) {
    const { observed, resource } = orphan
    try {
      journal.gate()
    } catch (error) {
      journal.stop(resource, error)
      continue
    }
    journal.started(resource)
    await journal.guard(resource, async () => {
      const deletion = await resource.delete(observed, journal.operation(resource))
      if (deletion.status === 'blocked') throw blockedError(resource, observed.physicalId, deletion.by)
      journal.deleted(resource, deletion)
      if (deletion.status !== 'retained') gone.push(orphan)
    })
  }
  return gone
}
