import { Graph } from './graph.js'
import type { Journal } from './journal.js'
import type { Observed, Resource } from './resource.js'
import { walk } from './walk.js'

/** What the cloud looks like now, by resource id; what is absent has no entry. */
export type Observations = Map<string, Observed<object>>

/**
 * Reads every resource once, all at the same time but for one rule: what a resource lives in is read before it, so that its
 * read may look at the attributes of that, which are UNKNOWN when it does not exist. A read that fails stops no other: all
 * of them end up in the journal.
 * @param orphans resources outside the graph, read without any order
 */
export async function observe(
  graph: Graph,
  orphans: readonly Resource[],
  journal: Journal,
  options: { concurrency?: number; onRead?: (resource: Resource) => void } = {},
): Promise<Observations> {
  const observations: Observations = new Map()
  const all = new Graph([...graph.resources, ...orphans], (resource) =>
    graph.has(resource.id) ? resource.within : [],
  )
  const read = async (resource: Resource): Promise<'done'> => {
    options.onRead?.(resource)
    resource.resolveUnknown()
    await journal.guard(resource, async () => {
      const observed = await resource.read(journal.operation(resource))
      if (observed === undefined) return
      observations.set(resource.id, observed)
      if (observed.owned && resource.adoptionMark(observed) === 'present') resource.adopt()
      resource.resolve(observed.attributes)
    })
    return 'done'
  }
  await walk(all, {
    concurrency: options.concurrency,
    gate: journal.gate,
    visit: read,
    skip: journal.skippedByWalk,
  })
  return observations
}
