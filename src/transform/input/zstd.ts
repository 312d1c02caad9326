import { Decompress } from 'fzstd'
import { messageOf } from '../../errors.js'

/** The data is no Zstandard that can be read to its end. */
export class ZstdDamaged extends Error {}

/** The window is held in memory; `zstd` makes a larger one only when asked (--long, --ultra). */
const LARGEST_WINDOW = 128 * 1024 * 1024
const LONGEST_FRAME_HEADER = 18

/**
 * Unpacks Zstandard, chunk by chunk; several frames one after the other are one text. Checksums are not verified; that the last
 * frame is there to its end is.
 * @throws ZstdDamaged
 */
export async function* unzstd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let blocks: Uint8Array[] = []
  const decompress = new Decompress((block) => {
    // Valid only until the next one: the decoder writes into the same memory.
    if (block.length > 0) blocks.push(block.slice())
  })
  let head = Buffer.alloc(0)
  let window: number | undefined
  const push = (chunk: Uint8Array, isLast: boolean) => {
    try {
      decompress.push(chunk, isLast)
    } catch (error) {
      throw new ZstdDamaged(messageOf(error), { cause: error })
    }
    const done = blocks
    blocks = []
    return done
  }
  for await (const chunk of chunks) {
    if (window !== undefined) {
      yield* push(chunk, false)
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < LONGEST_FRAME_HEADER) continue
    window = windowSize(head)
    if (window > LARGEST_WINDOW) {
      throw new ZstdDamaged(`its window of ${window} bytes is larger than ${LARGEST_WINDOW}`)
    }
    yield* push(head, false)
  }
  yield* push(window === undefined ? head : new Uint8Array(0), true)
}

/** RFC 8878, 3.1.1.1: the window of a frame, from its header. */
function windowSize(frame: Buffer): number {
  const descriptor = frame.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  if (!isSingleSegment) {
    const byte = frame.readUInt8(5)
    const base = 2 ** (10 + (byte >> 3))
    return base + (base / 8) * (byte & 7)
  }
  const at = 5 + dictionaryIdBytes
  switch (descriptor >> 6) {
    case 0:
      return frame.readUInt8(at)
    case 1:
      return frame.readUInt16LE(at) + 256
    case 2:
      return frame.readUInt32LE(at)
    default:
      return Number(frame.readBigUInt64LE(at))
  }
}
