import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { localDirectory } from '../../src/local/cache.js'
import { withLocalLock } from '../../src/local/moto/lock.js'
import { findRuntime, type MotoRuntime } from '../../src/local/moto/runtime.js'
import { startServer } from '../../src/local/moto/server.js'
import { endpointOf, isOurServer } from '../../src/local/moto/state.js'

export interface Moto {
  /** For example `http://127.0.0.1:40123`. */
  endpoint: string
  stop(): Promise<void>
}

const signal = new AbortController().signal
let found: Promise<MotoRuntime> | undefined

/** The moto that the product would use; installed into the user's cache folder when there is none, once for all tests. */
export function motoRuntime(): Promise<MotoRuntime> {
  const directory = localDirectory({})
  found ??= withLocalLock(directory, { signal }, () => findRuntime({ signal, directory }))
  return found
}

/**
 * Environment for a datapipe process with a `DATAPIPE_CACHE_DIR` of its own: puts the moto of the tests first on PATH, so
 * that it is not installed again.
 */
export async function motoEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { env, python } = await motoRuntime()
  const scripts = env.PYTHONPATH === undefined ? dirname(python) : join(env.PYTHONPATH, 'bin')
  return { ...env, PATH: [scripts, process.env.PATH ?? ''].join(delimiter) }
}

/** A server of its own, on a free loopback port; `after(() => moto.stop())`. Allow 120 s the first time: it may install. */
export async function startMoto(): Promise<Moto> {
  const runtime = await motoRuntime()
  const directory = await mkdtemp(join(tmpdir(), 'datapipe-moto-'))
  const state = await startServer({ runtime, directory, signal })
  const kill = () => {
    try {
      process.kill(state.pid, 'SIGKILL')
    } catch {
      return
    }
  }
  process.once('exit', kill)
  return {
    endpoint: endpointOf(state),
    async stop() {
      process.removeListener('exit', kill)
      kill()
      while (await isOurServer(state)) await new Promise((resolve) => setTimeout(resolve, 10))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Empties the server: every service, every account. */
export async function resetMoto(endpoint: string): Promise<void> {
  const response = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' })
  if (!response.ok) throw new Error(`moto did not reset: HTTP ${response.status}`)
}
