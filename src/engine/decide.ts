import { assertAdoptable } from './adopt.js'
import type { Change } from './change.js'
import type { Graph } from './graph.js'
import type { Observations } from './observe.js'
import { refOf, type Failure } from './outcome.js'
import { foreignError, protectedReplacementError } from './refusals.js'
import type { Action, Observed, Resource } from './resource.js'

/** What is to be done with one resource. */
export interface Decision {
  resource: Resource
  action: Exclude<Action, 'delete'>
  observed?: Observed<object>
  changes: Change[]
  /** The id of the replaced resource it lives in, when that is why it is replaced. */
  because?: string
  /** It is somebody else's, and taken over. `unmarked`: nothing at it will tell later that it was. */
  adopts?: 'marked' | 'unmarked'
}

export interface Decisions {
  /** In the order of the graph; resources that cannot be decided about are missing. */
  decisions: Decision[]
  failures: Failure[]
}

/**
 * Compares what is with what should be, dependencies first, touching nothing. What a resource that is still to be created
 * or replaced will be like is UNKNOWN to its dependants.
 * @param unreadable ids whose read failed: neither they nor their dependants are decided about
 * @param adopt ids of foreign resources that may be taken over
 * @throws UsageError NOT_ADOPTABLE when one of `adopt` is not foreign
 */
export function decide(
  graph: Graph,
  observations: Observations,
  unreadable: ReadonlySet<string>,
  adopt: ReadonlySet<string>,
): Decisions {
  assertAdoptable(observations, unreadable, graph, adopt)
  const decisions: Decision[] = []
  const failures: Failure[] = []
  const replaced = new Set<Resource>()
  const undecided = new Set<Resource>()

  const decideOne = (resource: Resource): Decision => {
    const observed = observations.get(resource.id)
    if (observed === undefined) {
      resource.resolveUnknown()
      return { resource, action: 'create', changes: [] }
    }
    resource.resolve(observed.attributes)
    const isForeign = !observed.owned
    if (isForeign) {
      if (!adopt.has(resource.id)) throw foreignError(resource, observed)
      // Before it is compared: the mark of the adoption is one of the differences.
      if (resource.adoptionMark(observed) !== 'impossible') resource.adopt()
    }
    const adopts = isForeign ? ({ adopts: resource.adopted ? 'marked' : 'unmarked' } as const) : {}
    const changes = resource.diff(observed)
    const parent = resource.within.find((candidate) => replaced.has(candidate))
    if (parent === undefined && !changes.some((change) => change.replaces)) {
      return { resource, action: changes.length > 0 ? 'update' : 'unchanged', observed, changes, ...adopts }
    }
    if (resource.retain || isForeign) throw protectedReplacementError(resource, observed, changes, parent)
    replaced.add(resource)
    resource.resolveUnknown()
    return { resource, action: 'replace', observed, changes, ...(parent && { because: parent.id }) }
  }

  for (const resource of graph.order) {
    const blind =
      unreadable.has(resource.id) || graph.dependencies(resource).some((one) => undecided.has(one))
    if (blind) {
      undecided.add(resource)
      continue
    }
    try {
      decisions.push(decideOne(resource))
    } catch (error) {
      const physicalId = observations.get(resource.id)?.physicalId
      failures.push({ ...refOf(resource), error, ...(physicalId !== undefined && { physicalId }) })
    }
  }
  return { decisions, failures }
}
