import { UNKNOWN, type Change } from './change.js'
import { decide } from './decide.js'
import type { Graph } from './graph.js'
import { Journal } from './journal.js'
import { observe, type Observations } from './observe.js'
import { deleteOrphans, sortOrphans, type FoundOrphan } from './orphans.js'
import {
  expectedIdOf,
  refOf,
  type Failure,
  type Kept,
  type ResourceRef,
  type RunOptions,
  type Skipped,
} from './outcome.js'
import { protectedReplacementError, unreachable } from './refusals.js'
import { livingIn, removeForReplacement } from './replace.js'
import type { Action, Resource } from './resource.js'
import { walk } from './walk.js'

export interface ApplyOptions extends RunOptions {
  /** Resources that exist but are no longer in the graph; `dependsOn` says which of them have to go before which. */
  orphans?: readonly Resource[]
  /** Ids of foreign resources to take over. */
  adopt?: ReadonlySet<string>
  /** Ids that this run created before the walk; they are reported as created. */
  bootstrapped?: ReadonlySet<string>
  /** Called with what is going to be created, before anything is touched; throws when there is no room for it. */
  preflight?: (creations: readonly Resource[]) => Promise<void>
  /** Called with the ids that are about to be replaced or deleted, before they are; throws when that is not wanted. */
  authorize?: (destructive: string[]) => void
  /** Called when nothing stands in the way any more, before anything is touched. */
  begin?: () => Promise<void>
}

export type OutcomeAction = 'created' | 'updated' | 'replaced' | 'deleted' | 'unchanged'

export interface Outcome extends ResourceRef {
  physicalId: string
  action: OutcomeAction
  changes: Change[]
}

export interface ApplyResult {
  /** What is as desired now: in the order of the graph, then the deleted orphans. */
  outcomes: Outcome[]
  failures: Failure[]
  skipped: Skipped[]
  /** No longer part of the environment, and left alone. */
  kept: Kept[]
  counts: Record<OutcomeAction, number>
  /** Why the run ended early: an InterruptedError or what the lease threw. */
  stoppedBy?: Error
}

const PAST: Record<Action, OutcomeAction> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
  unchanged: 'unchanged',
}

/**
 * Makes the cloud what the graph says. Everything is read once and decided about before anything is touched: when a read
 * fails, something is foreign, or data would have to be replaced, nothing is. Then, dependencies first, each resource is
 * compared again with what its dependencies have become, and created or updated.
 *
 * A failure stops only what depends on it. All failures are in the result; nothing is thrown for them.
 * @throws what `preflight`, `authorize` and `begin` throw; UsageError NOT_ADOPTABLE
 */
export function applyGraph(graph: Graph, options: ApplyOptions = {}): Promise<ApplyResult> {
  return new Apply(graph, options).run()
}

class Apply {
  readonly #journal: Journal
  readonly #outcomes = new Map<string, Outcome>()
  /** What is replaced, and what its comparison said. */
  readonly #replaced = new Map<Resource, Change[]>()
  readonly #orphans: readonly Resource[]
  readonly #creations: Resource[] = []
  /** Orphans that are gone, or were tried, before the others: they lived in something that is replaced. */
  readonly #early = new Map<Resource, FoundOrphan | undefined>()
  #observations: Observations = new Map()

  constructor(
    private readonly graph: Graph,
    private readonly options: ApplyOptions,
  ) {
    this.#journal = new Journal('apply', options, unreachable)
    this.#orphans = options.orphans ?? []
  }

