import { open, realpath, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset } from '../config/dataset.js'
import { messageOf } from '../errors.js'
import { DataError } from './errors.js'
import { encodingOf, toUtf8, type Encoding } from './input/encoding.js'
import { assertSignature } from './input/signature.js'
import { compressionOf, unpack } from './input/unpack.js'

/** The file to read: unpacked and in UTF-8, under a name that DuckDB cannot take for a pattern. */
export interface Source {
  file: string
  /** What messages call it. */
  name: string
  /** Inside scratch: a link to the file, or what became of it when it was compressed or in another encoding. */
  text: string
  /** Where the link leads; undefined when the text itself is in scratch. */
  realPath: string | undefined
  /** The encoding of the file; `utf-8` also for a format that is no text. */
  encoding: Encoding
  /** Size of the file as given. */
  bytes: number
  /** Changes when somebody writes to the file. */
  fingerprint: string
}

/**
 * Opens a local file: it must be a regular, non-empty file of the dataset's format. gzip and Zstandard are unpacked into
 * scratch, text that is not UTF-8 is converted there.
 * @throws DataError FILE_NOT_FOUND, FILE_NOT_READABLE, FILE_IS_A_DIRECTORY, FILE_EMPTY, FILE_NOT_TEXT, FILE_NOT_UTF8, NOT_PARQUET, NOT_XLSX, GZIP_DAMAGED, ZSTD_DAMAGED, FILE_EXPANDS_TOO_MUCH
 */
export async function openSource(
  file: string,
  name: string,
  scratch: string,
  format: Dataset['format'],
  signal?: AbortSignal,
): Promise<Source> {
  const { bytes, fingerprint } = await inspect(file, name)
  if (bytes === 0) throw new DataError('FILE_EMPTY', `${name} is empty.`)
  const compression = compressionOf(await firstBytes(file, name))
  const unpacked = join(scratch, 'source')
  const realPath = compression === undefined ? await realpath(file) : undefined
  if (compression === undefined) await symlink(await realpath(file), unpacked)
  else await unpack({ file, name, to: unpacked, compression }, signal)
  const opened = { file, name, text: unpacked, realPath, bytes, fingerprint }

  const head = await firstBytes(unpacked, name)
  if (head.length === 0) throw new DataError('FILE_EMPTY', `${name} is empty once unpacked.`)
  assertSignature(name, head, format.type)
  if (format.type === 'parquet' || format.type === 'xlsx') return { ...opened, encoding: 'utf-8' }
  const encoding = encodingOf(name, head, format)
  if (encoding === 'utf-8') return { ...opened, encoding }
  const text = join(scratch, 'source-utf8')
  await toUtf8(unpacked, text, encoding, signal)
  await rm(unpacked)
  return { ...opened, text, realPath: undefined, encoding }
}

/** @throws DataError FILE_CHANGED when somebody wrote to the file since it was opened */
export async function assertUnchanged(source: Source): Promise<void> {
  const { fingerprint } = await inspect(source.file, source.name)
  if (fingerprint === source.fingerprint) return
  throw new DataError('FILE_CHANGED', `${source.name} changed while it was read; nothing was published.`, {
    suggestions: ['Wait until the program that writes the file is done, then run again.'],
  })
}

async function inspect(file: string, name: string): Promise<{ bytes: number; fingerprint: string }> {
  const info = await stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new DataError('FILE_NOT_FOUND', `${name} does not exist.`, { cause: error })
    }
    throw notReadable(name, error)
  })
  if (info.isDirectory()) {
    throw new DataError('FILE_IS_A_DIRECTORY', `${name} is a directory, not a file.`, {
      suggestions: ['Name the files themselves.'],
    })
  }
  if (!info.isFile()) throw new DataError('FILE_NOT_READABLE', `${name} is not a regular file.`)
  return { bytes: Number(info.size), fingerprint: `${info.dev}:${info.ino}:${info.size}:${info.mtimeNs}` }
}

async function firstBytes(file: string, name: string): Promise<Buffer> {
  const handle = await open(file).catch((error: unknown) => {
    throw notReadable(name, error)
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function notReadable(name: string, error: unknown): DataError {
  return new DataError('FILE_NOT_READABLE', `${name} cannot be read: ${messageOf(error)}.`, { cause: error })
}
