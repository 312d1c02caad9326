import type { Change } from './change.js'
import { decide } from './decide.js'
import type { Graph } from './graph.js'
import { Journal } from './journal.js'
import { observe } from './observe.js'
import { sortOrphans } from './orphans.js'
import { expectedIdOf, type Failure, type Kept, type RunOptions } from './outcome.js'
import { unreachable } from './refusals.js'
import type { Action, Resource } from './resource.js'

export interface PlanOptions extends Omit<RunOptions, 'assertHeld'> {
  /** Resources that exist but are no longer in the graph. */
  orphans?: readonly Resource[]
  /** Ids of foreign resources that may be taken over. */
  adopt?: ReadonlySet<string>
}

export interface PlanEntry {
  id: string
  type: string
  action: Action
  physicalId?: string
  /** Empty for `create` and `delete`. */
  changes: Change[]
  /** The id of the replaced resource it lives in, when that is why it is replaced. */
  because?: string
  /** It is somebody else's, and taken over. `unmarked`: nothing at it will tell later that it was. */
  adopts?: 'marked' | 'unmarked'
}

/** What an `up` would do. */
export interface Plan {
  /** Dependencies first, then the deletions. */
  entries: PlanEntry[]
  /** What stands in the way: an `up` with this plan touches nothing. Resources behind an unreadable one have no entry. */
  failures: Failure[]
  /** No longer part of the environment, and left alone. */
  kept: Kept[]
}

/**
 * Reads everything and says what would be done; changes nothing and needs no lease.
 * @throws InterruptedError when the signal is aborted; UsageError NOT_ADOPTABLE
 */
export async function planGraph(graph: Graph, options: PlanOptions = {}): Promise<Plan> {
  const { adopt = new Set<string>(), concurrency, orphans = [] } = options
  const journal = new Journal('plan', options, unreachable)
  journal.begin(graph.size + orphans.length)
  const observations = await observe(graph, orphans, journal, {
    concurrency,
    onRead: (resource) => {
      journal.started(resource)
    },
  })
  if (journal.stoppedBy !== undefined) {
    journal.end()
    throw journal.stoppedBy
  }
  const unreadable = new Set(journal.failures.map((failure) => failure.id))
  const { decisions, failures } = decide(graph, observations, unreadable, adopt)
  for (const { error, id, physicalId } of failures) journal.failed(graph.get(id), error, physicalId)
  const entries: PlanEntry[] = decisions.map((decision) => {
    const { action, adopts, because, changes, observed, resource } = decision
    journal.finished(resource, action, changes)
    return {
      ...describe(resource, action, observed?.physicalId ?? expectedIdOf(resource)),
      changes,
      ...(because !== undefined && { because }),
      ...(adopts !== undefined && { adopts }),
    }
  })
  const { doomed, kept } = sortOrphans(orphans, observations, graph)
  for (const { observed, resource } of doomed) {
    journal.finished(resource, 'delete', [])
    entries.push({ ...describe(resource, 'delete', observed.physicalId), changes: [] })
  }
  journal.end()
  return { entries, failures: journal.failures, kept }
}

function describe(resource: Resource, action: Action, physicalId: string | undefined) {
  return { id: resource.id, type: resource.type, action, ...(physicalId !== undefined && { physicalId }) }
}
