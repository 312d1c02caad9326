import { DatapipeError, InterruptedError } from '../errors.js'
import type { Change } from './change.js'
import type { EngineEvent } from './events.js'
import type { Operation } from './operation.js'
import { refOf, type Failure, type RunOptions, type Skipped } from './outcome.js'
import type { Action, Deletion, Resource } from './resource.js'
import type { SkipCause } from './walk.js'

/** What happened so far in one run: collects failures and skips, tells the listener, and knows whether to go on. */
export class Journal {
  readonly failures: Failure[] = []
  readonly skipped: Skipped[] = []
  /** Why the run ended early: an InterruptedError or what the lease threw. */
  stoppedBy: Error | undefined
  readonly #signal: AbortSignal
  readonly #began = Date.now()
  readonly #started = new Map<string, number>()
  readonly #ended = new Set<string>()
  readonly #interrupted = new Set<string>()
  #guarded = true

  constructor(
    private readonly kind: 'plan' | 'apply' | 'destroy',
    private readonly options: RunOptions,
    private readonly waitsInWords: (because: Resource) => string,
  ) {
    this.#signal = options.signal ?? new AbortController().signal
  }

  /** Throws when nothing new may start. */
  readonly gate = (): void => {
    if (this.#signal.aborted) throw this.#stopError()
    if (this.#guarded) this.options.assertHeld?.()
  }

  /** From here on the lease is nobody's business: what holds it is about to be deleted. */
  leaveLease(): void {
    this.#guarded = false
  }

  begin(total: number): void {
    this.#emit({ type: 'run.started', kind: this.kind, total })
  }

  end(): void {
    this.#emit({ type: 'run.finished', kind: this.kind, elapsedMs: Date.now() - this.#began })
  }

  operation(resource: Resource): Operation {
    return {
      signal: this.#signal,
      waiting: (message) => {
        this.waiting(resource, message)
      },
    }
  }

  started(resource: Resource): void {
    if (this.#started.has(resource.id)) return
    this.#started.set(resource.id, Date.now())
    this.#emit({ type: 'resource.started', id: resource.id, resourceType: resource.type })
  }

  waiting(resource: Resource, message: string): void {
    this.#emit({ type: 'resource.waiting', id: resource.id, message, elapsedMs: this.#elapsed(resource) })
  }

  finished(resource: Resource, action: Action, changes: Change[]): void {
    const { id, type: resourceType } = resource
    const elapsedMs = this.#elapsed(resource)
    this.#emit({ type: 'resource.finished', id, resourceType, action, changes, elapsedMs })
  }

  deleted(resource: Resource, deletion: Deletion): void {
    const { id, type: resourceType } = resource
    this.#emit({ type: 'resource.deleted', id, resourceType, deletion, elapsedMs: this.#elapsed(resource) })
  }

  /** Records a failure once; one that only says that the run stops is a skip. */
  failed(resource: Resource, error: unknown, physicalId?: string): void {
    if (this.#signal.aborted && (isInterruption(error) || error === this.#signal.reason)) {
      this.stop(resource, this.#stopError())
      return
    }
    if (this.#ended.has(resource.id)) return
    this.#ended.add(resource.id)
    this.failures.push({ ...refOf(resource), error, ...(physicalId !== undefined && { physicalId }) })
    const { id, type: resourceType } = resource
    this.#emit({ type: 'resource.failed', id, resourceType, error, elapsedMs: this.#elapsed(resource) })
  }

  skip(resource: Resource, reason: string, because?: string): void {
    if (this.#ended.has(resource.id)) return
    this.#ended.add(resource.id)
    this.skipped.push({ ...refOf(resource), reason, ...(because === undefined ? {} : { because }) })
    this.#emit({ type: 'resource.skipped', id: resource.id, resourceType: resource.type, reason })
  }

  /** For `walk`: what it did not visit. */
  readonly skippedByWalk = (resource: Resource, cause: SkipCause, inWords = this.waitsInWords): void => {
    if ('stopped' in cause) this.stop(resource, cause.stopped)
    else if (this.stoppedBy !== undefined && this.#interrupted.has(cause.because.id)) {
      this.stop(resource, this.stoppedBy)
    } else this.skip(resource, inWords(cause.because), cause.because.id)
  }

  /** Skips it because the run ends early. */
  stop(resource: Resource, error: unknown): void {
    this.stoppedBy ??= error instanceof Error ? error : new Error(String(error))
    this.#interrupted.add(resource.id)
    const reason = this.stoppedBy instanceof InterruptedError ? 'interrupted' : this.stoppedBy.message
    this.skip(resource, reason)
  }

  /** Runs one visit of a walk; what it throws becomes the failure of that resource. */
  async guard(
    resource: Resource,
    visit: () => Promise<'done' | 'failed' | void>,
  ): Promise<'done' | 'failed'> {
    try {
      return (await visit()) ?? 'done'
    } catch (error) {
      this.failed(resource, error)
      return 'failed'
    }
  }

  /** Whether it already failed or was skipped. */
  hasGivenUp(resource: Resource): boolean {
    return this.#ended.has(resource.id)
  }

  get clean(): boolean {
    return this.#ended.size === 0 && this.stoppedBy === undefined
  }

  #elapsed(resource: Resource): number {
    return Date.now() - (this.#started.get(resource.id) ?? Date.now())
  }

  #stopError(): DatapipeError {
    const reason: unknown = this.#signal.reason
    return reason instanceof DatapipeError ? reason : new InterruptedError()
  }

  #emit(event: EngineEvent): void {
    this.options.onEvent?.(event)
  }
}

/** What a wait, or a cloud client that was handed the signal, throws when the run stops. */
function isInterruption(error: unknown): boolean {
  return error instanceof InterruptedError || (error instanceof Error && error.name === 'AbortError')
}
