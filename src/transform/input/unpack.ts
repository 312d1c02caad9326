import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../../errors.js'
import { DataError } from '../errors.js'
import { unzstd, ZstdDamaged } from './zstd.js'

export type Compression = 'gzip' | 'zstd'

/** How a file is compressed, by its first bytes, whatever its name. */
export function compressionOf(head: Buffer): Compression | undefined {
  const hex = head.subarray(0, 4).toString('hex')
  if (hex.startsWith('1f8b')) return 'gzip'
  return hex === '28b52ffd' ? 'zstd' : undefined
}

/**
 * Unpacks a file, chunk by chunk.
 * @throws DataError GZIP_DAMAGED, ZSTD_DAMAGED, also for one that is cut off
 */
export async function unpack(
  { file, name, to, compression }: { file: string; name: string; to: string; compression: Compression },
  signal?: AbortSignal,
): Promise<void> {
  const from = createReadStream(file, { highWaterMark: 256 * 1024 })
  try {
    if (compression === 'gzip') await pipeline(from, createGunzip(), createWriteStream(to), { signal })
    else await pipeline(from, unzstd, createWriteStream(to), { signal })
  } catch (error) {
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
