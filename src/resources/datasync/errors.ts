import { isAwsError } from '../../aws/retry.js'
import { messageOf } from '../../errors.js'

/** DataSync has one error for everything that is the client's fault; only its message tells which (spec §12). */
const CLIENT_ERROR = 'InvalidRequestException'

/** What was asked for does not exist (any more). */
export function isGone(error: unknown): boolean {
  return isAwsError(error, CLIENT_ERROR) && /not found|does not exist/i.test(messageOf(error))
}

/** Something still uses what is to be deleted, as far as DataSync knows yet. */
export function isInUse(error: unknown): boolean {
  return isAwsError(error, CLIENT_ERROR) && /in use|being used|is used/i.test(messageOf(error))
}

/** The request does not fit the state of the thing, for example cancelling what has just ended. */
export function isClientError(error: unknown): boolean {
  return isAwsError(error, CLIENT_ERROR)
}

/** `undefined` instead of "not found": for reads, where that is an answer. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
