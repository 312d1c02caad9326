import { UsageError } from '../errors.js'
import type { Graph } from './graph.js'
import type { Observations } from './observe.js'

/**
 * Refuses to adopt what is not there to be adopted: whoever names it takes it for something that it is not. What an earlier
 * run adopted may be named again, so that the same command can be repeated.
 * @param unreadable ids of which nobody knows what they are: their own failure says more
 * @throws UsageError NOT_ADOPTABLE
 */
export function assertAdoptable(
  observations: Observations,
  unreadable: ReadonlySet<string>,
  graph: Graph,
  adopt: ReadonlySet<string>,
): void {
  const wrong = [...adopt].flatMap((id) => {
    if (unreadable.has(id)) return []
    const observed = observations.get(id)
    if (observed === undefined) return [`${id} does not exist`]
    const resource = graph.get(id)
    const isDone = resource.adopted || resource.adoptionMark(observed) === 'impossible'
    return observed.owned && !isDone
      ? [`${id} (${observed.physicalId}) is part of this environment already`]
      : []
  })
  if (wrong.length === 0) return
  throw new UsageError('NOT_ADOPTABLE', `There is nothing to adopt: ${wrong.join('; ')}.`, {
    suggestions: ['Run the same command without that --adopt.'],
  })
}
