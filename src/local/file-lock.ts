import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sleep } from '../engine/wait.js'
import { writingTo } from '../full-disk.js'
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.js'

export interface FileLockOptions {
  signal: AbortSignal
  /** Called once when another process holds the lock. */
  onWait?: (holder: number) => void
}

const POLL_MS = 100
/** Taking over needs a few milliseconds; whoever holds that right longer was killed meanwhile. */
const TAKEOVER_MS = 10_000

/**
 * Runs an action while no other process on this machine runs one under the same path. The lock of a process that died
 * is taken over; waiting ends with the signal.
 * @throws InterruptedError
 */
export async function withFileLock<T>(
  path: string,
  action: () => Promise<T>,
  options: FileLockOptions,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const me = JSON.stringify(await identityOf(process.pid))
  let said = false
  while (!(await createExclusively(path, me))) {
    const holder = await readHolder(path)
    if (holder !== undefined) {
      if (!(await isRunning(holder))) {
        await removeStale(path)
        continue
      }
      if (!said) options.onWait?.(holder.pid)
      said = true
    }
    await sleep(POLL_MS, options.signal)
  }
  try {
    return await action()
  } finally {
    await rm(path, { force: true })
  }
}

/** A link, because it appears with its content: a lock never exists without its holder, even after a kill. */
async function createExclusively(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomUUID()}`
  try {
    await writingTo(draft, () => writeFile(draft, text))
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** undefined: released meanwhile. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** Two processes that both see a dead holder must not remove each other's new lock: the removal has its own little lock. */
async function removeStale(path: string): Promise<void> {
  const right = `${path}.takeover`
  if (!(await createExclusively(right, ''))) {
    const age = await stat(right).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > TAKEOVER_MS) await rm(right, { force: true })
    return
  }
  try {
    const holder = await readHolder(path)
    if (holder !== undefined && !(await isRunning(holder))) await rm(path, { force: true })
  } finally {
    await rm(right, { force: true })
  }
}
