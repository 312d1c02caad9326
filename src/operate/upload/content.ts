import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { InterruptedError } from '../../errors.js'
import type { PartPlan } from './parts.js'
import { fileChanged, openSource, reading, type Source } from './source.js'

/** What a file holds: what a person, and what S3, calls it. */
export interface Content {
  bytes: number
  /** Of the whole, hexadecimal. */
  sha256: string
  /** What S3 computes of an object that is sent in parts: the SHA-256 of the parts' SHA-256, and their number. */
  composite?: string
}

const CHUNK_BYTES = 2 ** 20

/** The checksum of a body as S3 wants it: base64 of its SHA-256. */
export function sha256Base64(data: Buffer): string {
  return createHash('sha256').update(data).digest('base64')
}

/** Puts a content together from its parts, in their order. */
export class ContentHash {
  readonly #whole: Hash = createHash('sha256')
  readonly #parts: Hash = createHash('sha256')
  #bytes = 0
  #count = 0

  /** A piece of a part. */
  update(data: Buffer): void {
    this.#whole.update(data)
    this.#bytes += data.length
  }

  /** @param sha256 of the part whose pieces were given, base64 */
  endPart(sha256: string): void {
    this.#parts.update(sha256, 'base64')
    this.#count++
  }

  digest(): Content {
    const composite = `${this.#parts.digest('base64')}-${this.#count}`
    return { bytes: this.#bytes, sha256: this.#whole.digest('hex'), composite }
  }
}

/**
 * Reads a file once, through one small buffer.
 * @throws DatapipeError FILE_CHANGED when it is shorter than it was, FILE_NOT_READABLE; InterruptedError
 */
export async function readContent(source: Source, plan: PartPlan, signal: AbortSignal): Promise<Content> {
  const content = new ContentHash()
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, source.bytes))
  const file = await openSource(source)
  try {
    for (let start = 0; start < source.bytes; start += plan.partBytes) {
      const end = Math.min(start + plan.partBytes, source.bytes)
      const part = createHash('sha256')
      for (let position = start; position < end;) {
        if (signal.aborted) throw new InterruptedError()
        const chunk = buffer.subarray(0, Math.min(buffer.length, end - position))
        await readExactly(file, chunk, position, source)
        part.update(chunk)
        content.update(chunk)
        position += chunk.length
      }
      content.endPart(part.digest('base64'))
    }
  } finally {
    await file.close()
  }
  return content.digest()
}

/**
 * Hashes a range of a file through a small buffer.
 * @returns the digest
 * @throws DatapipeError FILE_CHANGED, FILE_NOT_READABLE
 */
export async function hashRange(
  file: FileHandle,
  source: Source,
  { algorithm, bytes, start }: { algorithm: 'md5' | 'sha256'; start: number; bytes: number },
): Promise<Buffer> {
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, bytes))
  for (let done = 0; done < bytes;) {
    const chunk = buffer.subarray(0, Math.min(buffer.length, bytes - done))
    await readExactly(file, chunk, start + done, source)
    hash.update(chunk)
    done += chunk.length
  }
  return hash.digest()
}

/**
 * Fills `buffer` from `position` on.
 * @throws DatapipeError FILE_CHANGED at an early end of file, FILE_NOT_READABLE
 */
export async function readExactly(
  file: FileHandle,
  buffer: Buffer,
  position: number,
  source: Source,
): Promise<void> {
  for (let read = 0; read < buffer.length;) {
    const { bytesRead } = await reading(source, () =>
      file.read(buffer, read, buffer.length - read, position + read),
    )
    if (bytesRead === 0) throw fileChanged(source)
    read += bytesRead
  }
}
