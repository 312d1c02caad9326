import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatapipeError, messageOf } from './errors.js'

/** No room on the disk, none within the quota of the user, or a file that is larger than this file system takes. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export function isDiskFull(error: unknown): boolean {
  return fullness(error) !== undefined
}

/** The system's own code, also where another program only tells of it in words. */
function fullness(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && FULL.has(code)) return code
  return /No space left on device|\[Errno 28\]/.test(messageOf(error)) ? 'ENOSPC' : undefined
}

/**
 * Runs what writes to a file or into a folder. A disk without room becomes an error that names the place, what was needed and
 * what is there; everything else stays as it is.
 * @param neededBytes as far as it is known
 * @throws DatapipeError DISK_FULL
 */
export async function writingTo<T>(path: string, action: () => Promise<T>, neededBytes?: number): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw await asDiskFull(error, path, neededBytes)
  }
}

/** What was thrown while something was written: as DISK_FULL if that is what it means, else as it is. */
export async function asDiskFull(error: unknown, path: string, neededBytes?: number): Promise<unknown> {
  const code = fullness(error)
  if (code === undefined || error instanceof DatapipeError) return error
  return diskFull(path, code, neededBytes, error)
}

async function diskFull(
  path: string,
  code: string,
  neededBytes: number | undefined,
  cause: unknown,
): Promise<DatapipeError> {
  const free = await freeBytes(path)
  const why =
    code === 'EDQUOT'
      ? 'the disk quota is used up'
      : code === 'EFBIG'
        ? 'the file is too large for its disk'
        : 'its disk is full'
  const sizes = [
    ...(neededBytes === undefined ? [] : [`${megabytes(neededBytes)} needed`]),
    ...(free === undefined ? [] : [`${megabytes(free)} free`]),
  ]
  const numbers = sizes.length === 0 ? '' : ` (${sizes.join(', ')})`
  return new DatapipeError('DISK_FULL', `Cannot write ${path}: ${why}${numbers}.`, {
    cause,
    suggestions: ['Make room there and run the same command again.'],
  })
}

/** Of the nearest folder that exists. */
async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = path; ; at = dirname(at)) {
    const seen = await statfs(at).catch(() => undefined)
    if (seen !== undefined) return seen.bavail * seen.bsize
    if (at === dirname(at)) return undefined
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
