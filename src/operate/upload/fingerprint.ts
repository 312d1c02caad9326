import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { InterruptedError } from '../../errors.js'
import { fileChanged, type Source } from './source.js'

/** What identifies a file's content, and lets S3 check each piece of it. */
export interface Fingerprint {
  /** Hexadecimal. */
  sha256: string
  /** CRC-32 of the whole file, base64 of four bytes big-endian, as S3 wants it. */
  crc32: string
  /** CRC-32 of each part, in order. */
  partCrc32s: string[]
}

const CHUNK_BYTES = 2 ** 20

/**
 * Reads a file once.
 * @param partBytes size of a part; the last one is shorter
 * @throws DatapipeError FILE_CHANGED when it is shorter than it was; InterruptedError
 */
export async function fingerprint(
  source: Source,
  partBytes: number,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const sha256 = createHash('sha256')
  const partCrc32s: string[] = []
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, source.bytes))
  let whole = 0
  let part = 0
  const file = await open(source.absolutePath, 'r')
  try {
    for (let position = 0; position < source.bytes;) {
      if (signal.aborted) throw new InterruptedError()
      const wanted = Math.min(buffer.length, partBytes - (position % partBytes), source.bytes - position)
      await readExactly(file, buffer, wanted, position, source)
      const chunk = buffer.subarray(0, wanted)
      sha256.update(chunk)
      whole = crc32(chunk, whole)
      part = crc32(chunk, part)
      position += wanted
      if (position % partBytes === 0 || position === source.bytes) {
        partCrc32s.push(encodeCrc32(part))
        part = 0
      }
    }
  } finally {
    await file.close()
  }
  return { sha256: sha256.digest('hex'), crc32: encodeCrc32(whole), partCrc32s }
}

/** Fills `buffer` with `bytes` of the file from `position` on. @throws DatapipeError FILE_CHANGED at an early end of file */
export async function readExactly(
  file: FileHandle,
  buffer: Buffer,
  bytes: number,
  position: number,
  source: Source,
): Promise<void> {
  for (let read = 0; read < bytes;) {
    const { bytesRead } = await file.read(buffer, read, bytes - read, position + read)
    if (bytesRead === 0) throw fileChanged(source)
    read += bytesRead
  }
}

/** A checksum as S3 writes it: `AAAAAA==`. */
export function encodeCrc32(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}
