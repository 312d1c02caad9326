import { DatapipeError, ExitCode } from '../errors.js'
import { momentOf, systemClock, type Clock } from './clock.js'
import { LeaseHeldError, LeaseUnreadableError } from './lease-errors.js'
import { formatRecord, newRecord, parseRecord, type LeaseHolder } from './lease-record.js'
import type { LeaseStore, StoredLease } from './lease-store.js'
import { expiryOf, leaseInfo, TTL_MS } from './lease-terms.js'
import { Lease } from './lease.js'

export interface LeaseOptions {
  holder: LeaseHolder
  /** The name of what is leased, for saying how to break it. */
  environment: string
  /** How long it lasts without being renewed; default 60 s. */
  ttlMs?: number
  clock?: Clock
  /** true when the holder is known to live no more: its lease is taken over without waiting until it expires. */
  isGone?: (holder: LeaseHolder) => Promise<boolean>
}

const nobodyKnows = () => Promise.resolve(false)

/** Each lost race shows a new holder, or none any more; more than a few in a row is a store that answers nonsense. */
const ATTEMPTS = 5

/**
 * Takes the lease, also over from a holder that let it expire or is gone.
 * @throws LeaseHeldError (exit code 4) when another run holds it, LeaseUnreadableError
 */
export async function acquireLease(store: LeaseStore, options: LeaseOptions): Promise<Lease> {
  const { clock = systemClock, environment, holder, isGone = nobodyKnows, ttlMs = TTL_MS } = options
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const started = momentOf(clock)
    const record = newRecord(holder, started.now, ttlMs)
    const etag = await store.create(formatRecord(record))
    if (etag !== undefined) return new Lease(store, clock, record, etag, started)

    const current = await store.read()
    if (current === undefined) continue
    const held = parseRecord(current.body)
    if (held === undefined) throw new LeaseUnreadableError(environment)
    // The write had succeeded, only its answer was lost, and the client's retry met it.
    if (held.id === record.id) return new Lease(store, clock, record, current.etag, started)
    const isOver = current.readAt >= expiryOf(current, held.ttlMs) || (await isGone(held.holder))
    if (!isOver) throw new LeaseHeldError(environment, leaseInfo(current, held))

    const taken = await takeOverLease(store, current, options)
    if (taken !== undefined) return taken
  }
  throw new DatapipeError('LEASE_CONTENDED', 'Several runs try to work on this environment at once.', {
    exitCode: ExitCode.leaseHeld,
    suggestions: ['Run this again when the others have ended.'],
  })
}

/**
 * Takes the lease from whoever holds it. That run may go on for a while before it notices: see `quietAfter`.
 * @returns undefined when what is stored is no longer what was read
 */
export async function takeOverLease(
  store: LeaseStore,
  current: StoredLease,
  { clock = systemClock, holder, ttlMs = TTL_MS }: LeaseOptions,
): Promise<Lease | undefined> {
  const started = momentOf(clock)
  const record = newRecord(holder, started.now, ttlMs)
  const etag = await store.replace(formatRecord(record), current.etag)
  if (etag !== undefined) return new Lease(store, clock, record, etag, started)
  const stored = await store.read()
  // The write had succeeded, only its answer was lost.
  const isOurs = stored !== undefined && parseRecord(stored.body)?.id === record.id
  return isOurs ? new Lease(store, clock, record, stored.etag, started) : undefined
}
