import type { Dataset } from '../config/dataset.js'
import { UsageError } from '../errors.js'
import { literal } from './sql.js'

type Format = Dataset['format']

/**
 * Turns the text of a field into a value: SQL over a VARCHAR column. DuckDB's own casts are too kind (3.7 becomes the
 * integer 4, `1_000` a number, `+02:00` is dropped from a timestamp, a zone name in one value leaks into the next rows), so
 * a cast counts only where the text has a form that it reads right.
 */
export interface Conversion {
  /** DuckDB type of the result. */
  sqlType: string
  /** SQL: DuckDB's own reading of the text, right or wrong, computed once; 'NULL' where it is no use. */
  raw: (text: string) => string
  /** SQL: the value, or NULL when the text does not fit. */
  value: (text: string, raw: string) => string
  /** Ends the sentence `"abc" is not …`. */
  what: string
}

const INTEGER = '[+-]?[0-9]+'
const NUMBER = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?'
const DATE = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}'
/** More than six digits of a second only when the rest are zeros: microseconds is what a column holds. */
const CLOCK = '[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?'
const OFFSET = '[Zz]|[+-][0-9]{2}(:?[0-9]{2})?'
const MIDNIGHT = '[ T]0?0:00(:00(\\.0+)?)?'

/**
 * The conversion for a column type. Spaces around a value are ignored, except in a string.
 * @throws UsageError INVALID_COLUMN_TYPE
 */
