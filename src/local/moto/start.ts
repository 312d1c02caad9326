import { localDirectory } from '../cache.js'
import type { LocalListener } from './events.js'
import { withLocalLock } from './lock.js'
import { findRuntime, type MotoRuntime, type RuntimeOptions } from './runtime.js'
import { startServer, untilAnswered } from './server.js'
import { endpointOf, isOurServer, readState, removeState, writeState } from './state.js'
import { embeddedStatus, toEmbedded, type Embedded } from './status.js'
import { endServer } from './stop.js'

export interface StartOptions {
  signal: AbortSignal
  onEvent?: LocalListener
  /** Default: a free one. */
  port?: number
  /** Where the server comes from; default `findRuntime`. */
  runtime?: (options: RuntimeOptions) => Promise<MotoRuntime>
}

/** @property started false: it ran already */
export type Started = Embedded & { started: boolean }

/**
 * Makes sure that the embedded AWS runs, and says where. Already running: nothing happens. Two processes that start it at
 * the same time get the same one.
 * @throws DatapipeError NO_PYTHON, PIP_FAILED, EMBEDDED_START_FAILED; InterruptedError
 */
export async function startEmbedded(options: StartOptions): Promise<Started> {
  const directory = localDirectory()
  const running = await embeddedStatus()
  if (running !== undefined) return { ...running, started: false }
  return withLocalLock(directory, options, async () => {
    const meanwhile = await stillComing(directory, options.signal)
    if (meanwhile !== undefined) return { ...meanwhile, started: false }
    await endServer(directory)
    const embedded = await start(directory, options)
    options.onEvent?.({
      type: 'local.ready',
      message: `The embedded AWS runs at ${embedded.endpoint} (moto ${embedded.version}, process ${embedded.pid}).`,
    })
    return { ...embedded, started: true }
  })
}

async function start(directory: string, options: StartOptions): Promise<Embedded> {
  const runtime = await (options.runtime ?? findRuntime)(options)
  try {
    const state = await startServer({
      ...options,
      runtime,
      directory,
      onSpawn: (spawned) => writeState(directory, spawned),
    })
    return toEmbedded(state)
  } catch (error) {
    await removeState(directory)
    throw error
  }
}

/** A server whose starter was killed, or that has too much to do to answer at once, gets time to answer. */
async function stillComing(directory: string, signal: AbortSignal): Promise<Embedded | undefined> {
  const state = await readState(directory)
  if (state === undefined || !(await isOurServer(state))) return undefined
  return (await untilAnswered(endpointOf(state), signal)) === undefined ? toEmbedded(state) : undefined
}
