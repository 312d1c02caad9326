import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Dataset } from '../../config/dataset.js'
import { writingTo } from '../../full-disk.js'
import { DataError } from '../errors.js'
import { FORMAT_NAMES } from './signature.js'

/** How the bytes of a file are characters; utf-16 with the order of its bytes. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1' | 'windows-1252'

/**
 * The encoding of a file by its first bytes. A byte order mark wins over the configuration; where that says UTF-16 and there
 * is no mark, the zero bytes of Latin letters tell the order.
 * @throws DataError FILE_NOT_UTF8 for UTF-16 that nobody announced, FILE_NOT_TEXT for UTF-32 and binary data
 */
export function encodingOf(
  name: string,
  head: Buffer,
  { encoding: configured, type }: Pick<Dataset['format'], 'encoding' | 'type'>,
): Encoding {
  const hex = head.subarray(0, 4).toString('hex')
  if (hex === 'fffe0000' || hex === '0000feff') {
    throw new DataError('FILE_NOT_TEXT', `${name} is UTF-32 text, which datapipe does not read.`, {
      suggestions: ['Convert it first: iconv -f UTF-32 -t UTF-8.'],
    })
  }
  if (hex.startsWith('efbbbf')) return 'utf-8'
  if (hex.startsWith('fffe')) return 'utf-16le'
  if (hex.startsWith('feff')) return 'utf-16be'
  const zeros = head.filter((byte) => byte === 0).length
  const inFront = head.filter((byte, index) => byte === 0 && index % 2 === 0).length
  if (configured === 'utf-16') return inFront > zeros / 2 ? 'utf-16be' : 'utf-16le'
  // Of mostly Latin text in UTF-16, every second byte is 0.
  if (zeros > head.length * 0.3 && (inFront === 0 || inFront === zeros)) {
    throw new DataError('FILE_NOT_UTF8', `${name} is UTF-16 text without a byte order mark.`, {
      suggestions: ['Set `format.encoding: utf-16`.'],
    })
  }
  if (zeros > head.length / 10)
    throw new DataError('FILE_NOT_TEXT', `${name} is binary data, not ${FORMAT_NAMES[type]}.`)
  return configured
}

/** Converts a file to UTF-8, chunk by chunk. What is no character becomes a byte that is not UTF-8, so that its record is rejected. */
export async function toUtf8(
  from: string,
  to: string,
  encoding: Exclude<Encoding, 'utf-8'>,
  signal?: AbortSignal,
): Promise<void> {
  const converted =
    encoding === 'latin-1' || encoding === 'windows-1252' ? fromSingleBytes(encoding) : fromUtf16(encoding)
  await writingTo(to, () =>
    pipeline(createReadStream(from, { highWaterMark: CHUNK }), converted, createWriteStream(to), { signal }),
  )
}

const CHUNK = 1024 * 1024
/** Occurs nowhere in UTF-8. */
const INVALID = Buffer.from([0xff])

/** Windows-1252 where it differs from ISO 8859-1, bytes 0x80 to 0x9f; five of them mean nothing. */
const WINDOWS_1252 = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'

function fromSingleBytes(encoding: 'latin-1' | 'windows-1252') {
  const table = Array.from({ length: 256 }, (_, byte) => {
    const special = encoding === 'windows-1252' ? WINDOWS_1252[byte - 0x80] : undefined
    return special === '\0' ? INVALID : Buffer.from(special ?? String.fromCharCode(byte))
  })
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const out = Buffer.allocUnsafe(chunk.length * 3)
      let length = 0
      for (const byte of chunk) {
        if (byte < 0x80) out[length++] = byte
        else length += table[byte]?.copy(out, length) ?? 0
      }
      yield out.subarray(0, length)
    }
  }
}

const LONE_SURROGATE = /([\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/

function fromUtf16(encoding: 'utf-16le' | 'utf-16be') {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let carry = Buffer.alloc(0)
    let isFirst = true
    for await (const chunk of chunks) {
      const bytes = Buffer.concat([carry, chunk])
      const even = bytes.length - (bytes.length % 2)
      const units = Buffer.from(bytes.subarray(0, even))
      if (encoding === 'utf-16be') units.swap16()
      // The second half of a character may be in the next chunk.
      const last = even >= 2 ? units.readUInt16LE(even - 2) : 0
      const end = last >= 0xd800 && last <= 0xdbff ? even - 2 : even
      carry = Buffer.from(bytes.subarray(end))
      const text = units.toString('utf16le', 0, end)
      yield encode(isFirst && text.startsWith('\ufeff') ? text.slice(1) : text)
      if (end > 0) isFirst = false
    }
    if (carry.length > 0) yield INVALID
  }
}

function encode(text: string): Buffer {
  const bytes = Buffer.from(text)
  // Node writes half a character as U+FFFD; only where there is one may there be the other.
  if (!bytes.includes(REPLACEMENT)) return bytes
  return Buffer.concat(
    text.split(LONE_SURROGATE).map((part, index) => (index % 2 === 1 ? INVALID : Buffer.from(part))),
  )
}

const REPLACEMENT = Buffer.from('\ufffd')
