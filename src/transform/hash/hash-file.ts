import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { chunksOf } from '../chunks.js'

export interface FileHash {
  /** In hexadecimal. */
  sha256: string
  bytes: number
}

/** To start a thread costs as much as to hash about so many bytes. */
const LEAST_FOR_THREAD = 32 * 1024 * 1024

/** SHA-256 of a file, and its length. A large one is hashed in a thread of its own. */
export async function hashFile(file: string, signal?: AbortSignal): Promise<FileHash> {
  const { size } = await stat(file)
  const aside = size < LEAST_FOR_THREAD ? undefined : await hashAside(file, signal)
  return aside ?? hashHere(file, signal)
}

/** @see hashFile */
export async function hashHere(file: string, signal?: AbortSignal): Promise<FileHash> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of chunksOf(file, 0)) {
    signal?.throwIfAborted()
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** @returns undefined when the thread failed, for whatever reason; also in sources that were not compiled */
async function hashAside(file: string, signal?: AbortSignal): Promise<FileHash | undefined> {
  signal?.throwIfAborted()
  const worker = new Worker(new URL('./hash-thread.js', import.meta.url), { workerData: file })
  const stop = () => void worker.terminate()
  signal?.addEventListener('abort', stop, { once: true })
  const hash = await new Promise<FileHash | undefined>((resolve) => {
    worker.once('message', resolve)
    worker.once('error', () => {
      resolve(undefined)
    })
    worker.once('exit', () => {
      resolve(undefined)
    })
  })
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  return hash
}
