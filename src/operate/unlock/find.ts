import { leaseInfo, type LeaseInfo } from '../../engine/lease-terms.js'
import { parseRecord, type LeaseRecord } from '../../engine/lease-record.js'
import type { LeaseStore, StoredLease } from '../../engine/lease-store.js'
import { DatapipeError, ExitCode } from '../../errors.js'

/** What is stored as the lease of an environment. */
export interface FoundLease {
  stored: StoredLease
  /** Both undefined when it is no lease. */
  record: LeaseRecord | undefined
  lease: LeaseInfo | undefined
}

/** @returns undefined when nobody holds it */
export async function findLease(store: LeaseStore): Promise<FoundLease | undefined> {
  const stored = await store.read()
  if (stored === undefined) return undefined
  const record = parseRecord(stored.body)
  return { stored, record, lease: record && leaseInfo(stored, record) }
}

/**
 * @param id the lease that is meant
 * @throws DatapipeError LEASE_CHANGED (exit code 4) when another one is held by now
 */
export function requireSame(id: string, { lease }: FoundLease): void {
  if (lease?.id === id) return
  const now =
    lease === undefined
      ? 'what is stored now is no lease'
      : `${lease.holder.user} on ${lease.holder.host} holds another one (\`${lease.holder.command}\`), since ${lease.acquiredAt}`
  throw new DatapipeError('LEASE_CHANGED', `Lease ${id} is over: ${now}. Nothing was broken.`, {
    exitCode: ExitCode.leaseHeld,
    suggestions: ['Look who holds it now: run the same command without --lease.'],
    result: { lease: lease ?? null },
  })
}
