import type { EngineEvent } from '../engine/events.js'
import type { Action, Deletion } from '../engine/resource.js'

export type Result = Action | Deletion['status'] | 'failed' | 'skipped'

export type RunKind = 'plan' | 'apply' | 'destroy'

export interface InFlight {
  id: string
  resourceType: string
  startedAt: number
  /** When something about it was last said. */
  saidAt: number
  /** What it waits for, in words, once it said so. */
  message?: string
}

/** What happened so far in a run of the engine: the state behind every renderer of its events. */
export class Tally {
  kind: RunKind = 'apply'
  total = 0
  readonly inFlight = new Map<string, InFlight>()
  readonly results = new Map<string, Result>()

  /** @param now milliseconds, injected so that tests decide what time it is */
  constructor(private readonly now: () => number = Date.now) {}

  add(event: EngineEvent): void {
    switch (event.type) {
      case 'run.started':
        this.kind = event.kind
        this.total = event.total
        this.inFlight.clear()
        this.results.clear()
        break
      case 'resource.started': {
        const at = this.now()
        const { id, resourceType } = event
        this.inFlight.set(id, { id, resourceType, startedAt: at, saidAt: at })
        break
      }
      case 'resource.waiting': {
        const known = this.inFlight.get(event.id)
        if (known !== undefined) Object.assign(known, { message: event.message, saidAt: this.now() })
        break
      }
      case 'resource.finished':
        this.#end(event.id, event.action)
        break
      case 'resource.deleted':
        this.#end(event.id, event.deletion.status)
        break
      case 'resource.failed':
        this.#end(event.id, 'failed')
        break
      case 'resource.skipped':
        this.#end(event.id, 'skipped')
        break
      case 'run.finished':
        this.inFlight.clear()
        break
    }
  }

  /** Resources under way about which nothing was said for that long; from now on they count as spoken of. */
  quietFor(ms: number): InFlight[] {
    const at = this.now()
    const quiet = [...this.inFlight.values()].filter((resource) => at - resource.saidAt >= ms)
    for (const resource of quiet) resource.saidAt = at
    return quiet
  }

  elapsed(resource: InFlight): number {
    return this.now() - resource.startedAt
  }

  count(...results: Result[]): number {
    return [...this.results.values()].filter((result) => results.includes(result)).length
  }

  #end(id: string, result: Result): void {
    this.inFlight.delete(id)
    this.results.set(id, result)
  }
}
