import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimeDirectory } from '../cache.js'
import type { LocalListener } from './events.js'
import { installed, install } from './install.js'
import { interpretersOf, onPath, probePython } from './python.js'
import { isCompatible, MOTO_VERSION } from './version.js'

/** How to run moto's server: `python -m moto.server`, with exactly the interpreter that was looked at. */
export interface MotoRuntime {
  python: string
  version: string
  /** What the interpreter needs in its environment to find moto. */
  env: NodeJS.ProcessEnv
}

export interface RuntimeOptions {
  signal: AbortSignal
  onEvent?: LocalListener
  /** Where the private environment is kept; default: in the cache folder. */
  directory?: string
}

/**
 * Finds moto: a compatible one whose `moto_server` is on PATH, else our private environment, which is made when it is
 * not there, not finished or no longer runs. Callers hold the lock of the folder.
 * @throws DatapipeError NO_PYTHON, PIP_FAILED; InterruptedError
 */
export async function findRuntime(options: RuntimeOptions): Promise<MotoRuntime> {
  const directory = options.directory ?? runtimeDirectory()
  await mkdir(directory, { recursive: true })
  const target = join(directory, `moto-${MOTO_VERSION}`)
  return (await runtimeOnPath(directory)) ?? (await installed(target)) ?? (await install(target, options))
}

async function runtimeOnPath(directory: string): Promise<MotoRuntime | undefined> {
  for (const script of await onPath('moto_server')) {
    for (const interpreter of await interpretersOf(script)) {
      const python = await probePython(interpreter, directory)
      if (python?.moto !== undefined && isCompatible(python.moto)) {
        return { python: python.executable, version: python.moto, env: {} }
      }
    }
  }
  return undefined
}
