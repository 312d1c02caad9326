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
}

/** @throws UsageError INVALID_DELIMITER, INVALID_QUOTE, INVALID_TIMEZONE */
export function dialectOf(format: Dataset['format']): Dialect {
  assertOneByte('INVALID_DELIMITER', 'delimiter', format.delimiter)
  assertOneByte('INVALID_QUOTE', 'quote', format.quote)
  if (format.delimiter === format.quote) {
    throw new UsageError('INVALID_QUOTE', 'format.quote and format.delimiter are the same character.')
  }
  assertTimezone(format.timezone)
  return {
    delimiter: format.delimiter,
    quote: format.quote,
    delimiterByte: format.delimiter.charCodeAt(0),
    quoteByte: format.quote.charCodeAt(0),
  }
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
 * other.
 */
export function splitFields(record: string, { delimiter, quote }: Dialect): Field[] {
  const fields: Field[] = []
  let position = 0
  for (;;) {
    if (record[position] === quote) {
      const end = closingQuote(record, position + 1, quote)
      fields.push({ text: record.slice(position + 1, end).replaceAll(quote + quote, quote), quoted: true })
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

function closingQuote(record: string, from: number, quote: string): number {
  let end = record.indexOf(quote, from)
  while (end !== -1 && record[end + 1] === quote) end = record.indexOf(quote, end + 2)
  return end === -1 ? record.length : end
}
