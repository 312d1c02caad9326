import { isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { CR, LF, type Dialect } from './dialect.js'
import { LONGEST_RECORD, type Problem, type RecordView } from './record-view.js'

/** How much of a record longer than that is kept as its raw text. */
const HEAD_OF_LONG_RECORD = 64 * 1024
const FIRST_WINDOW = 4 * 1024 * 1024

/**
 * Cuts a file into CSV records, byte by byte and without DuckDB, so that its count is an independent one.
 *
 * - A line ends with LF, CRLF or CR; a record ends with its line unless a quoted field goes on.
 * - A field is quoted when it *starts* with a quote; elsewhere a quote is a character like any other.
 * - Blank lines and comment lines are no records. They are counted.
 * - Delimiters after the last column are passed over; every other surplus or missing field is a problem.
 * - A record whose quoting is broken (text after a closing quote, a quote that never closes), or that runs over several
 *   lines and has the wrong number of fields, costs its first line only: reading goes on with the next line, so that one
 *   stray quote cannot swallow the rows up to the next one.
 *
 * Use: `while (await reader.fill()) while (reader.next()) use(reader.record)`.
 */
export class RecordReader {
  readonly record: RecordView
  blankLines = 0
  commentLines = 0
  private buffer = Buffer.allocUnsafe(FIRST_WINDOW)
  private position = 0
  private limit = 0
  /** Offset in the file of `buffer[0]`. */
  private base = 0
  private line: number
  private atEnd = false
  private suspect = false
  private pendingLong = false

  /**
   * @param columns fields that a record must have; undefined: any number
   * @param offset where to start, in bytes
   * @param line number of the line that starts there
   */
  constructor(
    private readonly file: FileHandle,
    private readonly dialect: Dialect,
    public columns?: number,
    offset = 0,
    line = 1,
  ) {
    this.base = offset
    this.line = line
    this.record = {
      buffer: this.buffer,
      start: 0,
      end: 0,
      line: 1,
      offset: 0,
      byteLength: 0,
      fields: 0,
      isUnusual: false,
      problem: undefined,
    }
  }

  /** Offset of the next unread byte. */
  get offset(): number {
    return this.base + this.position
  }

  /** Number of the line of the next unread byte. */
  get nextLine(): number {
    return this.line
  }

  /** Text of the record; bytes that are not UTF-8 become U+FFFD. */
  text(longest = Infinity): string {
    const { buffer, start, end } = this.record
    return buffer.toString('utf8', start, Math.min(end, start + longest))
  }

  /** Reads on. False when the file is used up. */
  async fill(): Promise<boolean> {
    if (this.atEnd && this.position >= this.limit && !this.pendingLong) return false
    this.buffer.copyWithin(0, this.position, this.limit)
    this.base += this.position
    this.limit -= this.position
    this.position = 0
    if (this.limit >= LONGEST_RECORD) {
      await this.skipLongRecord()
      return true
    }
    if (this.limit > this.buffer.length / 2) {
      const larger = Buffer.allocUnsafe(this.buffer.length * 2)
      this.buffer.copy(larger, 0, 0, this.limit)
      this.buffer = larger
    }
    await this.readMore()
    this.suspect = this.windowIsSuspect()
    return true
  }

  /** Moves to the next record inside what was read. False: fill first. */
  next(): boolean {
    if (this.pendingLong) {
      this.pendingLong = false
      return true
    }
    const { buffer } = this
    while (this.position < this.limit) {
      const byte = buffer[this.position]
      const isComment = byte === this.dialect.commentByte
      if (!isComment && byte !== LF && byte !== CR) return this.scan()
      const end = isComment ? this.endOfLine() : this.position
      if (end === undefined || (byte === CR && end + 1 >= this.limit && !this.atEnd)) return false
      this.passLineEnd(end)
      if (isComment) this.commentLines += 1
      else this.blankLines += 1
    }
    return false
  }

  private async readMore(): Promise<void> {
    while (this.limit < this.buffer.length) {
      const { bytesRead } = await this.file.read(
        this.buffer,
        this.limit,
        this.buffer.length - this.limit,
        this.base + this.limit,
      )
      if (bytesRead === 0) {
        this.atEnd = true
        return
      }
      this.limit += bytesRead
    }
  }

  /** One check of the whole window spares one per record; it may raise the alarm for nothing, never miss. */
  private windowIsSuspect(): boolean {
    const all = this.buffer.subarray(0, this.limit)
    const lastLine = all.lastIndexOf(LF)
    const recordsEndThere = !this.atEnd && lastLine !== -1 && all.indexOf(CR, lastLine) === -1
    const window = recordsEndThere ? all.subarray(0, lastLine) : all
    return !isUtf8(window) || window.includes(0)
  }

  private scan(): boolean {
    const { buffer, limit, atEnd } = this
    const { delimiterByte, quoteByte, escapeByte } = this.dialect
    let i = this.position
    let fields = 1
    let innerLines = 0
    let isUnusual = false
    for (;;) {
      if (i < limit && buffer[i] === quoteByte) {
        i += 1
        let closed = false
        while (i < limit) {
          const byte = buffer[i]
          if (
            byte === escapeByte &&
            i + 1 < limit &&
            (buffer[i + 1] === quoteByte || buffer[i + 1] === escapeByte)
          ) {
            i += 1
            if (escapeByte !== quoteByte) isUnusual = true
          } else if (byte === quoteByte) {
            closed = true
            break
          } else if (byte === LF || (byte === CR && buffer[i + 1] !== LF)) innerLines += 1
          i += 1
        }
        if (!closed || (i + 1 >= limit && !atEnd)) return atEnd ? this.finishFirstLine('quote', 0) : false
        i += 1
        if (i < limit && buffer[i] !== delimiterByte && buffer[i] !== LF && buffer[i] !== CR)
          return this.finishFirstLine('quote', 0)
      } else {
        while (i < limit) {
          const byte = buffer[i]
          if (byte === delimiterByte || byte === LF || byte === CR) break
          if (byte === quoteByte) isUnusual = true
          i += 1
        }
      }
      if (i >= limit) {
        if (!atEnd) return false
        break
      }
      if (buffer[i] !== delimiterByte) {
        if (buffer[i] === CR && i + 1 >= limit && !atEnd) return false
        break
      }
      fields += 1
      i += 1
    }
    if (innerLines > 0 && this.fieldsProblem(i, fields) !== undefined)
      return this.finishFirstLine('fields', fields)
    this.finish(i, fields, isUnusual, undefined)
    this.line += innerLines
    return true
  }

  /** Gives up on a record at the end of its first line. */
  private finishFirstLine(problem: Problem, fields: number): boolean {
    const end = this.endOfLine()
    if (end === undefined) return false
    this.finish(end, fields, false, problem)
    return true
  }

  /** Where the line of the next unread byte ends; undefined: fill first. */
  private endOfLine(): number | undefined {
    let i = this.position
    while (i < this.limit && this.buffer[i] !== LF && this.buffer[i] !== CR) i += 1
    return !this.atEnd && i + 1 >= this.limit ? undefined : i
  }

  private finish(end: number, fields: number, isUnusual: boolean, problem: Problem | undefined): void {
    const { record } = this
    record.buffer = this.buffer
    record.start = this.position
    record.end = end
    record.line = this.line
    record.offset = this.base + this.position
    record.byteLength = end - this.position
    record.fields = fields
    record.isUnusual = isUnusual
    record.problem = problem ?? this.bytesProblem(end) ?? this.fieldsProblem(end, fields)
    this.passLineEnd(end)
  }

  private bytesProblem(end: number): Problem | undefined {
    if (!this.suspect) return undefined
    const bytes = this.buffer.subarray(this.position, end)
    if (bytes.includes(0)) return 'nul'
    return isUtf8(bytes) ? undefined : 'utf8'
  }

  /** Delimiters after the last column hold no value and do no harm (DuckDB passes over them as well). */
  private fieldsProblem(end: number, fields: number): Problem | undefined {
    if (this.columns === undefined || fields === this.columns) return undefined
    if (fields < this.columns) return 'fields'
    for (let i = end - (fields - this.columns); i < end; i++) {
      if (this.buffer[i] !== this.dialect.delimiterByte) return 'fields'
    }
    return undefined
  }

  private passLineEnd(end: number): void {
    const isPair = this.buffer[end] === CR && end + 1 < this.limit && this.buffer[end + 1] === LF
    this.position = Math.min(this.limit, end + (isPair ? 2 : 1))
    this.line += 1
  }

  /** The window holds LONGEST_RECORD bytes of one record and no end of it: give up on its first line, keep its head. */
  private async skipLongRecord(): Promise<void> {
    const head = Buffer.from(this.buffer.subarray(0, HEAD_OF_LONG_RECORD))
    const start = this.base
    let end = this.lineEnd()
    while (end === -1 && !this.atEnd) {
      this.base += this.limit
      this.limit = 0
      await this.readMore()
      end = this.lineEnd()
    }
    if (end !== -1 && end + 1 === this.limit && this.buffer[end] === CR) {
      // The LF of a CRLF may be the next byte of the file.
      this.base += end
      this.buffer[0] = CR
      this.limit = 1
      await this.readMore()
      end = 0
    }
    if (end === -1) end = this.limit
    const byteLength = this.base + end - start
    Object.assign(this.record, {
      buffer: head,
      start: 0,
      end: Math.min(head.length, byteLength),
      line: this.line,
      offset: start,
      byteLength,
      fields: 0,
      isUnusual: false,
      problem: byteLength < LONGEST_RECORD ? 'quote' : 'long',
    } satisfies RecordView)
    this.passLineEnd(end)
    this.suspect = true
    this.pendingLong = true
  }

  private lineEnd(): number {
    const window = this.buffer.subarray(0, this.limit)
    const lf = window.indexOf(LF)
    const cr = (lf === -1 ? window : window.subarray(0, lf)).indexOf(CR)
    return cr === -1 ? lf : cr
  }
}
