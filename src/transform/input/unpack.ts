import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../../errors.js'
import { writingTo } from '../../full-disk.js'
import { DataError } from '../errors.js'
import { unzstd, ZstdDamaged } from './zstd.js'

export type Compression = 'gzip' | 'zstd'

/** Tables shrink to a twentieth, extreme ones to a hundredth; what was made to fill a disk, to a thousandth and less. */
const MOST_TIMES = 300
/** Fits everywhere, however often it repeats itself. */
const ALWAYS_FITS = 1024 ** 3

/** It unpacks to more than any table of its size. */
class Expands extends Error {}

/** How a file is compressed, by its first bytes, whatever its name. */
export function compressionOf(head: Buffer): Compression | undefined {
  const hex = head.subarray(0, 4).toString('hex')
  if (hex.startsWith('1f8b')) return 'gzip'
  return hex === '28b52ffd' ? 'zstd' : undefined
}

/**
 * Unpacks a file, chunk by chunk, and stops at what no table would come to.
 * @param alwaysFits bytes that it may unpack to in any case
 * @throws DataError GZIP_DAMAGED, ZSTD_DAMAGED, also for one that is cut off; FILE_EXPANDS_TOO_MUCH
 */
export async function unpack(
  { file, name, to, compression }: { file: string; name: string; to: string; compression: Compression },
  signal?: AbortSignal,
  alwaysFits = ALWAYS_FITS,
): Promise<void> {
  const most = Math.max(alwaysFits, (await stat(file)).size * MOST_TIMES)
  const limited = (chunks: AsyncIterable<Uint8Array>) => atMost(most, chunks)
  const from = createReadStream(file, { highWaterMark: 256 * 1024 })
  try {
    await writingTo(to, () =>
      compression === 'gzip'
        ? pipeline(from, createGunzip(), limited, createWriteStream(to), { signal })
        : pipeline(from, unzstd, limited, createWriteStream(to), { signal }),
    )
  } catch (error) {
    if (error instanceof Expands) {
      throw new DataError('FILE_EXPANDS_TOO_MUCH', `${name} ${error.message}; nothing of it was read.`, {
        cause: error,
        suggestions: ['If it is what it should be, unpack it and upload it as it is.'],
      })
    }
    const isDamaged =
      compression === 'gzip'
        ? ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')
        : error instanceof ZstdDamaged
    if (!isDamaged) throw error
    throw new DataError(
      compression === 'gzip' ? 'GZIP_DAMAGED' : 'ZSTD_DAMAGED',
      `${name} is not a complete ${compression} file: ${messageOf(error)}.`,
      {
        cause: error,
        suggestions: [`Copy or compress the file again; \`${compression} -t\` tests it.`],
      },
    )
  }
}

async function* atMost(most: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > most) {
      throw new Expands(`unpacks to more than ${most} bytes, ${MOST_TIMES} times its size`)
    }
    yield chunk
  }
}
