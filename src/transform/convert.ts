import { ANY_TEXT, type TextFacts } from './census.js'
import { noCast, trimmed, type Conversion, type Format } from './conversions/conversion.js'
import { decimal, double, integer, isCanonicalInteger, keepsDigits } from './conversions/numbers.js'
import {
  DATE,
  date,
  isPlainDate,
  isPlainTimestamp,
  timestamp,
  timestamptz,
  WITH_OFFSET,
  WITHOUT_OFFSET,
} from './conversions/times.js'
import { literal } from './sql.js'

export type { Conversion } from './conversions/conversion.js'
export { trimmed } from './conversions/conversion.js'

export interface ConversionOptions {
  /** What is known of the text: a guard against a character that occurs nowhere is left out. */
  facts?: TextFacts
  /** A double may be NaN, Infinity or -Infinity. */
  nan?: boolean
}

/**
 * The conversion for a column type. Spaces around a value are ignored, except in a string.
 * @throws UsageError INVALID_COLUMN_TYPE
 */
export function conversion(
  type: string,
  format: Format,
  { facts = ANY_TEXT, nan = false }: ConversionOptions = {},
): Conversion {
  switch (type) {
    case 'string':
      return { sqlType: 'VARCHAR', raw: noCast, value: (text) => text, what: 'a string' }
    case 'boolean':
      return {
        sqlType: 'BOOLEAN',
        raw: noCast,
        value: (text) => `CASE lower(${trimmed(text)}) WHEN 'true' THEN true WHEN 'false' THEN false END`,
        what: 'true or false',
      }
    case 'integer':
      return integer('INTEGER', 'a whole number from -2147483648 to 2147483647', format, facts)
    case 'bigint':
      return integer('BIGINT', 'a whole number of at most 64 bits', format, facts)
    case 'double':
      return double(format, nan, facts)
    case 'date':
      return date()
    case 'timestamp':
      return timestamp(format.timezone, facts)
    case 'timestamptz':
      return timestamptz(format.timezone)
    default:
      return decimal(type, format)
  }
}

/** Types that inference tries, the narrowest first. What fits none is a string. */
export const INFERRED_TYPES = ['boolean', 'bigint', 'double', 'date', 'timestamp', 'timestamptz'] as const

/**
 * The conversion for a type that nobody declared: only text that the value gives back without loss. So `007`, `+46701234567`
 * and `12E4` stay text, a number has no more digits than a double keeps, and a time without an offset is no instant.
 */
export function strictConversion(type: string, format: Format, options: ConversionOptions = {}): Conversion {
  const declared = conversion(type, format, options)
  const guarded = (guard: (text: string, raw: string) => string, value = declared.value): Conversion => ({
    ...declared,
    value: (text, raw) => `CASE WHEN ${guard(text, raw)} THEN ${value(text, raw)} END`,
  })
  switch (type) {
    case 'integer':
    case 'bigint':
      if (format.thousands !== undefined) return guarded((text) => isCanonicalInteger(text, format))
      return guarded(
        (text, raw) => `CAST(${raw} AS VARCHAR) = ${text}`,
        (_, raw) => raw,
      )
    case 'double':
      return guarded((text) => keepsDigits(text, format))
    case 'date':
      return guarded((text, raw) => `(${isPlainDate(text, raw)} OR regexp_full_match(${text}, '${DATE}'))`)
    case 'timestamp':
      return guarded(
        (text, raw) =>
          `(${isPlainTimestamp(text, raw, options.facts)} OR regexp_full_match(${text}, '${WITHOUT_OFFSET}'))`,
        (_, raw) => raw,
      )
    case 'timestamptz':
      return guarded((text) => `regexp_full_match(${text}, '${WITH_OFFSET}')`)
    case 'boolean':
      return guarded((text) => `${trimmed(text)} = ${text}`)
    default:
      return declared
  }
}

/** SQL: the field is null, that is, it has the null text. In a column that is no string, quotes around it do not matter. */
export function isNull(text: string, type: string, format: Format): string {
  if (type === 'string') return `${text} IS NULL`
  return `${text} IS NULL OR ${trimmed(text)} = ${literal(format.nullValue.trim())}`
}
