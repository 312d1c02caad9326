import { open } from 'node:fs/promises'
import type { Dialect } from './dialect.js'
import { ANY_TEXT, ByteCensus, type TextFacts } from './census.js'
import { chunksOf } from './chunks.js'
import type { Header } from './header.js'
import { LineCounter } from './lines.js'
import { LONGEST_RECORD } from './record-view.js'
import { RecordReader } from './records.js'
import { Scanner } from './scan/scanner.js'
import type { ColumnShape } from './scan/shapes.js'

export interface Prescan {
  /** Records after the header, counted without DuckDB. */
  records: number
  blankLines: number
  commentLines: number
  /** Bytes of the longest record. */
  longest: number
  /** What is known of the characters in the records; undefined: nothing. */
  facts?: TextFacts
  /** The form of the values, column by column; undefined: not known. */
  shapes?: ColumnShape[]
  /** False: some records are malformed, or such that only our own reader reads them right. */
  regular: boolean
}

interface Options {
  dialect: Dialect
  /** What stands between the whole and the fraction of a number. */
  decimal: string
  header: Header
  onBytes?: (done: number) => void
  signal?: AbortSignal
}

/** What stays in the cache of a core while it is gone over several times. */
const PIECE = 256 * 1024

/**
 * Counts the records of a file before anything else reads it. Regular text goes through the scan, which also learns the form
 * of its values; simple text with a flaw is counted by its lines, anything else record by record through RecordReader.
 */
export async function prescan(text: string, options: Options): Promise<Prescan> {
  return (
    (await scanRecords(text, options)) ??
    (await countLines(text, options)) ??
    (await countRecords(text, options))
  )
}

/** @returns undefined: the text is not for the scan */
export async function scanRecords(
  text: string,
  { dialect, decimal, header, onBytes, signal }: Options,
): Promise<Prescan | undefined> {
  if (dialect.commentByte !== undefined) return undefined
  const scanner = new Scanner(dialect, decimal, header.names.length)
  const file = await open(text)
  let position = header.bodyOffset
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { space } = scanner
      const { bytesRead } = await file.read(space, 0, space.length, position)
      if (bytesRead === 0) break
      if (!scanner.add(bytesRead)) return undefined
      position += bytesRead
      onBytes?.(position)
    }
  } finally {
    await file.close()
  }
  const scanned = scanner.finish()
  if (scanned === undefined || (scanned.hasQuotes && dialect.escapeByte !== dialect.quoteByte))
    return undefined
  const { records, blankLines, longest, hasQuotes, shapes } = scanned
  return {
    records,
    blankLines,
    commentLines: 0,
    longest,
    regular: blanksAreHarmless(blankLines, header),
    facts: { ...ANY_TEXT, isSimple: !hasQuotes, longest },
    shapes,
  }
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
