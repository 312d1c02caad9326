import { ANY_TEXT, type TextFacts } from '../census.js'
import { literal } from '../sql.js'
import { castTo, matches, noCast, trimmed, type Conversion } from './conversion.js'

export const DATE = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}'
/** More than six digits of a second only when the rest are zeros: microseconds is what a column holds. */
const CLOCK = '[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?'
const OFFSET = '[Zz]|[+-][0-9]{2}(:?[0-9]{2})?'
const MIDNIGHT = '[ T]0?0:00(:00(\\.0+)?)?'
export const WITHOUT_OFFSET = `(${DATE})([ T]${CLOCK})?`
export const WITH_OFFSET = `(${DATE})[ T]${CLOCK} ?(${OFFSET})`

/** Whole days. */
export function date(): Conversion {
  return {
    sqlType: 'DATE',
    raw: castTo('DATE'),
    value: (text, raw) =>
      `CASE WHEN ${isPlainDate(text, raw)} THEN ${raw}` +
      ` WHEN ${matches(text, `(${DATE})(${MIDNIGHT})?`)}` +
      ` THEN TRY_CAST(split_part(replace(${trimmed(text)}, 'T', ' '), ' ', 1) AS DATE) END`,
    what: 'a date such as 2023-06-26',
  }
}

export function isPlainDate(text: string, raw: string): string {
  return `strlen(${text}) = 10 AND CAST(${raw} AS VARCHAR) = ${text}`
}

/** The usual form, told from all that DuckDB would also take by tests that cost little. */
export function isPlainTimestamp(text: string, raw: string, facts: TextFacts = ANY_TEXT): string {
  const offsets = [
    ...(facts.mayHave('+') ? [`NOT contains(${text}, '+')`] : []),
    ...['Z', 'C'].flatMap((end) => (facts.mayHave(end) ? [`NOT suffix(${text}, '${end}')`] : [])),
  ]
  return [
    `strlen(${text}) <= 26`,
    `${text} LIKE '____-__-__ __:__:__%'`,
    `NOT (${text} LIKE '%:%-%')`,
    ...offsets,
    `${raw} BETWEEN TIMESTAMP '1000-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'`,
  ].join(' AND ')
}

/**
 * Wall-clock time. A value with an offset becomes the wall-clock time of the configured zone, unless that would lose which
 * instant it was (the hour that comes twice in autumn).
 */
export function timestamp(timezone: string, facts: TextFacts): Conversion {
  const zone = literal(timezone)
  return {
    sqlType: 'TIMESTAMP',
    raw: castTo('TIMESTAMP'),
    value: (text, raw) => {
      const instant = instantOf(text)
      const local = `timezone(${zone}, ${instant})`
      return (
        `CASE WHEN ${isPlainTimestamp(text, raw, facts)} THEN ${raw}` +
        ` WHEN ${matches(text, WITHOUT_OFFSET)} THEN TRY_CAST(${trimmed(text)} AS TIMESTAMP)` +
        ` WHEN ${matches(text, WITH_OFFSET)} THEN CASE WHEN timezone(${zone}, ${local}) = ${instant} THEN ${local} END END`
      )
    },
    what: `a time such as 2023-06-26 21:05:00.474245`,
  }
}

/**
 * An instant. A value without an offset is read in the configured zone: a time that the zone skips (spring) does not fit; of
 * a time that it has twice (autumn) the second one is meant.
 */
export function timestamptz(timezone: string): Conversion {
  const zone = literal(timezone)
  return {
    sqlType: 'TIMESTAMPTZ',
    raw: noCast,
    value: (text) => {
      const local = `TRY_CAST(${trimmed(text)} AS TIMESTAMP)`
      const instant = `timezone(${zone}, ${local})`
      return (
        `CASE WHEN ${matches(text, WITH_OFFSET)} THEN ${instantOf(text)}` +
        ` WHEN ${matches(text, WITHOUT_OFFSET)} THEN CASE WHEN timezone(${zone}, ${instant}) = ${local} THEN ${instant} END END`
      )
    },
    what: `a time such as 2023-06-26T21:05:00Z, or one without an offset that exists in ${timezone}`,
  }
}

/** SQL: DuckDB wants no space before an offset, a capital Z, and seconds. */
function instantOf(text: string): string {
  const plain = `regexp_replace(upper(${trimmed(text)}), ' ([Z+-])', '\\1')`
  const withSeconds = `regexp_replace(${plain}, '([ T][0-9]{1,2}:[0-9]{2})([Z+-])', '\\1:00\\2')`
  return `coalesce(TRY_CAST(${plain} AS TIMESTAMPTZ), TRY_CAST(${withSeconds} AS TIMESTAMPTZ))`
}
