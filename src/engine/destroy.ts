import { Graph } from './graph.js'
import { Journal } from './journal.js'
import { observe, type Observations } from './observe.js'
import { refOf, type Failure, type ResourceRef, type RunOptions, type Skipped } from './outcome.js'
import { stillNeeded } from './refusals.js'
import type { Deletion, Observed, Resource } from './resource.js'
import { walk } from './walk.js'

export interface DestroyOptions extends RunOptions {
  /** Deletes what holds data, too. */
  deleteData?: boolean
  /** Ids to delete after everything else, in this order: what holds the lease. They stay when anything else could not go. */
  last?: readonly string[]
  /** Called once, before the first of `last` is deleted. From then on `assertHeld` is not asked any more. */
  beforeLast?: () => void | Promise<void>
}

export interface Removed extends ResourceRef {
  physicalId: string
}

export interface DestroyResult {
  deleted: Removed[]
  /** Gone, but AWS keeps it until the ISO date `until`. */
  scheduled: (Removed & { until: string })[]
  /** Kept on purpose: it holds data, or something that holds data needs it. */
  retained: Removed[]
  absent: ResourceRef[]
  /** Has our name but not our tags: never deleted. */
  foreign: Removed[]
  /** Still there, because something outside of the environment holds it. */
  blocked: (Removed & { by: string[] })[]
  failures: Failure[]
  skipped: Skipped[]
  /** Why the run ended early: an InterruptedError or what the lease threw. */
  stoppedBy?: Error
}

/**
 * Deletes what the graph says, dependants first. A resource goes only when everything that depends on it is gone, foreign,
 * or retained without naming it in `keeps`. A failure stops only what it depends on; all failures are in the result.
 */
export function destroyGraph(graph: Graph, options: DestroyOptions = {}): Promise<DestroyResult> {
  return new Destroy(graph, options).run()
}

class Destroy {
  readonly #journal: Journal
  readonly #last: ReadonlySet<string>
  readonly #kept = new Set<Resource>()
  readonly #result: DestroyResult
  #observations: Observations = new Map()
  #leaveLease: Promise<void> | undefined

  constructor(
    private readonly graph: Graph,
    private readonly options: DestroyOptions,
  ) {
    this.#journal = new Journal('destroy', options, stillNeeded)
    this.#last = new Set(options.last)
    const { failures, skipped } = this.#journal
    this.#result = {
      deleted: [],
      scheduled: [],
      retained: [],
      absent: [],
      foreign: [],
      blocked: [],
      failures,
      skipped,
    }
  }

  async run(): Promise<DestroyResult> {
    const { concurrency, last = [] } = this.options
    const order = deletionOrder(this.graph, last)
    this.#journal.begin(this.graph.size)
    this.#observations = await observe(this.graph, [], this.#journal, { concurrency })
    for (const resource of this.graph.resources) {
      const observed = this.#observations.get(resource.id)
      const stays = observed === undefined ? this.#journal.hasGivenUp(resource) : observed.owned
      if (stays && this.#isRetained(resource)) this.#keep(resource.keeps)
    }
    await walk(order, {
      concurrency,
      gate: this.#journal.gate,
      visit: (resource) => this.#visit(resource),
      skip: this.#journal.skippedByWalk,
    })
    this.#journal.end()
    const { stoppedBy } = this.#journal
    return { ...this.#result, ...(stoppedBy !== undefined && { stoppedBy }) }
  }

  async #visit(resource: Resource): Promise<'done' | 'failed'> {
    if (this.#journal.hasGivenUp(resource)) return 'failed'
    const observed = this.#observations.get(resource.id)
    if (observed === undefined) {
      this.#result.absent.push(refOf(resource))
      this.#journal.deleted(resource, { status: 'absent' })
      return 'done'
    }
    if (!observed.owned) {
      this.#result.foreign.push({ ...refOf(resource), physicalId: observed.physicalId })
      this.#journal.deleted(resource, { status: 'retained' })
      return 'done'
    }
    if (resource.shared) {
      this.#journal.deleted(resource, { status: 'absent' })
      return 'done'
    }
    if (this.#isRetained(resource) || this.#kept.has(resource)) {
      return this.#record(resource, observed, { status: 'retained' })
    }
    this.#journal.started(resource)
    return this.#journal.guard(resource, async () => {
      if (this.#last.has(resource.id)) await (this.#leaveLease ??= this.#beforeLast())
      const deletion = await resource.delete(observed, this.#journal.operation(resource))
      return this.#record(resource, observed, deletion)
    })
  }

  async #beforeLast(): Promise<void> {
    await this.options.beforeLast?.()
    this.#journal.leaveLease()
  }

  #record(resource: Resource, observed: Observed<object>, deletion: Deletion): 'done' | 'failed' {
    const removed = { ...refOf(resource), physicalId: observed.physicalId }
    this.#journal.deleted(resource, deletion)
    switch (deletion.status) {
      case 'deleted':
        this.#result.deleted.push(removed)
        return 'done'
      case 'absent':
        this.#result.absent.push(refOf(resource))
        return 'done'
      case 'scheduled':
        this.#result.scheduled.push({ ...removed, until: deletion.until })
        return 'done'
      case 'retained':
        this.#result.retained.push(removed)
        this.#keep(resource.keeps)
        return 'done'
      case 'blocked':
        this.#result.blocked.push({ ...removed, by: deletion.by })
        return 'failed'
    }
  }

  #isRetained(resource: Resource): boolean {
    return resource.retain && this.options.deleteData !== true
  }

  #keep(resources: readonly Resource[]): void {
    for (const resource of resources) {
      if (this.#kept.has(resource)) continue
      this.#kept.add(resource)
      this.#keep(resource.keeps)
    }
  }
}

/** Dependants first; then, when all the others are gone, `last` in its order, and what those depend on. */
function deletionOrder(graph: Graph, last: readonly string[]): Graph {
  const reversed = graph.reversed()
  if (last.length === 0) return reversed
  const lastResources = last.map((id) => graph.get(id))
  const end = new Set(lastResources)
  for (const resource of lastResources) {
    for (const dependency of graph.allDependencies(resource)) end.add(dependency)
  }
  const early = reversed.resources.filter((resource) => !end.has(resource))
  return new Graph(reversed.resources, (resource) => {
    const place = lastResources.indexOf(resource)
    if (place === -1) return reversed.dependencies(resource)
    return [...reversed.dependencies(resource), ...early, ...lastResources.slice(0, place)]
  })
}
