import type { LeaseHolder, LeaseRecord } from './lease-record.js'
import type { StoredLease } from './lease-store.js'

/** How long a lease lasts without being renewed. */
export const TTL_MS = 60_000

/**
 * Between the end of a holder's time and the beginning of the next one's: HTTP dates are whole seconds, the clocks of a
 * service's machines are a moment apart, and a change that was sent in the last moment has to arrive.
 */
const GRACE_MS = 5_000

export function renewalInterval(ttlMs: number): number {
  return ttlMs / 3
}

/** Between attempts to renew that fail. */
export function retryInterval(ttlMs: number): number {
  return ttlMs / 12
}

/** An attempt to renew that gets no answer in this time is given up for the next one. */
export function renewalPatience(ttlMs: number): number {
  return ttlMs / 6
}

/** A holder whose last renewal is older than this, because it was paused or cannot reach the store, changes nothing until it is renewed. */
export function unconfirmedAfter(ttlMs: number): number {
  return renewalInterval(ttlMs) + retryInterval(ttlMs)
}

/** When others may take it over, by the clock of the store. */
export function expiryOf({ writtenAt }: StoredLease, ttlMs: number): number {
  return writtenAt + ttlMs + GRACE_MS
}

/** From when on its holder changes nothing any more if it was broken at what was read: by the clock of the store. */
export function quietAfter({ writtenAt }: StoredLease, ttlMs: number): number {
  return writtenAt + unconfirmedAfter(ttlMs) + GRACE_MS
}

/** A lease as people and other programs are told. ISO dates by the clock of the store, whatever the clock of its holder says. */
export interface LeaseInfo {
  id: string
  holder: Pick<LeaseHolder, 'user' | 'host' | 'pid' | 'command'>
  acquiredAt: string
  /** Until then nobody else takes it, unless it is renewed: then later. */
  expiresAt: string
}

export function leaseInfo(stored: StoredLease, record: LeaseRecord): LeaseInfo {
  const { command, host, pid, user } = record.holder
  const heldMs = Date.parse(record.renewedAt) - Date.parse(record.acquiredAt)
  return {
    id: record.id,
    holder: { user, host, pid, command },
    acquiredAt: new Date(stored.writtenAt - Math.max(0, heldMs)).toISOString(),
    expiresAt: new Date(expiryOf(stored, record.ttlMs)).toISOString(),
  }
}
