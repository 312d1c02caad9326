import { DatapipeError } from '../errors.js'
import type { Resource } from './resource.js'

/** Which resources must be finished before one may start. */
export type Before = (resource: Resource) => readonly Resource[]

/**
 * Resources and the order between them. Whatever the direction of a walk, "dependencies" come first: in the graph of an
 * `up` those are what a resource depends on, in the reversed graph of a `down` they are what depends on it.
 */
export class Graph {
  /** Dependencies first; among those that could come next, the one listed first. */
  readonly order: readonly Resource[]
  readonly #byId = new Map<string, Resource>()
  readonly #dependencies = new Map<string, readonly Resource[]>()
  readonly #dependants = new Map<string, Resource[]>()
  readonly #chains = new Map<string, number>()

  /**
   * @param resources every resource of the environment, in the order in which people want to read them
   * @param before what comes before a resource; by default what it depends on
   * @throws DatapipeError DUPLICATE_RESOURCE, MISSING_DEPENDENCY, DEPENDENCY_CYCLE
   */
  constructor(
    readonly resources: readonly Resource[],
    before: Before = (resource) => resource.dependsOn,
  ) {
    for (const resource of resources) {
      if (this.#byId.has(resource.id)) {
        throw new DatapipeError('DUPLICATE_RESOURCE', `Two resources have the id ${resource.id}.`)
      }
      this.#byId.set(resource.id, resource)
      this.#dependants.set(resource.id, [])
    }
    for (const resource of resources) {
      const dependencies = [...new Set(before(resource))]
      for (const dependency of dependencies) this.#link(resource, dependency)
      this.#dependencies.set(resource.id, dependencies)
    }
    this.order = this.#sort()
    for (const resource of this.order.toReversed()) {
      const following = this.dependants(resource).map((dependant) => this.chainLength(dependant))
      this.#chains.set(resource.id, 1 + Math.max(0, ...following))
    }
  }

  get size(): number {
    return this.resources.length
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** @throws DatapipeError UNKNOWN_RESOURCE */
  get(id: string): Resource {
    const resource = this.#byId.get(id)
    if (resource === undefined) throw new DatapipeError('UNKNOWN_RESOURCE', `There is no resource ${id}.`)
    return resource
  }

  /** What comes directly before it. */
  dependencies(resource: Resource): readonly Resource[] {
    return this.#dependencies.get(resource.id) ?? []
  }

  /** What comes directly after it. */
  dependants(resource: Resource): readonly Resource[] {
    return this.#dependants.get(resource.id) ?? []
  }

  /** Everything that comes before it, directly or not. */
  allDependencies(resource: Resource): Set<Resource> {
    return reachable(resource, (next) => this.dependencies(next))
  }

  /** Everything that comes after it, directly or not. */
  allDependants(resource: Resource): Set<Resource> {
    return reachable(resource, (next) => this.dependants(next))
  }

  /** How many resources the longest chain from this one to the end has, itself included. */
  chainLength(resource: Resource): number {
    return this.#chains.get(resource.id) ?? 0
  }

  /** Resources by how many others must come before them, one after the other: layer 0 can start at once. */
  layers(): Resource[][] {
    const depth = new Map<string, number>()
    const layers: Resource[][] = []
    for (const resource of this.order) {
      const depths = this.dependencies(resource).map((dependency) => depth.get(dependency.id) ?? 0)
      const own = depths.length === 0 ? 0 : 1 + Math.max(...depths)
      depth.set(resource.id, own)
      const layer = (layers[own] ??= [])
      layer.push(resource)
    }
    return layers
  }

  /** The same resources the other way round, for deleting them. */
  reversed(): Graph {
    return new Graph(this.resources.toReversed(), (resource) => this.dependants(resource))
  }

  #link(resource: Resource, dependency: Resource): void {
    const dependants = this.#dependants.get(dependency.id)
    if (dependants === undefined || this.#byId.get(dependency.id) !== dependency) {
      throw new DatapipeError(
        'MISSING_DEPENDENCY',
        `${resource.id} depends on ${dependency.id}, which is not part of the environment.`,
      )
    }
    dependants.push(resource)
  }

  #sort(): Resource[] {
    const waitingFor = new Map(
      this.resources.map((resource) => [resource.id, this.dependencies(resource).length]),
    )
    const sorted: Resource[] = []
    const rest = new Set(this.resources)
    while (rest.size > 0) {
      let next: Resource | undefined
      for (const candidate of rest) {
        if (waitingFor.get(candidate.id) === 0) {
          next = candidate
          break
        }
      }
      if (next === undefined) throw this.#cycleAmong(rest)
      rest.delete(next)
      sorted.push(next)
      for (const dependant of this.dependants(next)) {
        waitingFor.set(dependant.id, (waitingFor.get(dependant.id) ?? 0) - 1)
      }
    }
    return sorted
  }

  /** Each of `rest` still waits for another of `rest`, so following those must come back to where it has been. */
  #cycleAmong(rest: ReadonlySet<Resource>): DatapipeError {
    const path: Resource[] = []
    let at = [...rest][0]
    while (at !== undefined && !path.includes(at)) {
      path.push(at)
      at = this.dependencies(at).find((dependency) => rest.has(dependency))
    }
    const cycle = at === undefined ? path : [...path.slice(path.indexOf(at)), at]
    const ids = cycle.map((resource) => resource.id)
    return new DatapipeError('DEPENDENCY_CYCLE', `Resources depend on each other: ${ids.join(' -> ')}.`)
  }
}

/** Everything that following `next` leads to, from one resource on; itself only when something leads back. */
export function reachable(from: Resource, next: (resource: Resource) => readonly Resource[]): Set<Resource> {
  const seen = new Set<Resource>()
  const open = [...next(from)]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...next(at))
  }
  return seen
}
