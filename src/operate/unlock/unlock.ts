import type { AwsContext } from '../../aws/context.js'
import { S3LeaseStore } from '../../aws/s3-lease-store.js'
import { elapsedSince, momentOf, systemClock } from '../../engine/clock.js'
import { takeOverLease } from '../../engine/lease-acquire.js'
import { quietAfter, TTL_MS, type LeaseInfo } from '../../engine/lease-terms.js'
import { sleep } from '../../engine/wait.js'
import { DatapipeError, ExitCode } from '../../errors.js'
import { holderOf, isGone } from '../provision/lease.js'
import { findLease, requireSame, type FoundLease } from './find.js'

export interface UnlockResult {
  /** What was there; null when nobody held it, or when what was stored was no lease. */
  lease: LeaseInfo | null
  /** `free`: nobody held it, or its run gave it back meanwhile. `removed`: what was stored was no lease. */
  outcome: 'free' | 'broken' | 'removed'
}

export interface UnlockRequest {
  signal: AbortSignal
  /** Told how long it takes until the run that lost the lease must have noticed. */
  onWait?: (ms: number) => void
}

const ATTEMPTS = 5

/**
 * Breaks the lease that was found, and no other. It is taken over first, so that nobody else gets it before the run that lost
 * it has stopped: that one changes nothing any more once its last renewal is half a minute old, however it got stuck.
 * @throws DatapipeError LEASE_CHANGED (exit code 4), InterruptedError
 */
export async function unlock(
  aws: AwsContext,
  found: FoundLease,
  { onWait, signal }: UnlockRequest,
): Promise<UnlockResult> {
  const store = new S3LeaseStore(aws)
  const holder = await holderOf(aws, 'unlock')
  let current = found
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { lease, record, stored } = current
    const read = momentOf(systemClock)
    const ours = await takeOverLease(store, stored, { holder, environment: aws.env })
    if (ours !== undefined) {
      try {
        const left =
          quietAfter(stored, record?.ttlMs ?? TTL_MS) - stored.readAt - elapsedSince(read, systemClock)
        if (left > 0 && !(record !== undefined && (await isGone(record.holder)))) {
          onWait?.(left)
          await sleep(left, signal)
        }
      } finally {
        await ours.release()
      }
      return { lease: lease ?? null, outcome: lease === undefined ? 'removed' : 'broken' }
    }
    const now = await findLease(store)
    if (now === undefined) return { lease: lease ?? null, outcome: 'free' }
    // Only renewed meanwhile, or not the one that was shown.
    if (found.lease !== undefined) requireSame(found.lease.id, now)
    else throw changed()
    current = now
  }
  throw changed()
}

function changed(): DatapipeError {
  return new DatapipeError(
    'LEASE_CHANGED',
    'What is stored as the lease changed meanwhile. Nothing was broken.',
    {
      exitCode: ExitCode.leaseHeld,
      suggestions: ['Look again: run the same command once more.'],
    },
  )
}
