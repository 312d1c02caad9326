import { hashFile, type FileHash } from './hash-file.js'

/**
 * Hashes a file while something else is done with it. The hashing ends when the work fails.
 */
export async function whileHashing<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<{ result: T; hash: FileHash }> {
  const stop = new AbortController()
  const hashing = hashFile(file, AbortSignal.any(signal ? [signal, stop.signal] : [stop.signal])).then(
    (hash) => ({ hash }),
    (error: unknown) => ({ error }),
  )
  try {
    const result = await work()
    const outcome = await hashing
    if ('error' in outcome) throw outcome.error
    return { result, hash: outcome.hash }
  } finally {
    stop.abort()
    await hashing
  }
}
