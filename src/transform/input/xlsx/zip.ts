import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl'
import { messageOf } from '../../../errors.js'

/** There is more of something than datapipe takes; says of what. */
export class TooLarge extends Error {}

/** The archive is not one that can be read to its end; says why. */
export class ZipProblem extends Error {}

/** Of a directory that is held in memory; workbooks have some dozens. */
const MOST_PARTS = 100_000
const CHUNK = 256 * 1024

/**
 * Reads the parts of a ZIP archive one by one, each as a stream: nothing is held whole. What it unpacks in all is limited, so
 * that a small file cannot fill the disk.
 */
export class Zip {
  private unpacked = 0

  private constructor(
    private readonly file: FileHandle,
    private readonly archive: ZipFile,
    private readonly parts: ReadonlyMap<string, Entry>,
    private readonly mostUnpacked: number,
  ) {}

  /** @throws ZipProblem, TooLarge */
  static async open(path: string, mostUnpacked: number): Promise<Zip> {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const archive = await fromRandomAccessReaderPromise(new Reader(file), size, { autoClose: false })
      return new Zip(file, archive, await partsOf(archive), mostUnpacked)
    } catch (error) {
      await file.close()
      throw problem('it is cut off or damaged', error)
    }
  }

  has(name: string): boolean {
    return this.parts.has(name)
  }

  /**
   * The bytes of a part, checked against their length in the directory (by yauzl) and their checksum (here).
   * @throws ZipProblem, TooLarge
   */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.parts.get(name)
    if (entry === undefined) throw new ZipProblem(`it has no part ${name}`)
    if (entry.isEncrypted()) throw new ZipProblem(`its part ${name} is encrypted`)
    this.unpacked += entry.uncompressedSize
    if (this.unpacked > this.mostUnpacked) {
      throw new TooLarge(`it unpacks to more than ${this.mostUnpacked} bytes`)
    }
    let crc = 0
    try {
      for await (const chunk of await this.archive.openReadStreamPromise(entry)) {
        const bytes = chunk as Buffer
        crc = crc32(bytes, crc)
        yield bytes
      }
    } catch (error) {
      throw problem(`its part ${name} is damaged`, error)
    }
    if (crc !== entry.crc32) throw new ZipProblem(`its part ${name} is damaged: its checksum is wrong`)
  }

  async close(): Promise<void> {
    this.archive.close()
    await this.file.close()
  }
}

/** Reads where the archive says. yauzl's own reader of files throws out of its callbacks for an offset that cannot be. */
class Reader extends RandomAccessReader {
  constructor(private readonly file: FileHandle) {
    super()
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.file.read(buffer, offset, length, position).then(({ bytesRead }) => {
      callback(bytesRead < length ? new Error('unexpected end') : null)
    }, callback)
  }

  /** yauzl has made sure that the range lies in the file, and counts what comes. */
  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.chunks(start, end), { objectMode: false })
  }

  private async *chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += CHUNK) {
      const length = Math.min(CHUNK, end - at)
      const { buffer, bytesRead } = await this.file.read(Buffer.allocUnsafe(length), 0, length, at)
      yield buffer.subarray(0, bytesRead)
    }
  }
}

async function partsOf(archive: ZipFile): Promise<Map<string, Entry>> {
  const parts = new Map<string, Entry>()
  for await (const entry of archive.eachEntry()) {
    parts.set(entry.fileName, entry)
    if (parts.size > MOST_PARTS) throw new TooLarge(`it has more than ${MOST_PARTS} parts`)
  }
  return parts
}

/** yauzl and zlib throw plain errors about the archive; those of the operating system are none of its making. */
function problem(what: string, error: unknown): unknown {
  if (error instanceof TooLarge || (error instanceof Error && 'syscall' in error)) return error
  return new ZipProblem(`${what}: ${messageOf(error).replace(/\.$/, '')}`, { cause: error })
}
