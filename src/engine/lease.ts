import { DatapipeError, ExitCode } from '../errors.js'
import { systemClock, type Clock } from './clock.js'
import { LeaseHeldError, LeaseLostError, LeaseUnreadableError } from './lease-errors.js'
import {
  formatRecord,
  newRecord,
  parseRecord,
  renewedRecord,
  type LeaseHolder,
  type LeaseRecord,
} from './lease-record.js'
import type { LeaseStore } from './lease-store.js'

export interface LeaseOptions {
  holder: LeaseHolder
  /** How long it lasts without being renewed; default 60 s. It is renewed every third of that. */
  ttlMs?: number
  clock?: Clock
  /** true when the holder is known to live no more: its lease is taken over without waiting until it expires. */
  isGone?: (holder: LeaseHolder) => Promise<boolean>
}

const nobodyKnows = () => Promise.resolve(false)

const DEFAULT_TTL_MS = 60_000
/** Each lost race shows a new holder, or none any more; more than a few in a row is a store that answers nonsense. */
const ATTEMPTS = 5

/**
 * The right to change an environment, held by one run at a time through conditional writes on one object.
 *
 * It is valid until a ttl after the *start* of the last successful write, by the wall clock of this process. So whoever
 * takes it over when it has expired does so after its holder knows, also when the holder was paused meanwhile; clocks of
 * different machines are expected to agree within seconds.
 */
export class Lease {
  readonly #lost = new AbortController()
  #validUntil: number
  #renewal: { cancel(): void } | undefined
  #deadline: { cancel(): void } | undefined
  #released: Promise<boolean> | undefined
  #detached = false

  private constructor(
    private readonly store: LeaseStore,
    private readonly ttlMs: number,
    private readonly clock: Clock,
    private record: LeaseRecord,
    private etag: string,
  ) {
    this.#validUntil = Date.parse(record.expiresAt)
    this.#watchDeadline()
    this.#renewAfter(this.ttlMs / 3)
  }

  /**
   * Takes the lease, also over from a holder that let it expire or is gone.
   * @throws LeaseHeldError (exit code 4) when another run holds it, LeaseUnreadableError
   */
  static async acquire(store: LeaseStore, options: LeaseOptions): Promise<Lease> {
    const { clock = systemClock, holder, isGone = nobodyKnows, ttlMs = DEFAULT_TTL_MS } = options
    let record = newRecord(holder, clock.now(), ttlMs)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      record = { ...newRecord(holder, clock.now(), ttlMs), id: record.id }
      const created = await store.create(formatRecord(record))
      if (created !== undefined) return new Lease(store, ttlMs, clock, record, created)

      const current = await store.read()
      if (current === undefined) continue
      const held = parseRecord(current.body)
      if (held === undefined) throw new LeaseUnreadableError()
      // The write had succeeded, only its answer was lost, and the client's retry met it.
      if (held.id === record.id) return new Lease(store, ttlMs, clock, held, current.etag)
      const isOver = Date.parse(held.expiresAt) <= clock.now() || (await isGone(held.holder))
      if (!isOver) throw new LeaseHeldError(held)

      record = { ...newRecord(holder, clock.now(), ttlMs), id: record.id }
      const taken = await store.replace(formatRecord(record), current.etag)
      if (taken !== undefined) return new Lease(store, ttlMs, clock, record, taken)
    }
    throw new DatapipeError('LEASE_CONTENDED', 'Several runs try to work on this environment at once.', {
      exitCode: ExitCode.leaseHeld,
      suggestions: ['Run this again when the others have ended.'],
    })
  }

  /** Aborted, with a LeaseLostError as its reason, when this run may no longer write. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * To be called before every write. Looks at the clock, so that a process that was paused notices at once.
   * @throws LeaseLostError
   */
  assertHeld(): void {
    if (this.#released !== undefined) throw new LeaseLostError('it was released')
    this.#checkDeadline()
    this.#lost.signal.throwIfAborted()
  }

  /** Stops renewing and leaves the lease where it is: for a run that is about to delete what it is stored in. */
  detach(): void {
    this.#detached = true
    this.#stopTimers()
  }

  /**
   * Gives it back, once; further calls answer the same.
   * @returns false when it could not be removed: then it is somebody else's by now, or expires by itself
   */
  release(): Promise<boolean> {
    this.#released ??= this.#remove()
    return this.#released
  }

  async #remove(): Promise<boolean> {
    this.#stopTimers()
    try {
      if (await this.store.remove(this.etag)) return true
      // A renewal on its way, or one whose answer was lost, may have changed the etag.
      const ours = await this.#findOurs()
      return ours !== undefined && (await this.store.remove(ours.etag))
    } catch {
      // Whatever ended the run matters more than this: nobody is hurt by a lease that expires.
      return false
    }
  }

  #renewAfter(ms: number): void {
    this.#renewal = this.clock.after(ms, () => {
      void this.#renew()
    })
  }

  async #renew(): Promise<void> {
    this.#checkDeadline()
    if (this.#ended) return
    const next = renewedRecord(this.record, this.clock.now(), this.ttlMs)
    try {
      const etag = await this.store.replace(formatRecord(next), this.etag)
      const held = etag === undefined ? await this.#findOurs() : { record: next, etag }
      if (held === undefined) {
        this.#lose('another run took it over, or somebody removed it')
        return
      }
      this.record = held.record
      this.etag = held.etag
      this.#validUntil = Date.parse(held.record.expiresAt)
      if (this.#ended) return
      this.#watchDeadline()
      this.#renewAfter(this.ttlMs / 3)
    } catch {
      // The network fails, which says nothing about the lease: it is ours until it expires.
      if (!this.#ended) this.#renewAfter(this.ttlMs / 12)
    }
  }

  /** A write whose answer was lost changed the etag: what is stored is still ours when it carries our id. */
  async #findOurs(): Promise<{ record: LeaseRecord; etag: string } | undefined> {
    const current = await this.store.read()
    if (current === undefined) return undefined
    const record = parseRecord(current.body)
    return record?.id === this.record.id ? { record, etag: current.etag } : undefined
  }

  #watchDeadline(): void {
    this.#deadline?.cancel()
    this.#deadline = this.clock.after(Math.max(1, this.#validUntil - this.clock.now()), () => {
      this.#checkDeadline()
      // A timer may fire a moment before the clock says so.
      if (!this.#ended) this.#watchDeadline()
    })
  }

  #checkDeadline(): void {
    if (this.#detached || this.clock.now() < this.#validUntil) return
    this.#lose(`it could not be renewed and expired at ${new Date(this.#validUntil).toISOString()}`)
  }

  #lose(why: string): void {
    if (this.#ended) return
    this.#stopTimers()
    this.#lost.abort(new LeaseLostError(why))
  }

  get #ended(): boolean {
    return this.#released !== undefined || this.#detached || this.#lost.signal.aborted
  }

  #stopTimers(): void {
    this.#renewal?.cancel()
    this.#deadline?.cancel()
  }
}
