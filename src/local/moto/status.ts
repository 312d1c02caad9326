import { localDirectory } from '../cache.js'
import { endpointOf, isHealthy, isOurServer, logFile, readState, type EmbeddedState } from './state.js'

/** The embedded AWS that answers now. */
export interface Embedded {
  endpoint: string
  pid: number
  port: number
  /** Version of moto. */
  version: string
  startedAt: string
}

/** The embedded AWS when its process runs and answers, else undefined. */
export async function embeddedStatus(): Promise<Embedded | undefined> {
  const state = await readState(localDirectory())
  if (state === undefined || !(await isOurServer(state))) return undefined
  return (await isHealthy(endpointOf(state))) ? toEmbedded(state) : undefined
}

/** Where the server writes what it is asked, one line a call. */
export function embeddedLogFile(): string {
  return logFile(localDirectory())
}

export function toEmbedded(state: EmbeddedState): Embedded {
  const { pid, port, startedAt, version } = state
  return { endpoint: endpointOf(state), pid, port, version, startedAt }
}
