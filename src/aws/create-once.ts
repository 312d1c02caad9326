import type { Operation } from '../engine/operation.js'
import { sleep } from '../engine/wait.js'
import { isThrottling } from './retry.js'

type Send = (args: object) => Promise<object>

/** The part of a command of the SDK that is used here, whatever its input and output. */
interface Command {
  middlewareStack: {
    add(
      middleware: (next: Send) => Send,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void
  }
}

/** A call got no answer, or one that does not tell whether it was executed. Never thrown to callers of `createOnce`. */
class OutcomeUnknownError extends Error {
  // Not as `cause`: the SDK looks there, finds a lost connection, and tries again.
  constructor(readonly reason: Error) {
    super(reason.message)
  }
}

/** How long is waited before each look: what was just created is not seen everywhere yet (spec §1.3). */
const LOOKS_AFTER_MS = [250, 500, 1000, 2000, 4000]
const ATTEMPTS = 5

/**
 * Sends a creation that AWS would carry out twice if it came twice: what it makes has no name of its own, and the call has no
 * client token (spec §1.5). The SDK repeats a call whose answer was lost; here it is looked first for what it has made.
 * @param send makes the command anew, marked by `once`, and sends it
 * @param find what the creation has made, by its tags
 * @param looksAfterMs how long is waited before each look for it
 * @throws what `send` throws when it is clear that nothing was made, or when it stays unclear
 */
export async function createOnce<T extends object>(
  send: () => Promise<T>,
  find: () => Promise<T | undefined>,
  op: Operation,
  looksAfterMs: readonly number[] = LOOKS_AFTER_MS,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error
      for (const ms of looksAfterMs) {
        await sleep(ms, op.signal)
        const made = await find()
        if (made !== undefined) return made
      }
      if (attempt === ATTEMPTS) throw error.reason
    }
  }
}

/** Keeps the SDK from repeating this command when it may have been executed; for `createOnce`. */
export function once<C extends object>(command: C): C {
  ;(command as unknown as Command).middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (error) {
        throw error instanceof Error && isOutcomeUnknown(error) ? new OutcomeUnknownError(error) : error
      }
    },
    // Within the retry middleware, so that it sees what this throws.
    { step: 'finalizeRequest', priority: 'low', name: 'datapipeOnce' },
  )
  return command
}

const LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

function isOutcomeUnknown(error: Error): boolean {
  if (isThrottling(error)) return false
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown }
  if (typeof code === 'string' && LOST.has(code)) return true
  return error.name === 'TimeoutError' || ($metadata?.httpStatusCode ?? 0) >= 500
}