export function conversion(type: string, format: Format): Conversion {
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
      return integer('INTEGER', 'a whole number from -2147483648 to 2147483647')
    case 'bigint':
      return integer('BIGINT', 'a whole number of at most 64 bits')
    case 'double':
      return {
        sqlType: 'DOUBLE',
        raw: (text) => `TRY_CAST(${withPoint(text, format)} AS DOUBLE)`,
        value: (text, raw) => double(withPoint(text, format), raw),
        what: 'a finite number',
      }
    case 'date':
      return { sqlType: 'DATE', raw: castTo('DATE'), value: date, what: 'a date such as 2023-06-26' }
    case 'timestamp':
      return {
        sqlType: 'TIMESTAMP',
        raw: castTo('TIMESTAMP'),
        value: (text, raw) => timestamp(text, raw, format.timezone),
        what: `a time such as 2023-06-26 21:05:00.474245`,
      }
    case 'timestamptz':
      return {
        sqlType: 'TIMESTAMPTZ',
        raw: noCast,
        value: (text) => timestamptz(text, format.timezone),
        what: `a time such as 2023-06-26T21:05:00Z, or one without an offset that exists in ${format.timezone}`,
      }
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
export function strictConversion(type: string, format: Format): Conversion {
  const declared = conversion(type, format)
  const guarded = (guard: (text: string, raw: string) => string, value = declared.value): Conversion => ({
    ...declared,
    value: (text, raw) => `CASE WHEN ${guard(text, raw)} THEN ${value(text, raw)} END`,
  })
  switch (type) {
    case 'integer':
    case 'bigint':
      return guarded(
        (text, raw) => `CAST(${raw} AS VARCHAR) = ${text}`,
        (_, raw) => raw,
      )
    case 'double':
      return guarded((text) => keepsDigits(withPoint(text, format)))
    case 'date':
      return guarded((text, raw) => `(${isPlainDate(text, raw)} OR regexp_full_match(${text}, '${DATE}'))`)
    case 'timestamp':
      return guarded(
        (text, raw) => `(${isPlainTimestamp(text, raw)} OR regexp_full_match(${text}, '${WITHOUT_OFFSET}'))`,
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

const CANONICAL_NUMBER = '-?(0|[1-9][0-9]*)(\\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)?'

/** A double keeps 15 digits of anything, and 17 of what was written from a double. */
function keepsDigits(text: string): string {
  const digits = `ltrim(regexp_replace(${text}, '[eE].*|[.-]', '', 'g'), '0')`
  return (
    `regexp_full_match(${text}, '${CANONICAL_NUMBER}') AND (strlen(${text}) <= 15` +
    ` OR (strlen(${text}) <= 18 OR strlen(${digits}) <= 17) AND (contains(${text}, '.') OR strlen(${digits}) <= 15))`
  )
}

/** SQL: the field is null, that is, it has the null text. In a column that is no string, quotes around it do not matter. */
export function isNull(text: string, type: string, format: Format): string {
  if (type === 'string') return `${text} IS NULL`
  return `${text} IS NULL OR ${trimmed(text)} = ${literal(format.nullValue.trim())}`
}

export function trimmed(text: string): string {
  return `trim(${text}, ' \t')`
}

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${literal(`[ \t]*(${pattern})[ \t]*`)})`
}

function noCast(): string {
  return 'NULL'
}

function castTo(sqlType: string): (text: string) => string {
  return (text) => `TRY_CAST(${text} AS ${sqlType})`
}

function integer(sqlType: string, what: string): Conversion {
  return {
    sqlType,
    raw: castTo(sqlType),
    // A cast that gives the same text back is right; only the rest needs the dearer look.
    value: (text, raw) =>
      `CASE WHEN CAST(${raw} AS VARCHAR) = ${text} THEN ${raw}` +
      ` WHEN ${matches(text, INTEGER)} THEN TRY_CAST(${trimmed(text)} AS ${sqlType}) END`,
    what,
  }
}

function withPoint(text: string, { decimal: mark }: Format): string {
  if (mark === '.') return text
  return `CASE WHEN NOT contains(${text}, '.') THEN replace(${text}, ${literal(mark)}, '.') END`
}

function double(text: string, raw: string): string {
  return (
    // DuckDB reads 1e400 as infinity and 1e-400 as 0, takes 1_000, and +-5 as -5.
    `CASE WHEN NOT isfinite(${raw}) OR contains(${text}, '_') THEN NULL` +
    ` WHEN contains(${text}, '+') AND NOT ${matches(text, NUMBER)} THEN NULL` +
    ` WHEN ${raw} = 0 AND NOT regexp_full_match(${text}, '[^1-9eE]*([eE].*)?') THEN NULL ELSE ${raw} END`
  )
}

function decimal(type: string, format: Format): Conversion {
  const [, precisionText, scaleText] = /^decimal\((\d{1,2}),\s?(\d{1,2})\)$/.exec(type) ?? []
  const [precision, scale] = [Number(precisionText), Number(scaleText)]
  if (!(precision >= 1 && precision <= 38 && scale <= precision)) {
    throw new UsageError(
      'INVALID_COLUMN_TYPE',
      `"${type}" is not a column type: a decimal has 1 to 38 digits, as in decimal(10,2).`,
    )
  }
  const sqlType = `DECIMAL(${precision},${scale})`
  // More digits than the scale only when they are zeros: a decimal is never rounded.
  const withoutWhole = scale === 0 ? '' : `|\\.[0-9]{1,${scale}}0*`
  const pattern = `[+-]?([0-9]+(\\.[0-9]{0,${scale}}0*)?${withoutWhole})`
  return {
    sqlType,
    raw: noCast,
    value: (text) => {
      const point = withPoint(text, format)
      return `CASE WHEN ${matches(point, pattern)} THEN TRY_CAST(${trimmed(point)} AS ${sqlType}) END`
    },
    what: `a number with at most ${precision - scale} digits before and ${scale} after the decimal mark`,
  }
}

function isPlainDate(text: string, raw: string): string {
  return `strlen(${text}) = 10 AND CAST(${raw} AS VARCHAR) = ${text}`
}

function date(text: string, raw: string): string {
  return (
    `CASE WHEN ${isPlainDate(text, raw)} THEN ${raw}` +
    ` WHEN ${matches(text, `(${DATE})(${MIDNIGHT})?`)}` +
    ` THEN TRY_CAST(split_part(replace(${trimmed(text)}, 'T', ' '), ' ', 1) AS DATE) END`
  )
}

/** The usual form, told from all that DuckDB would also take by tests that cost little. */
function isPlainTimestamp(text: string, raw: string): string {
  return (
    `strlen(${text}) <= 26 AND ${text} LIKE '____-__-__ __:__:__%' AND NOT (${text} LIKE '%:%-%')` +
    ` AND NOT contains(${text}, '+') AND NOT suffix(${text}, 'Z') AND NOT suffix(${text}, 'C')` +
    ` AND ${raw} BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'`
  )
}

const WITHOUT_OFFSET = `(${DATE})([ T]${CLOCK})?`
const WITH_OFFSET = `(${DATE})[ T]${CLOCK} ?(${OFFSET})`

/**
 * Wall-clock time. A value with an offset becomes the wall-clock time of the configured zone, unless that would lose which
 * instant it was (the hour that comes twice in autumn).
 */
function timestamp(text: string, raw: string, timezone: string): string {
  const instant = `TRY_CAST(${instantText(text)} AS TIMESTAMPTZ)`
  const zone = literal(timezone)
  const local = `timezone(${zone}, ${instant})`
  return (
    `CASE WHEN ${isPlainTimestamp(text, raw)} THEN ${raw}` +
    ` WHEN ${matches(text, WITHOUT_OFFSET)} THEN TRY_CAST(${trimmed(text)} AS TIMESTAMP)` +
    ` WHEN ${matches(text, WITH_OFFSET)} THEN CASE WHEN timezone(${zone}, ${local}) = ${instant} THEN ${local} END END`
  )
}

/**
 * An instant. A value without an offset is read in the configured zone: a time that the zone skips (spring) does not fit; of
 * a time that it has twice (autumn) the second one is meant.
 */
function timestamptz(text: string, timezone: string): string {
  const local = `TRY_CAST(${trimmed(text)} AS TIMESTAMP)`
  const zone = literal(timezone)
  const instant = `timezone(${zone}, ${local})`
  return (
    `CASE WHEN ${matches(text, WITH_OFFSET)} THEN TRY_CAST(${instantText(text)} AS TIMESTAMPTZ)` +
    ` WHEN ${matches(text, WITHOUT_OFFSET)} THEN CASE WHEN timezone(${zone}, ${instant}) = ${local} THEN ${instant} END END`
  )
}

/** DuckDB wants no space before an offset, and a capital Z. */
function instantText(text: string): string {
  return `regexp_replace(upper(${trimmed(text)}), ' ([Z+-])', '\\1')`
}
