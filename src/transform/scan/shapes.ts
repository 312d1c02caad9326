import type { Dataset } from '../../config/dataset.js'

/** The form that all values of a column have; `other`: none of these, or of several. Values in quotes count like others. */
export interface ColumnShape {
  /** A timestamp has seconds and no offset, a date is YYYY-MM-DD, both exist in the calendar. */
  form: 'none' | 'number' | 'date' | 'timestamp' | 'boolean' | 'other'
  /** There are fields of no characters, without quotes. */
  hasEmpty: boolean
  /** Of numbers: the most digits before and after the decimal mark, and the most characters. */
  wholeDigits: number
  fractionDigits: number
  longest: number
  /** Some number has a zero before its other whole digits; some is -0; some has more than 15 characters and no decimal mark. */
  leadingZero: boolean
  minusZero: boolean
  longWhole: boolean
}

/** Numbers of 4 bytes in the record of a column. */
export const WORDS = 8
/** In the order of assembly/scanner.ts. */
const FORMS = ['none', 'number', 'date', 'timestamp', 'boolean', 'other'] as const

/** @param columns the records of assembly/scanner.ts, `WORDS` numbers each */
export function shapeAt(columns: Int32Array, index: number): ColumnShape {
  const [form = 5, hasEmpty = 0, wholeDigits = 0, fractionDigits = 0, longest = 0, flags = 0] =
    columns.subarray(index * WORDS)
  return {
    form: FORMS[form] ?? 'other',
    hasEmpty: hasEmpty === 1,
    wholeDigits,
    fractionDigits,
    longest,
    leadingZero: (flags & 1) !== 0,
    minusZero: (flags & 2) !== 0,
    longWhole: (flags & 4) !== 0,
  }
}

/**
 * True when DuckDB, told that a column is of this type, reads every value of it right: each has a form that its own reader and
 * the rules of `conversion` agree on, and none is out of range.
 * @param strict the type was inferred: the value must also give the text back, see `strictConversion`
 */
export function readsItself(
  shape: ColumnShape,
  type: string,
  format: Dataset['format'],
  strict: boolean,
): boolean {
  const { form, hasEmpty, wholeDigits, fractionDigits } = shape
  if (hasEmpty && format.nullValue !== '') return false
  if (form === 'number' && format.thousands !== undefined) return false
  switch (type) {
    case 'boolean':
      return form === 'boolean'
    case 'integer':
    case 'bigint':
      return (
        form === 'number' &&
        fractionDigits === 0 &&
        wholeDigits <= (type === 'integer' ? 9 : 18) &&
        !(strict && (shape.leadingZero || shape.minusZero))
      )
    case 'double':
      return form === 'number' && !(strict && !keepsDigits(shape))
    case 'date':
      return form === 'date'
    case 'timestamp':
      return form === 'timestamp'
    default: {
      const [, precision = '', scale = ''] = /^decimal\((\d+),\s?(\d+)\)$/.exec(type) ?? []
      return (
        form === 'number' &&
        fractionDigits <= Number(scale) &&
        wholeDigits <= Number(precision) - Number(scale) &&
        precision !== ''
      )
    }
  }
}

/** See `keepsDigits` of the conversions: a double keeps 15 digits of anything, 17 of what was written from a double. */
function keepsDigits({ leadingZero, longest, longWhole }: ColumnShape): boolean {
  return !leadingZero && (longest <= 15 || (longest <= 18 && !longWhole))
}
