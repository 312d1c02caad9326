import { createReadStream, createWriteStream } from 'node:fs'
import { open, realpath, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../errors.js'
import { DataError } from './errors.js'

/** The file to read: as text on disk, under a name that the CSV reader cannot take for a pattern. */
export interface Source {
  file: string
  /** What messages call it. */
  name: string
  /** Plain text inside scratch: a link to the file, or what it held compressed. */
  text: string
  /** Where the link leads; undefined when the text itself is in scratch. */
  realPath: string | undefined
  /** Size of the file as given. */
  bytes: number
  /** Changes when somebody writes to the file. */
  fingerprint: string
}

/**
 * Opens a local file: it must be a regular, non-empty file with text in it; gzip is unpacked into scratch.
 * @throws DataError FILE_NOT_FOUND, FILE_NOT_READABLE, FILE_IS_A_DIRECTORY, FILE_EMPTY, FILE_NOT_TEXT, FILE_NOT_UTF8, GZIP_DAMAGED
 */
export async function openSource(
  file: string,
  name: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<Source> {
  const { bytes, fingerprint } = await inspect(file, name)
  if (bytes === 0) throw new DataError('FILE_EMPTY', `${name} is empty.`)
  const text = join(scratch, 'source.csv')
  const compressed = isGzip(await firstBytes(file, name))
  const realPath = compressed ? undefined : await realpath(file)
  if (realPath === undefined) await unpack({ file, name, text }, signal)
  else await symlink(realPath, text)
  const head = await firstBytes(text, name)
  if (head.length === 0) throw new DataError('FILE_EMPTY', `${name} is empty once unpacked.`)
  assertText(name, head)
  return { file, name, text, realPath, bytes, fingerprint }
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

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

async function unpack(
  { file, name, text }: { file: string; name: string; text: string },
  signal?: AbortSignal,
): Promise<void> {
  try {
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(text), { signal })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!code.startsWith('Z_')) throw error
    throw new DataError('GZIP_DAMAGED', `${name} is not a complete gzip file: ${messageOf(error)}.`, {
      cause: error,
      suggestions: ['Copy or compress the file again; `gzip -t` tests it.'],
    })
  }
}

const SIGNATURES: [signature: string, what: string][] = [
  ['504b0304', 'a ZIP archive or an Excel workbook (.xlsx)'],
  ['504b0506', 'an empty ZIP archive'],
  ['d0cf11e0', 'an old Excel or Word file (.xls, .doc)'],
  ['50415231', 'a Parquet file'],
  ['28b52ffd', 'a Zstandard archive'],
  ['425a68', 'a bzip2 archive'],
  ['fd377a585a', 'an xz archive'],
  ['1f8b', 'gzip inside gzip'],
  ['25504446', 'a PDF'],
]

function assertText(name: string, head: Buffer): void {
  const hex = head.subarray(0, 8).toString('hex')
  const signature = SIGNATURES.find(([start]) => hex.startsWith(start))
  if (signature) throw new DataError('FILE_NOT_TEXT', `${name} is ${signature[1]}, not CSV text.`)
  const nulls = head.filter((byte) => byte === 0).length
  if (hex.startsWith('fffe') || hex.startsWith('feff') || looksLikeUtf16(head, nulls)) {
    throw new DataError('FILE_NOT_UTF8', `${name} is UTF-16 text; datapipe reads UTF-8.`, {
      suggestions: ['Convert it first: iconv -f UTF-16 -t UTF-8.'],
    })
  }
  if (nulls > head.length / 10) throw new DataError('FILE_NOT_TEXT', `${name} is binary data, not CSV text.`)
}

/** UTF-16 without a byte order mark: of mostly Latin text, every second byte is 0. */
function looksLikeUtf16(head: Buffer, nulls: number): boolean {
  const even = head.filter((byte, index) => byte === 0 && index % 2 === 0).length
  return nulls > head.length * 0.3 && (even === 0 || even === nulls)
}
