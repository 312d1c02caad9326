import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writingTo } from '../../full-disk.js'
import { commandLine } from '../process-identity.js'

/** The embedded AWS that was started last. Whether it still runs only its process can tell. */
export interface EmbeddedState {
  pid: number
  port: number
  /** Version of moto. */
  version: string
  startedAt: string
  /** Part of the server's command line, so that no other process is ever taken for it. */
  token: string
}

export function stateFile(directory: string): string {
  return join(directory, 'state.json')
}

export function logFile(directory: string): string {
  return join(directory, 'moto.log')
}

/** undefined: never started, stopped, or unreadable, which counts as not running. */
export async function readState(directory: string): Promise<EmbeddedState | undefined> {
  try {
    const state = JSON.parse(await readFile(stateFile(directory), 'utf8')) as Partial<EmbeddedState>
    const { pid, port, startedAt, token, version } = state
    if (!Number.isInteger(pid) || !Number.isInteger(port) || typeof token !== 'string') return undefined
    return { pid: pid ?? 0, port: port ?? 0, token, version: version ?? '', startedAt: startedAt ?? '' }
  } catch {
    return undefined
  }
}

export async function writeState(directory: string, state: EmbeddedState): Promise<void> {
  await mkdir(directory, { recursive: true })
  const draft = `${stateFile(directory)}.${process.pid}`
  try {
    await writingTo(draft, () => writeFile(draft, JSON.stringify(state, undefined, 2), { mode: 0o600 }))
    await rename(draft, stateFile(directory))
  } finally {
    await rm(draft, { force: true })
  }
}

export async function removeState(directory: string): Promise<void> {
  await rm(stateFile(directory), { force: true })
}

/** The mark on the command line of the server, which Python ignores. */
export function mark(token: string): string[] {
  return ['-X', `datapipe=${token}`]
}

/** Whether the process of this state is still there, and is the server that we started. */
export async function isOurServer(state: EmbeddedState): Promise<boolean> {
  const args = await commandLine(state.pid)
  return args?.includes(`datapipe=${state.token}`) ?? false
}

export function endpointOf(state: EmbeddedState): string {
  return `http://127.0.0.1:${state.port}`
}

/** Whether an emulator answers there. One that is busy gets time: to take it for dead would lose everything in it. */
export async function isHealthy(endpoint: string, signal?: AbortSignal): Promise<boolean> {
  const patience = AbortSignal.timeout(10_000)
  try {
    const response = await fetch(`${endpoint}/moto-api/`, {
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
