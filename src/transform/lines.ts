import { isUtf8 } from 'node:buffer'
import { CR, LF } from './dialect.js'

/**
 * Counts lines chunk by chunk at the speed of memory, as long as the text is simple: no quotes, no NUL, valid UTF-8, and
 * one kind of line end, LF or CRLF.
 */
export class LineCounter {
  blankLines = 0
  /** Bytes of the longest line. */
  longest = 0
  private lineEnds = 0
  private carriageReturns = 0
  private pairs = 0
  private length = 0
  private lastByte = LF
  /** The start of a character whose end is in the next chunk. */
  private carry = Buffer.alloc(0)

  constructor(private readonly quoteByte: number) {}

  /** False: this text is not simple, and the counts mean nothing. */
  add(chunk: Buffer): boolean {
    if (chunk.includes(this.quoteByte) || chunk.includes(0) || !this.continuesUtf8(chunk)) return false
    for (let i = chunk.indexOf(CR); i !== -1; i = chunk.indexOf(CR, i + 1)) this.carriageReturns += 1
    let start = -this.length
    for (let i = chunk.indexOf(LF); i !== -1; i = chunk.indexOf(LF, i + 1)) {
      const isPair = (i === 0 ? this.lastByte : chunk[i - 1]) === CR
      if (isPair) this.pairs += 1
      this.endLine(i - start - (isPair ? 1 : 0))
      this.lineEnds += 1
      start = i + 1
    }
    this.length = chunk.length - start
    this.lastByte = chunk.at(-1) ?? LF
    return true
  }

  /** Number of lines that are not blank; undefined when the text was not simple after all. */
  finish(): number | undefined {
    const isSimple = this.carry.length === 0 && this.pairs === this.carriageReturns
    if (!isSimple || (this.pairs > 0 && this.pairs !== this.lineEnds)) return undefined
    const lastLine = this.length > 0 ? 1 : 0
    if (lastLine === 1) this.longest = Math.max(this.longest, this.length)
    return this.lineEnds - this.blankLines + lastLine
  }

  private endLine(length: number): void {
    if (length === 0) this.blankLines += 1
    else if (length > this.longest) this.longest = length
  }

  private continuesUtf8(chunk: Buffer): boolean {
    let head = 0
    while (head < 3 && isContinuation(chunk[head])) head += 1
    let tail = chunk.length
    for (let back = 1; back <= 3 && back <= chunk.length - head; back++) {
      const byte = chunk[chunk.length - back] ?? 0
      if (isContinuation(byte)) continue
      if (characterLength(byte) > back) tail = chunk.length - back
      break
    }
    const seam = Buffer.concat([this.carry, chunk.subarray(0, head)])
    this.carry = Buffer.from(chunk.subarray(tail))
    return isUtf8(seam) && isUtf8(chunk.subarray(head, tail))
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

function characterLength(leadByte: number): number {
  if (leadByte >= 0xf0) return 4
  if (leadByte >= 0xe0) return 3
  return leadByte >= 0xc0 ? 2 : 1
}
