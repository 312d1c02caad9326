import { randomUUID } from 'node:crypto'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'
import type { OpenOrchestrator } from './orchestrators.js'
import type { Work } from './work.js'

/** The places of files that are started without being followed, when there are more files than places. */
export class Places {
  readonly #allTaken = new AbortController()
  #waiting: number

  /** @param scarce a file keeps its place until it has ended, or until nobody waits for a place any more */
  constructor(
    files: number,
    readonly scarce: boolean,
  ) {
    this.#waiting = files
  }

  onStarted(): void {
    if (--this.#waiting === 0) this.#allTaken.abort()
  }

  /** Aborted when the last file has been started: then there is nothing to wait for. */
  get allTaken(): AbortSignal {
    return this.#allTaken.signal
  }
}

/**
 * Lets the backfill take files over, which has as many places and waits in AWS.
 * @returns the name of its execution; undefined where there is none, or when files are to be processed again, which it would
 *   pass over
 */
export async function handOver(
  { backfill }: OpenOrchestrator,
  work: readonly Work[],
): Promise<string | undefined> {
  if (backfill === undefined || work.some(({ again }) => again)) return undefined
  const name = randomUUID()
  try {
    await backfill.start(name, { prefix: 'inbox/' })
    return name
  } catch (error) {
    if (error instanceof DatapipeError && error.code === 'BACKFILL_NOT_DEPLOYED') return undefined
    // Who may not start it cannot see either whether there is one.
    if (isAwsError(error, 'AccessDeniedException')) return undefined
    throw error
  }
}
