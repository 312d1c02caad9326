import { join } from 'node:path'
import envPaths from 'env-paths'

/** Where datapipe keeps what it can make again: `DATAPIPE_CACHE_DIR`, or the cache folder of the operating system. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env.DATAPIPE_CACHE_DIR
  return chosen === undefined || chosen === '' ? envPaths('datapipe', { suffix: '' }).cache : chosen
}

/** The folder of the embedded AWS: its state and its logs. */
export function localDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(env), 'local')
}

/**
 * The folder of its private Python environment: `DATAPIPE_RUNTIME_DIR`, or the same. For whoever wants an embedded AWS of
 * their own without installing it once more, as the demo does.
 */
export function runtimeDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env.DATAPIPE_RUNTIME_DIR
  return chosen === undefined || chosen === '' ? localDirectory(env) : chosen
}
