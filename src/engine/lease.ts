import { elapsedSince, momentOf, type Clock, type Moment } from './clock.js'
import { LeaseLostError } from './lease-errors.js'
import { formatRecord, parseRecord, renewedRecord, type LeaseRecord } from './lease-record.js'
import type { LeaseStore, StoredLease } from './lease-store.js'
import { renewalInterval, renewalPatience, retryInterval, unconfirmedAfter } from './lease-terms.js'

/** Each lost race shows a new etag; more than a few in a row is a store that answers nonsense. */
const ATTEMPTS = 5
/** Between looks at whether an overdue renewal has come through. */
const POLL_MS = 100

/**
 * The right to change an environment, held by one run at a time through conditional writes on one object (`acquireLease`).
 *
 * No two machines' clocks are ever compared. A holder counts a ttl from the *start* of its last successful write, by its own
 * clocks, then stops. Others let a ttl and a few seconds pass since that write *by the clock of the store*, which S3 tells
 * with every answer (`Last-Modified` and `Date`). So the old holder has stopped before the new one begins, also when it was
 * paused meanwhile, and however wrong either's clock is. (The lock client of DynamoDB and the leader election of Kubernetes
 * get there by watching a lease for a whole ttl before taking it, because their stores tell no time; Terraform's lock in S3
 * never expires, so each killed run needs a `force-unlock`.)
 *
 * What no client can rule out: a change that was already on its way when the process was paused arrives late. AWS refuses
 * requests that were signed more than 5 minutes ago (S3: 15).
 */
export class Lease {
  readonly #lost = new AbortController()
  #renewal: { cancel(): void } | undefined
  #deadline: { cancel(): void } | undefined
  #released: Promise<boolean> | undefined
  #detached = false

  /** @param record what this process has just written @param confirmed when it began to write that */
  constructor(
    private readonly store: LeaseStore,
    private readonly clock: Clock,
    private record: LeaseRecord,
    private etag: string,
    private confirmed: Moment,
  ) {
    this.#watchDeadline()
    this.#renewAfter(renewalInterval(record.ttlMs))
  }

  /** It was given back, or is about to be. */
  get isReleased(): boolean {
    return this.#released !== undefined
  }

  /** Aborted, with a LeaseLostError as its reason, when this run may no longer write. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Looks at the clocks, so that a process that was paused notices at once.
   * @throws LeaseLostError
   */
  assertHeld(): void {
    if (this.#released !== undefined) throw new LeaseLostError('it was released')
    this.#checkDeadline()
    this.#lost.signal.throwIfAborted()
  }

  /**
   * To be awaited right before every write. When the renewal is overdue it waits for that one, since somebody may have broken the
   * lease meanwhile; otherwise it costs nothing.
   * @throws LeaseLostError
   */
  async confirm(): Promise<void> {
    for (;;) {
      this.assertHeld()
      if (this.#detached || elapsedSince(this.confirmed, this.clock) < unconfirmedAfter(this.record.ttlMs)) {
        return
      }
      await this.clock.sleep(POLL_MS)
    }
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
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (await this.store.remove(this.etag)) return true
        // A renewal on its way, or one whose answer was lost, may have changed the etag.
        const stored = await this.store.read()
        if (stored === undefined || !this.#isOurs(stored)) return false
        this.etag = stored.etag
      }
    } catch {
      // Whatever ended the run matters more than this: nobody is hurt by a lease that expires.
    }
    return false
  }

  #renewAfter(ms: number): void {
    this.#renewal = this.clock.after(ms, () => {
      void this.#renew()
    })
  }

  async #renew(): Promise<void> {
    this.#checkDeadline()
    if (this.#ended) return
    const { ttlMs } = this.record
    const patience = new AbortController()
    const timer = this.clock.after(renewalPatience(ttlMs), () => {
      patience.abort()
    })
    // When the network fails that says nothing about the lease: it is ours until it expires.
    const isRenewed = await this.#tryToRenew(patience.signal).catch(() => false)
    timer.cancel()
    if (this.#ended) return
    if (isRenewed) this.#watchDeadline()
    this.#renewAfter(isRenewed ? renewalInterval(ttlMs) : retryInterval(ttlMs))
  }

  /** A write whose answer was lost changed the etag: what is stored is still ours when it carries our id. */
  async #tryToRenew(signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; attempt < 2 && !this.#ended; attempt++) {
      const started = momentOf(this.clock)
      const next = renewedRecord(this.record, started.now)
      const etag = await this.store.replace(formatRecord(next), this.etag, signal)
      if (etag !== undefined) {
        this.record = next
        this.etag = etag
        this.confirmed = started
        return true
      }
      const stored = await this.store.read()
      if (stored === undefined || !this.#isOurs(stored)) {
        this.#lose(whoHas(stored))
        return false
      }
      this.etag = stored.etag
    }
    return false
  }

  #isOurs({ body }: StoredLease): boolean {
    return parseRecord(body)?.id === this.record.id
  }

  #watchDeadline(): void {
    this.#deadline?.cancel()
    const left = this.record.ttlMs - elapsedSince(this.confirmed, this.clock)
    this.#deadline = this.clock.after(Math.max(1, left), () => {
      this.#checkDeadline()
      // A timer may fire a moment before the clock says so.
      if (!this.#ended) this.#watchDeadline()
    })
  }

  #checkDeadline(): void {
    const { ttlMs } = this.record
    if (this.#detached || elapsedSince(this.confirmed, this.clock) < ttlMs) return
    const end = new Date(this.confirmed.now + ttlMs).toISOString()
    this.#lose(`it could not be renewed and expired at ${end}`)
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

function whoHas(stored: StoredLease | undefined): string {
  const holder = parseRecord(stored?.body ?? '')?.holder
  if (holder === undefined) return 'somebody removed it'
  return `${holder.user} on ${holder.host} (process ${holder.pid}, \`${holder.command}\`) took it over`
}