  async run(): Promise<ApplyResult> {
    const { concurrency } = this.options
    this.#journal.begin(this.graph.size + this.#orphans.length)
    this.#observations = await observe(this.graph, this.#orphans, this.#journal, { concurrency })
    if (this.#journal.stoppedBy === undefined) this.#decide()
    if (!this.#journal.clean) {
      this.#touchNothing()
      return this.#result([])
    }
    if (this.#creations.length > 0) await this.options.preflight?.(this.#creations)
    this.#authorize()
    await this.options.begin?.()
    if (this.#replaced.size > 0) await this.#remove(new Set(this.#replaced.keys()))
    await walk(this.graph, {
      concurrency,
      gate: this.#journal.gate,
      visit: (resource) => this.#visit(resource),
      skip: this.#journal.skippedByWalk,
    })
    return this.#result(await this.#finishOrphans())
  }

  #sortOrphans(): ReturnType<typeof sortOrphans> {
    return sortOrphans(this.#orphans, this.#observations, this.graph)
  }

  /** Finds what must not happen, what has to be replaced, and what is missing. */
  #decide(): void {
    const unreadable = new Set(this.#journal.failures.map((failure) => failure.id))
    const adopt = this.options.adopt ?? new Set<string>()
    const { decisions, failures } = decide(this.graph, this.#observations, unreadable, adopt)
    for (const { error, id, physicalId } of failures)
      this.#journal.failed(this.graph.get(id), error, physicalId)
    for (const { action, changes, resource } of decisions) {
      if (action === 'replace') this.#replaced.set(resource, changes)
      else if (action === 'create') this.#creations.push(resource)
    }
  }

  #authorize(): void {
    const { doomed } = this.#sortOrphans()
    const destructive = [...this.#replaced.keys(), ...doomed.map(({ resource }) => resource)]
    if (destructive.length > 0) this.options.authorize?.(destructive.map(({ id }) => id))
  }

  #touchNothing(): void {
    const { failures, stoppedBy } = this.#journal
    for (const resource of [...this.graph.order, ...this.#orphans]) {
      if (stoppedBy !== undefined) this.#journal.stop(resource, stoppedBy)
      else this.#journal.skip(resource, `nothing is touched because of ${ids(failures)}`)
    }
  }

  async #visit(resource: Resource): Promise<'done' | 'failed'> {
    if (this.#journal.hasGivenUp(resource)) return 'failed'
    this.#journal.started(resource)
    return this.#journal.guard(resource, () => this.#converge(resource))
  }

  async #converge(resource: Resource): Promise<'done' | 'failed'> {
    const op = this.#journal.operation(resource)
    const observed = this.#observations.get(resource.id)
    if (observed === undefined) return this.#create(resource)
    const changes = resource.diff(observed)
    if (changes.some((change) => change.replaces)) return this.#replaceLate(resource, changes)
    if (changes.length > 0) resource.resolve(await resource.update(observed, changes, op))
    else resource.resolve(observed.attributes)
    const bootstrapped = this.options.bootstrapped?.has(resource.id) === true
    const action = bootstrapped ? 'create' : changes.length > 0 ? 'update' : 'unchanged'
    this.#done(resource, action, observed.physicalId, changes)
    return 'done'
  }

  async #create(resource: Resource): Promise<'done'> {
    const op = this.#journal.operation(resource)
    resource.resolve(await resource.create(op))
    const replaced = this.#replaced.get(resource)
    const action = replaced === undefined ? 'create' : 'replace'
    this.#done(resource, action, await this.#createdId(resource), replaced ?? [])
    return 'done'
  }

  /** That it has to be replaced shows only now that its dependencies have changed. */
  async #replaceLate(resource: Resource, changes: Change[]): Promise<'done' | 'failed'> {
    const doomed = [resource, ...livingIn(this.graph, resource, this.#observations)]
    for (const one of doomed) {
      const observed = this.#observations.get(one.id)
      if (one.retain && observed !== undefined) {
        const home = one === resource ? undefined : resource
        throw protectedReplacementError(one, observed, home === undefined ? changes : [], home)
      }
    }
    this.options.authorize?.(doomed.map(({ id }) => id))
    for (const one of doomed) this.#replaced.set(one, one === resource ? changes : [])
    await this.#remove(new Set(doomed))
    return this.#journal.hasGivenUp(resource) ? 'failed' : this.#create(resource)
  }

  async #remove(doomed: ReadonlySet<Resource>): Promise<void> {
    const { concurrency } = this.options
    const within = this.#sortOrphans().doomed.filter(
      ({ resource }) => !this.#early.has(resource) && resource.within.some((home) => doomed.has(home)),
    )
    for (const { resource } of within) this.#early.set(resource, undefined)
    for (const gone of await deleteOrphans(within, this.#journal, concurrency))
      this.#early.set(gone.resource, gone)
    await removeForReplacement(this.graph, doomed, this.#observations, this.#journal, concurrency)
  }

  /** AWS chose the id of what has no name. Whatever goes wrong here, the resource itself was created. */
  async #createdId(resource: Resource): Promise<string> {
    const expected = expectedIdOf(resource)
    if (expected !== undefined) return expected
    try {
      return (await resource.read(this.#journal.operation(resource)))?.physicalId ?? UNKNOWN
    } catch {
      return UNKNOWN
    }
  }

  /** Only when all the rest is as desired: until then something may still use them. */
  async #finishOrphans(): Promise<FoundOrphan[]> {
    const all = this.#sortOrphans().doomed
    const doomed = all.filter(({ resource }) => !this.#early.has(resource))
    const early = [...this.#early.values()].filter((orphan) => orphan !== undefined)
    if (this.#journal.clean) {
      const late = await deleteOrphans(doomed, this.#journal, this.options.concurrency)
      const gone = new Set([...early, ...late].map(({ resource }) => resource))
      return all.filter(({ resource }) => gone.has(resource))
    }
    const { failures, stoppedBy } = this.#journal
    for (const { resource } of doomed) {
      if (stoppedBy !== undefined) this.#journal.stop(resource, stoppedBy)
      else this.#journal.skip(resource, `may still be in use because of ${ids(failures)}`)
    }
    return early
  }

  #done(resource: Resource, action: Action, physicalId: string, changes: Change[]): void {
    this.#outcomes.set(resource.id, { ...refOf(resource), physicalId, action: PAST[action], changes })
    this.#journal.finished(resource, action, changes)
  }

  #result(deleted: FoundOrphan[]): ApplyResult {
    const outcomes = this.graph.order.flatMap((resource) => this.#outcomes.get(resource.id) ?? [])
    for (const { observed, resource } of deleted) {
      const { physicalId } = observed
      outcomes.push({ ...refOf(resource), physicalId, action: 'deleted', changes: [] })
    }
    const counts = { created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 0 }
    for (const { action } of outcomes) counts[action]++
    const { failures, skipped, stoppedBy } = this.#journal
    const { kept } = this.#sortOrphans()
    this.#journal.end()
    return { outcomes, failures, skipped, kept, counts, ...(stoppedBy !== undefined && { stoppedBy }) }
  }
}

function ids(failures: readonly Failure[]): string {
  return failures.map((failure) => failure.id).join(', ')
}
