import type { Graph } from './graph.js'
import type { Resource } from './resource.js'

/** What in-flight resources are limited to; those that wait for the cloud cost nothing. */
export const DEFAULT_CONCURRENCY = 32

/** Why a resource was never visited: what it waits for failed, or nothing new may start. */
export type SkipCause = { because: Resource } | { stopped: unknown }

export interface WalkOptions {
  /** How many resources may be in flight at once. */
  concurrency?: number
  /** Called before each visit; when it throws, nothing new starts and what is in flight is drained. */
  gate: () => void
  /** Must not reject. `failed`: everything that comes after it is skipped. */
  visit: (resource: Resource) => Promise<'done' | 'failed'>
  skip: (resource: Resource, cause: SkipCause) => void
}

/**
 * Visits every resource once, after everything that comes before it. Among those that can start, the one with the longest
 * chain behind it goes first: it decides how long the whole takes.
 */
export async function walk(graph: Graph, options: WalkOptions): Promise<void> {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
  const waitingFor = new Map<string, number>()
  const open = new Set(graph.order)
  const ready: Resource[] = []
  const running = new Set<Promise<void>>()
  let stopped: { error: unknown } | undefined

  for (const resource of graph.order) {
    const count = graph.dependencies(resource).length
    waitingFor.set(resource.id, count)
    if (count === 0) ready.push(resource)
  }

  const visit = async (resource: Resource): Promise<void> => {
    open.delete(resource)
    const verdict = await options.visit(resource)
    if (verdict === 'failed') {
      const unreachable = graph.allDependants(resource)
      for (const dependant of graph.order) {
        if (!unreachable.has(dependant) || !open.delete(dependant)) continue
        options.skip(dependant, { because: resource })
      }
      return
    }
    for (const dependant of graph.dependants(resource)) {
      const count = (waitingFor.get(dependant.id) ?? 0) - 1
      waitingFor.set(dependant.id, count)
      if (count === 0) ready.push(dependant)
    }
  }

  for (;;) {
    while (stopped === undefined && running.size < concurrency && ready.length > 0) {
      try {
        options.gate()
      } catch (error) {
        stopped = { error }
        break
      }
      const run = visit(takeLongest(graph, ready)).finally(() => running.delete(run))
      running.add(run)
    }
    if (running.size === 0) break
    await Promise.race(running)
  }
  if (stopped === undefined) return
  for (const resource of graph.order) {
    if (open.has(resource)) options.skip(resource, { stopped: stopped.error })
  }
}

function takeLongest(graph: Graph, ready: Resource[]): Resource {
  let best = 0
  for (let at = 1; at < ready.length; at++) {
    if (graph.chainLength(ready[at]!) > graph.chainLength(ready[best]!)) best = at
  }
  return ready.splice(best, 1)[0]!
}
