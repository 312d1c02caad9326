import type { Graph } from '../../engine/graph.js'
import type { Operation } from '../../engine/operation.js'
import type { Observed, Resource } from '../../engine/resource.js'
import { DatapipeError } from '../../errors.js'

/** What was done about one resource. */
export interface Deployed<Attributes extends object> {
  action: 'created' | 'updated' | 'unchanged'
  attributes: Attributes
}

/**
 * Reads all that a resource depends on, so that it can be deployed alone. Changes nothing.
 * @throws DatapipeError ENVIRONMENT_INCOMPLETE when a dependency is missing or is not ours: that is for `up` to repair
 */
export async function resolveDependencies(graph: Graph, resource: Resource, op: Operation): Promise<void> {
  const needed = graph.allDependencies(resource)
  for (const layer of graph.layers()) {
    await Promise.all(layer.filter((one) => needed.has(one)).map((one) => resolveOne(one, op)))
  }
}

/**
 * Makes one resource as it should be, after `resolveDependencies`.
 * @throws DatapipeError ENVIRONMENT_INCOMPLETE when it is not ours
 */
export async function deployOne<Attributes extends object, Seen extends Observed<Attributes>>(
  resource: Resource<Attributes, Seen>,
  op: Operation,
): Promise<Deployed<Attributes>> {
  const observed = await resource.read(op)
  if (observed === undefined) return { action: 'created', attributes: await resource.create(op) }
  if (!observed.owned) throw incomplete(resource.id)
  const changes = resource.diff(observed)
  if (changes.length === 0) return { action: 'unchanged', attributes: observed.attributes }
  return { action: 'updated', attributes: await resource.update(observed, changes, op) }
}

async function resolveOne(resource: Resource, op: Operation): Promise<void> {
  const observed = await resource.read(op)
  if (observed?.owned !== true || observed.pendingDeletionUntil !== undefined) throw incomplete(resource.id)
  resource.resolve(observed.attributes)
}

function incomplete(id: string): DatapipeError {
  return new DatapipeError('ENVIRONMENT_INCOMPLETE', `${id} does not exist, or is not ours.`, {
    suggestions: ['See what is missing: `datapipe plan`.', 'Make it: `datapipe up`.'],
  })
}
