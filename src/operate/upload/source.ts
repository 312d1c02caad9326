import { constants, type BigIntStats } from 'node:fs'
import { access, open, stat, type FileHandle } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { DatapipeError, messageOf } from '../../errors.js'

/** A file of this machine that is fit to be sent. */
export interface Source {
  /** As the user wrote it. */
  path: string
  absolutePath: string
  name: string
  bytes: number
  modifiedNs: bigint
  /** Of content or of anything else about the file. Unlike the time of modification nobody can set it back. */
  changedNs: bigint
  /** Device and number: another file under the same name is another file. */
  inode: string
}

/** 10,000 parts, and one of them must fit into memory: far below the limit of S3 itself (48.8 TiB). */
const MAX_BYTES = 5 * 2 ** 40

/**
 * Looks at every file before any is sent.
 * @throws DatapipeError FILE_NOT_FOUND, IS_A_DIRECTORY, NOT_A_FILE, FILE_NOT_READABLE, EMPTY_FILE, FILE_TOO_LARGE
 */
export function inspectSources(paths: readonly string[], cwd: string): Promise<Source[]> {
  return Promise.all(paths.map((path) => inspectSource(path, cwd)))
}

async function inspectSource(path: string, cwd: string): Promise<Source> {
  const absolutePath = resolve(cwd, path)
  const stats = await stat(absolutePath, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (stats.isDirectory()) {
    throw new DatapipeError('FILE_IS_A_DIRECTORY', `${path} is a directory, not a file.`, {
      suggestions: [
        `Name the files in it, or take the newest: datapipe upload --newest '${path.replace(/\/$/, '')}/*.csv'`,
      ],
    })
  }
  if (!stats.isFile()) {
    throw new DatapipeError(
      'FILE_NOT_READABLE',
      `${path} is not a regular file: its content cannot be read twice.`,
    )
  }
  const bytes = Number(stats.size)
  if (bytes === 0) {
    throw new DatapipeError('FILE_EMPTY', `${path} is empty (0 bytes): nothing to upload.`, {
      suggestions: ['Check the export that writes this file; it may still be running.'],
    })
  }
  if (bytes > MAX_BYTES) {
    throw new DatapipeError('FILE_TOO_LARGE', `${path} has ${bytes} bytes; datapipe uploads up to 5 TiB.`, {
      suggestions: ['Split the file.'],
    })
  }
  await access(absolutePath, constants.R_OK).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const name = basename(absolutePath)
  requireUsableName(path, name)
  return { path, absolutePath, name, ...identity(stats) }
}

function identity(stats: BigIntStats) {
  return {
    bytes: Number(stats.size),
    modifiedNs: stats.mtimeNs,
    changedNs: stats.ctimeNs,
    inode: `${stats.dev}:${stats.ino}`,
  }
}

/** XML and logs cannot carry control characters, and S3 lists keys in XML. */
function requireUsableName(path: string, name: string): void {
  if (!/\p{Cc}/u.test(name)) return
  throw new DatapipeError(
    'FILE_NAME_UNSUPPORTED',
    `The name of ${JSON.stringify(path)} has a control character in it, such as a line break.`,
    { suggestions: ['Rename the file.'] },
  )
}

function unreadable(path: string, error: unknown): DatapipeError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DatapipeError('FILE_NOT_FOUND', `There is no file ${path}.`, { cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DatapipeError('FILE_NOT_READABLE', `This user may not read ${path}.`, { cause: error })
  }
  return new DatapipeError('FILE_NOT_READABLE', `Cannot read ${path}: ${messageOf(error)}`, { cause: error })
}

/** @throws DatapipeError FILE_NOT_FOUND, FILE_NOT_READABLE */
export function openSource(source: Source): Promise<FileHandle> {
  return reading(source, () => open(source.absolutePath, 'r'))
}

/** What the disk says while a file is read, such as EIO or ESTALE, as an error that names the file. */
export async function reading<T>(source: Source, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw unreadable(source.path, error)
  }
}

/**
 * Whether a file still is what was looked at. `touched`: perhaps; it was given other rights or another link, or somebody
 * changed it and set the time of modification back. Only its content can tell.
 * @throws DatapipeError FILE_CHANGED
 */
export async function lookAgain(source: Source): Promise<{ touched: boolean; changedNs: bigint }> {
  const stats = await stat(source.absolutePath, { bigint: true }).catch(() => undefined)
  if (stats === undefined) throw fileChanged(source)
  const { bytes, changedNs, inode, modifiedNs } = identity(stats)
  if (bytes !== source.bytes || modifiedNs !== source.modifiedNs || inode !== source.inode) {
    throw fileChanged(source)
  }
  return { touched: changedNs !== source.changedNs, changedNs }
}

export function fileChanged(source: Source): DatapipeError {
  return new DatapipeError(
    'FILE_CHANGED',
    `${source.path} changed while it was being uploaded; nothing of it was kept.`,
    {
      suggestions: [
        'Run the same command when the file is complete.',
        'Have the export write to another name and rename the file when it is done.',
      ],
    },
  )
}
