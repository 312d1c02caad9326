import { open, type FileHandle } from 'node:fs/promises'
import { asDiskFull } from '../full-disk.js'
import { LF, splitFields, type Dialect } from './dialect.js'
import type { Header } from './header.js'
import { RecordReader } from './records.js'

export interface CleanCopy {
  path: string
  /** Records copied: the well-formed ones. */
  records: number
  malformed: number
  longest: number
}

const BUFFER = 4 * 1024 * 1024

/**
 * Copies the well-formed records of a file, without header and blank lines, one LF after each. What is left out is what
 * DuckDB would stumble over, or silently read in its own way; `locateRejects` finds it again.
 * @param most stop after so many records (a sample)
 */
export async function cleanCopy(
  text: string,
  path: string,
  {
    dialect,
    header,
    most = Infinity,
    signal,
  }: { dialect: Dialect; header: Header; most?: number; signal?: AbortSignal },
): Promise<CleanCopy> {
  const from = await open(text)
  const to = await open(path, 'w')
  try {
    const reader = new RecordReader(from, dialect, header.names.length, header.bodyOffset, header.bodyLine)
    const writer = new Writer(to)
    const copy: CleanCopy = { path, records: 0, malformed: 0, longest: 0 }
    while (copy.records < most && (await reader.fill())) {
      signal?.throwIfAborted()
      while (copy.records < most && reader.next()) {
        const { record } = reader
        if (record.problem !== undefined) {
          copy.malformed += 1
          continue
        }
        const bytes = record.isUnusual
          ? requoted(reader.text(), dialect)
          : record.buffer.subarray(record.start, record.end)
        copy.records += 1
        copy.longest = Math.max(copy.longest, bytes.length)
        if (!writer.add(bytes)) await writer.flushWith(bytes)
      }
    }
    await writer.flush()
    return copy
  } catch (error) {
    throw await asDiskFull(error, path)
  } finally {
    await from.close()
    await to.close()
  }
}

/** `5" pipe, "x"` means the text as it stands, and so does `\"`; in quotes, with quotes doubled, nobody reads it otherwise. */
function requoted(record: string, dialect: Dialect): Buffer {
  const { quote, delimiter } = dialect
  const fields = splitFields(record, dialect).map(({ text, quoted }) =>
    quoted || text.includes(quote) ? quote + text.replaceAll(quote, quote + quote) + quote : text,
  )
  return Buffer.from(fields.join(delimiter))
}

class Writer {
  private readonly buffer = Buffer.allocUnsafe(BUFFER)
  private length = 0

  constructor(private readonly file: FileHandle) {}

  /** False: no room; use flushWith. */
  add(record: Buffer): boolean {
    if (this.length + record.length + 1 > BUFFER) return false
    this.length += record.copy(this.buffer, this.length)
    this.buffer[this.length++] = LF
    return true
  }

  async flushWith(record: Buffer): Promise<void> {
    await this.flush()
    if (this.add(record)) return
    await this.#write(record, record.length)
    await this.#write(Buffer.of(LF), 1)
  }

  async flush(): Promise<void> {
    await this.#write(this.buffer, this.length)
    this.length = 0
  }

  /** A disk that is about to be full takes a part of it, and only refuses the next one. */
  async #write(bytes: Buffer, length: number): Promise<void> {
    for (let written = 0; written < length;) {
      written += (await this.file.write(bytes, written, length - written)).bytesWritten
    }
  }
}
