import { setTimeout as pause } from 'node:timers/promises'
import { DatapipeError } from '../../errors.js'
import { localDirectory } from '../cache.js'
import type { LocalListener } from './events.js'
import { withLocalLock } from './lock.js'
import { isOurServer, readState, removeState, type EmbeddedState } from './state.js'
import { toEmbedded, type Embedded } from './status.js'

const STOP_TIMEOUT_MS = 5000

/**
 * Stops the embedded AWS, and with it everything in it, which is in its memory alone. Only the process that
 * `startEmbedded` made is ever signalled.
 * @returns what was stopped; undefined when it did not run
 * @throws DatapipeError EMBEDDED_STOP_FAILED when it outlives SIGKILL; InterruptedError
 */
export function stopEmbedded(options: {
  signal: AbortSignal
  onEvent?: LocalListener
}): Promise<Embedded | undefined> {
  const directory = localDirectory()
  return withLocalLock(directory, options, () => endServer(directory))
}

/** The same for callers that hold the lock. */
export async function endServer(directory: string): Promise<Embedded | undefined> {
  const state = await readState(directory)
  const running = state !== undefined && (await isOurServer(state)) ? state : undefined
  if (running !== undefined) await terminate(running)
  await removeState(directory)
  return running === undefined ? undefined : toEmbedded(running)
}

async function terminate(state: EmbeddedState): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(state.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    const deadline = Date.now() + STOP_TIMEOUT_MS
    while (Date.now() < deadline) {
      if (!(await isOurServer(state))) return
      await pause(25)
    }
  }
  throw new DatapipeError('EMBEDDED_STOP_FAILED', `The embedded AWS (process ${state.pid}) does not end.`, {
    suggestions: [`End it yourself: kill -9 ${state.pid}`],
  })
}
