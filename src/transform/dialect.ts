import { UsageError } from '../errors.js'
import type { Dataset } from '../config/dataset.js'

export const LF = 10
export const CR = 13

/** How the bytes of a file divide into records and fields. */
export interface Dialect {
  delimiter: string
  quote: string
  delimiterByte: number
  quoteByte: number
  /** Inside quotes, before a quote or before itself: that one is text. The quote itself, unless configured otherwise. */
  escape: string
  escapeByte: number
  /** First byte of a line that is passed over; undefined: there are no such lines. */
  commentByte: number | undefined
  /** The first record names the columns. */
  hasHeader: boolean
}

/** @throws UsageError INVALID_DELIMITER, INVALID_QUOTE, INVALID_ESCAPE, INVALID_COMMENT, INVALID_TIMEZONE */
export function dialectOf(format: Dataset['format']): Dialect {
  const { quote, comment } = format
  const delimiter = format.type === 'tsv' ? '\t' : format.delimiter
  const escape = format.escape ?? quote
  assertOneByte('INVALID_DELIMITER', 'delimiter', delimiter)
  assertOneByte('INVALID_QUOTE', 'quote', quote)
  assertOneByte('INVALID_ESCAPE', 'escape', escape)
  if (comment !== undefined) assertOneByte('INVALID_COMMENT', 'comment', comment)
  assertDistinct('INVALID_QUOTE', 'quote', quote, { delimiter })
  assertDistinct('INVALID_ESCAPE', 'escape', escape, { delimiter })
  assertDistinct('INVALID_COMMENT', 'comment', comment, { delimiter, quote })
  assertTimezone(format.timezone)
  return {
    delimiter,
    quote,
    delimiterByte: delimiter.charCodeAt(0),
    quoteByte: quote.charCodeAt(0),
    escape,
    escapeByte: escape.charCodeAt(0),
    commentByte: comment?.charCodeAt(0),
    hasHeader: format.header,
  }
}

function assertDistinct(
  code: string,
  name: string,
  value: string | undefined,
  others: Record<string, string>,
): void {
  const same = Object.keys(others).find((other) => others[other] === value)
  if (same === undefined) return
  throw new UsageError(code, `format.${name} and format.${same} are the same character.`)
}

function assertOneByte(code: string, name: string, value: string): void {
  if (/^[\t\x20-\x7e]$/.test(value)) return
  throw new UsageError(code, `format.${name} must be one ASCII character, not ${JSON.stringify(value)}.`)
}

function assertTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone })
  } catch (error) {
    throw new UsageError(
      'INVALID_TIMEZONE',
      `format.timezone "${timezone}" is not an IANA time zone such as Europe/Stockholm.`,
      {
        cause: error,
      },
    )
  }
}

/** One field of a record: its text without quotes, and whether it was quoted. */
export interface Field {
  text: string
  quoted: boolean
}

/**
 * Splits one complete record into fields by the rules of RFC 4180; a quote inside an unquoted field is a character like any
 * other, and so is an escape that stands before anything but a quote or itself.
 */
export function splitFields(record: string, { delimiter, quote, escape }: Dialect): Field[] {
  const fields: Field[] = []
  let position = 0
  for (;;) {
    if (record[position] === quote) {
      const end = closingQuote(record, position + 1, quote, escape)
      fields.push({ text: unescaped(record.slice(position + 1, end), quote, escape), quoted: true })
      position = end + 1
    } else {
      const next = record.indexOf(delimiter, position)
      const end = next === -1 ? record.length : next
      fields.push({ text: record.slice(position, end), quoted: false })
      position = end
    }
    if (position >= record.length) return fields
    position += 1
  }
}

function closingQuote(record: string, from: number, quote: string, escape: string): number {
  for (let i = from; i < record.length; i++) {
    const next = record[i + 1]
    if (record[i] === escape && (next === quote || next === escape)) i += 1
    else if (record[i] === quote) return i
  }
  return record.length
}

function unescaped(text: string, quote: string, escape: string): string {
  if (!text.includes(escape)) return text
  let plain = ''
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1]
    if (text[i] === escape && (next === quote || next === escape)) i += 1
    plain += text[i] ?? ''
  }
  return plain
}
