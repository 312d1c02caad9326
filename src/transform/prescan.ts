import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Dialect } from './dialect.js'
import { ByteCensus, type TextFacts } from './census.js'
import type { Header } from './header.js'
import { LineCounter } from './lines.js'
import { LONGEST_RECORD } from './record-view.js'
import { RecordReader } from './records.js'

export interface Prescan {
  /** Records after the header, counted without DuckDB. */
  records: number
  blankLines: number
  commentLines: number
  /** Bytes of the longest record. */
  longest: number
  /** What is known of the characters in the records; undefined: nothing. */
  facts?: TextFacts
  /** False: some records are malformed, or such that only our own reader reads them right. */
  regular: boolean
}

interface Options {
  dialect: Dialect
  header: Header
  onBytes?: (done: number) => void
  signal?: AbortSignal
}

const CHUNK = 4 * 1024 * 1024
/** What stays in the cache of a core while it is gone over several times. */
const PIECE = 256 * 1024

/** SHA-256 of a file, in hexadecimal, and its length. */
export async function hashFile(
  file: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of chunksOf(file, 0)) {
    signal?.throwIfAborted()
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/**
 * Counts the records of a file before anything else reads it. Simple text is counted by its lines (0.4 s per GB); anything
 * else goes record by record through RecordReader.
 */
export async function prescan(text: string, options: Options): Promise<Prescan> {
  return (await countLines(text, options)) ?? (await countRecords(text, options))
}

async function countLines(
  text: string,
  { dialect, header, onBytes, signal }: Options,
): Promise<Prescan | undefined> {
  if (dialect.commentByte !== undefined) return undefined
  const counter = new LineCounter(dialect.quoteByte)
  const census = new ByteCensus()
  let done = header.bodyOffset
  for await (const chunk of chunksOf(text, header.bodyOffset)) {
    signal?.throwIfAborted()
    for (let start = 0; start < chunk.length; start += PIECE) {
      const piece = chunk.subarray(start, start + PIECE)
      if (!counter.add(piece)) return undefined
      census.add(piece)
    }
    done += chunk.length
    onBytes?.(done)
  }
  const records = counter.finish()
  if (records === undefined || counter.longest >= LONGEST_RECORD) return undefined
  const { blankLines, longest } = counter
  const regular = blanksAreHarmless(blankLines, header)
  return { records, blankLines, commentLines: 0, longest, regular, facts: census.facts(longest) }
}

async function countRecords(text: string, { dialect, header, onBytes, signal }: Options): Promise<Prescan> {
  const file = await open(text)
  try {
    const reader = new RecordReader(file, dialect, header.names.length, header.bodyOffset, header.bodyLine)
    let records = 0
    let longest = 0
    let irregular = 0
    while (await reader.fill()) {
      signal?.throwIfAborted()
      while (reader.next()) {
        const { record } = reader
        records += 1
        if (record.byteLength > longest) longest = record.byteLength
        if (record.problem !== undefined || record.isUnusual) irregular += 1
      }
      onBytes?.(reader.offset)
    }
    const { blankLines } = reader
    const commentLines = reader.commentLines + (header.commentLines ?? 0)
    const regular = irregular + commentLines === 0 && blanksAreHarmless(blankLines, header)
    return { records, blankLines, commentLines, longest, regular }
  } finally {
    await file.close()
  }
}

/** DuckDB passes over blank lines, but takes one as the header, and as a row where a row has one column. */
function blanksAreHarmless(blankLines: number, header: Header): boolean {
  return header.isFirstLine && (blankLines === 0 || header.names.length > 1)
}

/** The bytes of a file from an offset on. Each chunk is valid until the next one is asked for. */
async function* chunksOf(path: string, offset: number): AsyncGenerator<Buffer> {
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
