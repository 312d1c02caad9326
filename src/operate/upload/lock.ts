import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatapipeError, ExitCode } from '../../errors.js'
import { cacheDirectory } from '../../local/cache.js'
import { withFileLock } from '../../local/file-lock.js'
import type { Target } from './target.js'

/**
 * Runs an action while no other `datapipe upload` of this machine sends to one of these objects: a cron job that is not
 * done when the next one starts. The lock of a process that died does not count.
 * @throws DatapipeError UPLOAD_IN_PROGRESS, exit code 4; nothing was sent
 */
export function withUploadLock<T>(
  targets: readonly Target[],
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  // All runs take several locks in the same order.
  const [first, ...rest] = targets.toSorted((a, b) => (lockName(a) < lockName(b) ? -1 : 1))
  if (first === undefined) return action()
  return withFileLock(
    join(cacheDirectory(), 'upload', lockName(first)),
    () => withUploadLock(rest, signal, action),
    {
      signal,
      onWait: (holder) => {
        throw inProgress(first, holder)
      },
    },
  )
}

function lockName({ bucket, key }: Target): string {
  return `${createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 32)}.lock`
}

function inProgress({ bucket, key }: Target, holder: number): DatapipeError {
  return new DatapipeError(
    'UPLOAD_IN_PROGRESS',
    `Another upload to s3://${bucket}/${key} is under way on this machine (process ${holder}).`,
    {
      exitCode: ExitCode.leaseHeld,
      suggestions: ['Wait until it is done, or stop it, and run the same command again.'],
    },
  )
}
