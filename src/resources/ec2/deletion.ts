import { isAwsError, unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion } from '../../engine/resource.js'
import { retryWhile, waitFor, type RetryOptions } from '../../engine/wait.js'
import { messageOf } from '../../errors.js'
import type { Holder } from './holders.js'

/** How long something is waited for that will not go by itself: long enough for an instance that is shutting down. */
const LASTING_PATIENCE_MS = 120_000

export interface DeletionSteps {
  /** In words with its id: "subnet subnet-1". */
  what: string
  remove: () => Promise<object>
  /** Error names that mean that it is gone already. */
  missing: string[]
  /** Looks for what keeps it from being deleted. */
  holders: () => Promise<Holder[]>
  /** Whether AWS still shows it. */
  exists: () => Promise<boolean>
  /** Errors that mean "something holds it", besides the usual ones. */
  heldWhen?: (error: unknown) => boolean
  /** Default 15 min, the longest that AWS is known to keep interfaces of what was deleted (spec §14). */
  timeoutMs?: number
  /** How long it may take to disappear once EC2 has taken the deletion; default 5 min. */
  goneWithinMs?: number
}

/**
 * Removes something that others may still hold, and waits until it is gone. While it is held, says by what and tries again;
 * gives up early when everything that holds it would have to be removed by someone.
 */
export async function deleteWhenFree(steps: DeletionSteps, op: Operation): Promise<Deletion> {
  const freed = await whenFree(steps, op)
  if ('blocked' in freed) return { status: 'blocked', by: freed.blocked }
  await waitFor(
    {
      what: `${steps.what} to be gone`,
      poll: steps.exists,
      check: (exists) => (exists ? 'pending' : 'done'),
      timeoutMs: steps.goneWithinMs ?? 300_000,
    },
    op,
  )
  return { status: freed.absent ? 'absent' : 'deleted' }
}

/** As deleteWhenFree, but without waiting until it is gone: also for steps on the way, like detaching. */
export async function whenFree(
  steps: Omit<DeletionSteps, 'exists' | 'goneWithinMs'>,
  op: Operation,
): Promise<{ absent: boolean } | { blocked: string[] }> {
  const started = Date.now()
  let holders: Holder[] = []
  const isHeld = (error: unknown) => isUsuallyHeld(error) || steps.heldWhen?.(error) === true
  const options: RetryOptions = {
    what: `waiting until nothing holds ${steps.what}`,
    retryable: (error) => isHeld(error) && !isHopeless(holders, Date.now() - started),
    timeoutMs: steps.timeoutMs ?? 900_000,
    minDelayMs: 1000,
    maxDelayMs: 15_000,
  }
  const attempt = async () => {
    try {
      return await unlessMissing(steps.remove(), ...steps.missing)
    } catch (error) {
      if (isHeld(error)) {
        holders = await steps.holders()
        options.what = `waiting until nothing holds ${steps.what}${list(holders)}`
      }
      throw error
    }
  }
  try {
    return { absent: (await retryWhile(attempt, options, op)) === undefined }
  } catch (error) {
    if (!isHeld(error)) throw error
    return {
      blocked: holders.length > 0 ? holders.map((holder) => holder.description) : [messageOf(error)],
    }
  }
}

function isUsuallyHeld(error: unknown): boolean {
  return isAwsError(error, 'DependencyViolation', 'InvalidGroup.InUse')
}

function isHopeless(holders: Holder[], waitedMs: number): boolean {
  return waitedMs > LASTING_PATIENCE_MS && holders.length > 0 && holders.every((holder) => !holder.passing)
}

function list(holders: Holder[]): string {
  return holders.length === 0 ? '' : `: ${holders.map((holder) => holder.description).join('; ')}`
}
