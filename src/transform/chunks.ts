import { open } from 'node:fs/promises'

const CHUNK = 4 * 1024 * 1024

/** The bytes of a file from an offset on. Each chunk is valid until the next one is asked for. */
export async function* chunksOf(path: string, offset: number): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    let position = offset
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
