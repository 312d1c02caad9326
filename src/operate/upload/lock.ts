import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatapipeError, ExitCode, messageOf } from '../../errors.js'
import { cacheDirectory } from '../../local/cache.js'
import { withFileLock } from '../../local/file-lock.js'
import { identityOf, isRunning, type ProcessIdentity } from '../../local/process-identity.js'
import type { Target } from './target.js'

/** One file per run, however many files it sends. */
interface Claim {
  holder: ProcessIdentity
  /** Hashes of the objects it sends to. */
  objects: string[]
}

const EXTENSION = '.claim'
/** Processes of another machine, or of another container, cannot be looked at: a sign of life has to do. */
const ALIVE_EVERY_MS = 30_000
const DEAD_AFTER_MS = 300_000

/**
 * Runs an action while no other `datapipe upload` of this machine sends to one of these objects: a cron job that is not
 * done when the next one starts. The claim of a process that died does not count. Where nothing can be written, as for a user
 * without a home, it goes on without: S3 takes what two send only once.
 * @throws DatapipeError UPLOAD_IN_PROGRESS, exit code 4; nothing was sent
 */
export async function withUploadLock<T>(
  targets: readonly Target[],
  options: { signal: AbortSignal; onWarning: (message: string) => void },
  action: () => Promise<T>,
): Promise<T> {
  const directory = join(cacheDirectory(), 'upload')
  const claim = join(directory, `${process.pid}-${randomUUID()}${EXTENSION}`)
  try {
    await writeClaim(directory, claim, targets, options.signal)
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    options.onWarning(
      `Cannot write to ${directory} (${messageOf(error)}): another upload of the same file would not be noticed. Set DATAPIPE_CACHE_DIR to a folder that this user may write.`,
    )
    return action()
  }
  const alive = setInterval(() => {
    const now = new Date()
    utimes(claim, now, now).catch(() => undefined)
  }, ALIVE_EVERY_MS).unref()
  try {
    return await action()
  } finally {
    clearInterval(alive)
    await rm(claim, { force: true })
  }
}

/** @throws DatapipeError UPLOAD_IN_PROGRESS; errors of the file system */
async function writeClaim(
  directory: string,
  claim: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  await withFileLock(
    join(directory, 'claims.lock'),
    async () => {
      await requireUnclaimed(directory, targets)
      const mine: Claim = { holder: await identityOf(process.pid), objects: targets.map(objectHash) }
      await writeFile(claim, JSON.stringify(mine))
    },
    { signal },
  )
}

/** Looks at the claims of all others, and removes those of the dead. */
async function requireUnclaimed(directory: string, targets: readonly Target[]): Promise<void> {
  const wanted = new Map(targets.map((target) => [objectHash(target), target]))
  for (const name of await readdir(directory)) {
    if (!name.endsWith(EXTENSION)) continue
    const path = join(directory, name)
    const claim = await readClaim(path)
    if (claim === undefined || !(await isAlive(claim.holder, path))) {
      await rm(path, { force: true })
      continue
    }
    const taken = claim.objects.find((object) => wanted.has(object))
    const target = taken === undefined ? undefined : wanted.get(taken)
    if (target !== undefined) throw inProgress(target, claim.holder)
  }
}

/** undefined: gone, or its writer died over it. */
async function readClaim(path: string): Promise<Claim | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Claim
  } catch {
    return undefined
  }
}

async function isAlive(holder: ProcessIdentity, path: string): Promise<boolean> {
  if (holder.host === hostname()) return isRunning(holder)
  const modifiedMs = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return Date.now() - modifiedMs < DEAD_AFTER_MS
}

function objectHash({ bucket, key }: Target): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 32)
}

function inProgress({ bucket, key }: Target, { host, pid }: ProcessIdentity): DatapipeError {
  const where = host === hostname() ? 'on this machine' : `on ${host}`
  return new DatapipeError(
    'UPLOAD_IN_PROGRESS',
    `Another upload to s3://${bucket}/${key} is under way ${where} (process ${pid}).`,
    {
      exitCode: ExitCode.leaseHeld,
      suggestions: ['Wait until it is done, or stop it, and run the same command again.'],
    },
  )
}
