import type { Graph } from './graph.js'
import type { Journal } from './journal.js'
import type { Observations } from './observe.js'
import { blockedError, protectedReplacementError, stillNeeded } from './refusals.js'
import type { Resource } from './resource.js'
import { walk } from './walk.js'

/** Everything that lives in a resource, directly or not, and exists. */
export function livingIn(graph: Graph, home: Resource, observations: Observations): Resource[] {
  const homes = new Set([home])
  for (const resource of graph.order) {
    if (resource.within.some((parent) => homes.has(parent))) homes.add(resource)
  }
  homes.delete(home)
  return [...homes].filter((resource) => observations.has(resource.id))
}

/**
 * Deletes resources that are to be created anew, what depends on them first. Those that are gone leave `observations`;
 * those that could not be deleted end up in the journal.
 */
export async function removeForReplacement(
  graph: Graph,
  doomed: ReadonlySet<Resource>,
  observations: Observations,
  journal: Journal,
  concurrency: number | undefined,
): Promise<void> {
  for (const resource of doomed) {
    const observed = observations.get(resource.id)
    if (observed !== undefined) resource.resolve(observed.attributes)
  }
  const remove = async (resource: Resource): Promise<void> => {
    const observed = observations.get(resource.id)
    if (observed === undefined) return
    journal.started(resource)
    journal.waiting(resource, `deleting ${observed.physicalId} to create it anew`)
    const deletion = await resource.delete(observed, journal.operation(resource))
    if (deletion.status === 'retained') throw protectedReplacementError(resource, observed, [])
    if (deletion.status === 'blocked') throw blockedError(resource, observed.physicalId, deletion.by)
    observations.delete(resource.id)
  }
  await walk(graph.reversed(), {
    concurrency,
    gate: journal.gate,
    visit: (resource) =>
      doomed.has(resource) ? journal.guard(resource, () => remove(resource)) : Promise.resolve('done'),
    skip: (resource, cause) => {
      if (doomed.has(resource)) journal.skippedByWalk(resource, cause, stillNeeded)
    },
  })
}
