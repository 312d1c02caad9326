import type { Graph } from '../../engine/graph.js'
import type { PlanEntry } from '../../engine/plan.js'
import type { Resource } from '../../engine/resource.js'

/** What a plan is going to create. */
export function creationsOf(graph: Graph, entries: readonly PlanEntry[]): Resource[] {
  return entries.filter(({ action }) => action === 'create').map(({ id }) => graph.get(id))
}
