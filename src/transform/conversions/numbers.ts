import { UsageError } from '../../errors.js'
import { ANY_TEXT, type TextFacts } from '../census.js'
import { literal } from '../sql.js'
import { castTo, matches, noCast, trimmed, type Conversion, type Format } from './conversion.js'

const INTEGER = '[+-]?[0-9]+'
const NUMBER = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?'
const CANONICAL_NUMBER = '-?(0|[1-9][0-9]*)(\\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)?'
/** Without an exponent it takes more characters than this to leave the range of a double. */
const LONGEST_FINITE = 300
const NOT_FINITE = ['NaN', 'Infinity', '-Infinity']

/** Whole numbers, written as digits. */
export function integer(sqlType: string, what: string, format: Format, facts: TextFacts): Conversion {
  if (format.thousands !== undefined) {
    return {
      sqlType,
      raw: noCast,
      value: (text) => exactInteger(ungrouped(text, format), sqlType),
      what,
    }
  }
  if (facts.isSimple && !facts.mayHave('_+eExXbBoO\v\f')) {
    // What is left that a cast reads in its own way: a point, and "- ", a sign without digits, which it takes for 0.
    const point = facts.mayHave('.') ? (text: string) => `WHEN contains(${text}, '.') THEN NULL ` : () => ''
    const value = (text: string, raw: string) =>
      `CASE ${point(text)}WHEN ${raw} = 0 AND NOT contains(${text}, '0') THEN NULL ELSE ${raw} END`
    return { sqlType, raw: castTo(sqlType), value, what }
  }
  return {
    sqlType,
    raw: castTo(sqlType),
    // A cast that gives the same text back is right; only the rest needs the dearer look.
    value: (text, raw) =>
      `CASE WHEN CAST(${raw} AS VARCHAR) = ${text} THEN ${raw} ELSE ${exactInteger(text, sqlType)} END`,
    what,
  }
}

function exactInteger(text: string, sqlType: string): string {
  return `CASE WHEN ${matches(text, INTEGER)} THEN TRY_CAST(${trimmed(text)} AS ${sqlType}) END`
}

/** SQL: a whole number, with or without thousands marks, that has no sign or zero which a number would lose. */
export function isCanonicalInteger(text: string, format: Format): string {
  const thousands: string = format.thousands ?? ''
  return `regexp_full_match(${text}, ${literal(`0|-?[1-9]([0-9]*|[0-9]{0,2}([${thousands}][0-9]{3})+)`)})`
}

/** @param nan NaN, Infinity and -Infinity are values too, spelled exactly so */
export function double(format: Format, nan: boolean, facts: TextFacts = ANY_TEXT): Conversion {
  return {
    sqlType: 'DOUBLE',
    raw: (text) => `TRY_CAST(${withPoint(text, format)} AS DOUBLE)`,
    value: (text, raw) => {
      if (facts.longest < LONGEST_FINITE && !facts.mayHave('_+eEnN')) return raw
      const special = `CASE WHEN ${trimmed(text)} IN (${NOT_FINITE.map(literal).join(', ')}) THEN ${raw} END`
      // DuckDB reads 1e400 as infinity and 1e-400 as 0, takes 1_000, and +-5 as -5.
      const guards = [
        `WHEN NOT isfinite(${raw}) THEN ${nan ? special : 'NULL'}`,
        ...(facts.mayHave('_') ? [`WHEN contains(${text}, '_') THEN NULL`] : []),
        ...(facts.mayHave('+')
          ? [`WHEN contains(${text}, '+') AND NOT ${matches(withPoint(text, format), NUMBER)} THEN NULL`]
          : []),
        `WHEN ${raw} = 0 AND NOT regexp_full_match(${text}, '[^1-9eE]*([eE].*)?') THEN NULL`,
      ]
      return `CASE ${guards.join(' ')} ELSE ${raw} END`
    },
    what: nan ? 'a number, NaN, Infinity or -Infinity' : 'a finite number',
  }
}

/** SQL: a double keeps 15 digits of anything, 17 of what was written from a double, and whole numbers up to 2^53. */
export function keepsDigits(field: string, format: Format): string {
  const text = withPoint(field, format)
  const digits = `ltrim(regexp_replace(${text}, '[eE].*|[.-]', '', 'g'), '0')`
  const isWhole = `TRY_CAST(${text} AS BIGINT) BETWEEN -${2 ** 53} AND ${2 ** 53} AND ltrim(${text}, '-') = ${digits}`
  return (
    `regexp_full_match(${text}, '${CANONICAL_NUMBER}') AND (strlen(${text}) <= 15` +
    ` OR (strlen(${text}) <= 18 OR strlen(${digits}) <= 17) AND (contains(${text}, '.') OR strlen(${digits}) <= 15)` +
    ` OR coalesce(${isWhole}, false))`
  )
}

/** @throws UsageError INVALID_COLUMN_TYPE */
export function decimal(type: string, format: Format): Conversion {
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

/** SQL: the text of a number with a point as its decimal mark and no other mark; NULL when it has marks out of place. */
function withPoint(text: string, format: Format): string {
  const { decimal: mark, thousands } = format
  const plain = thousands === undefined ? text : ungrouped(text, format)
  if (mark === '.') return plain
  // A point can only have been a thousands mark.
  const isPlain = thousands === '.' ? 'true' : `NOT contains(${text}, '.')`
  return `CASE WHEN ${isPlain} THEN replace(${plain}, ${literal(mark)}, '.') END`
}

/** SQL: the text without its thousands marks; NULL when the groups that they make are not of three digits. */
function ungrouped(text: string, format: Format): string {
  const mark = format.decimal
  const thousands: string = format.thousands ?? ''
  const [group, rest] = [`[${thousands}]`, `([${mark}][0-9]*)?([eE][+-]?[0-9]+)?`]
  const grouped = matches(text, `[+-]?[1-9][0-9]{0,2}(${group}[0-9]{3})+${rest}`)
  return (
    `CASE WHEN NOT contains(${trimmed(text)}, ${literal(thousands)}) THEN ${text}` +
    ` WHEN ${grouped} THEN replace(${text}, ${literal(thousands)}, '') END`
  )
}
