import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LF, type Dialect } from '../dialect.js'
import type { Header } from '../header.js'
import { safeNames } from '../names.js'
import { assertWidth } from '../header.js'
import { scanRecords, type Prescan } from '../prescan.js'
import { LONGEST_RECORD } from '../record-view.js'
import type { Refused } from './input.js'

/** Where a record stands in the file it came from. */
export interface Place {
  line: number
  byteOffset: number
  byteLength: number
}

const FLUSH_AT = 1024 * 1024
export const LONGEST_RAW = 64 * 1024

/** The CSV that datapipe writes itself: every text in quotes, so that an unquoted empty field is null and nothing else. */
export const OWN_DIALECT: Dialect = {
  delimiter: ',',
  quote: '"',
  delimiterByte: 0x2c,
  quoteByte: 0x22,
  escape: '"',
  escapeByte: 0x22,
  commentByte: undefined,
  hasHeader: false,
}

/** A text as a field of such a CSV. */
export function quoted(text: string): string {
  return `"${text.includes('"') ? text.replaceAll('"', '""') : text}"`
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** Why no table can hold a text, as the end of the sentence "the row …"; undefined: it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character'
  return LONE_SURROGATE.test(text) ? 'holds half a character (\\ud800 to \\udfff)' : undefined
}

/** The header of such a CSV: the columns, and one more with the place of the record, see `placeOf`. */
export function ownHeader(file: string, raw: readonly string[]): Header {
  assertWidth(file, raw.length)
  return { raw: [...raw], names: [...safeNames(raw), PLACE], bodyOffset: 0, bodyLine: 1, isFirstLine: true }
}

/** No column of a table can be called so. */
const PLACE = '#place'

export function placeOf(field: string): Place {
  const [line = 0, byteOffset = 0, byteLength = 0] = field.split(':').map(Number)
  return { line, byteOffset, byteLength }
}

/**
 * The records of a file that is no CSV, written as CSV into scratch. Counted on the way; what has no place in a table is put
 * aside with its reason.
 */
export class TextTable {
  records = 0
  refused = 0
  private longest = 0
  private lines: string[] = []
  private asides: string[] = []
  private pending = 0

  private constructor(
    readonly path: string,
    readonly refusedPath: string,
    private readonly file: FileHandle,
    private readonly refusedFile: FileHandle,
  ) {}

  static async create(folder: string): Promise<TextTable> {
    const path = join(folder, 'table.csv')
    const refused = join(folder, 'refused.jsonl')
    return new TextTable(path, refused, await open(path, 'w'), await open(refused, 'w'))
  }

  /** More is buffered than should be: flush. */
  get isFull(): boolean {
    return this.pending >= FLUSH_AT
  }

  /** Adds a record; each field as it is to stand there. False: it is longer than a record may be, or holds a NUL. */
  add(fields: readonly string[], { line, byteOffset, byteLength }: Place): boolean {
    const record = `${fields.join(',')},${line}:${byteOffset}:${byteLength}`
    const length = Buffer.byteLength(record)
    if (length >= LONGEST_RECORD) return false
    this.records += 1
    if (length > this.longest) this.longest = length
    this.lines.push(record)
    this.pending += length
    return true
  }

  refuse(refused: Omit<Refused, 'before'>): void {
    const line = JSON.stringify({ before: this.records, ...refused, raw: refused.raw.slice(0, LONGEST_RAW) })
    this.refused += 1
    this.asides.push(line)
    this.pending += line.length
  }

  async flush(): Promise<void> {
    await writeLines(this.file, this.lines)
    await writeLines(this.refusedFile, this.asides)
    this.lines = []
    this.asides = []
    this.pending = 0
  }

  /** What a pre-scan would tell, once all is flushed. @param header see `ownHeader` */
  async prescan(blankLines: number, header: Header, signal?: AbortSignal): Promise<Prescan> {
    const { records, longest, path } = this
    const scanned = await scanRecords(path, { dialect: OWN_DIALECT, decimal: '.', header, signal })
    const shapes = scanned?.records === records ? scanned.shapes : undefined
    return { records, blankLines, commentLines: 0, longest, regular: true, shapes }
  }

  async close(): Promise<void> {
    await this.file.close()
    await this.refusedFile.close()
  }
}

async function writeLines(file: FileHandle, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  await file.appendFile(`${lines.join('\n')}${String.fromCharCode(LF)}`)
}
