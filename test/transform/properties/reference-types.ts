import { timeOf } from './reference-times.js'
import { trimmed, valueOf, type Reading } from './reference-values.js'

/** What fits nothing else is a string; the first of these that all values fit is the type. */
const TESTS: [type: string, fits: (text: string, reading: Reading) => boolean][] = [
  ['boolean', (text) => /^(true|false)$/i.test(text)],
  ['bigint', (text, reading) => hasNoLoss(text, reading) && valueOf('bigint', text, reading) !== undefined],
  ['double', keepsDigits],
  ['date', (text) => /^\d{4}([-/])\d{1,2}\1\d{1,2}$/.test(text) && timeOf(text) !== undefined],
  ['timestamp', (text) => !hasEdge(text) && timeOf(text)?.offset === undefined && timeOf(text) !== undefined],
  ['timestamptz', (text) => !hasEdge(text) && timeOf(text)?.offset !== undefined],
]

/** The narrowest type that gives back every text of a column; one without a value is a string. */
export function typeOf(texts: readonly string[], reading: Reading): string {
  const values = texts.filter((text) => trimmed(text) !== '')
  if (values.length === 0) return 'string'
  return TESTS.find(([, fits]) => values.every((text) => fits(text, reading)))?.[0] ?? 'string'
}

/** A whole number without a sign or a zero that nobody needs, in one piece or in groups. */
function hasNoLoss(text: string, { thousands }: Reading): boolean {
  const grouped = thousands === undefined ? '' : `|-?[1-9]\\d{0,2}([${thousands}]\\d{3})+`
  return new RegExp(`^(0|-?[1-9]\\d*${grouped})$`).test(text)
}

/** What a double gives back, digit by digit, when it is written again. */
function keepsDigits(text: string, reading: Reading): boolean {
  const { decimal, thousands } = reading
  const value = valueOf('double', text, reading)
  if (typeof value !== 'number') return false
  const plain = (thousands === undefined ? text : text.replaceAll(thousands, '')).replace(decimal, '.')
  const isPlain = /^-?(0|[1-9]\d*)(\.\d+(e[+-]?\d+)?|e[+-]\d+)?$/i.test(plain)
  // A whole number that long is written from a double only by accident.
  const isLongWhole = /^-?\d{16,}$/.test(plain) && Math.abs(value) > 2 ** 53
  return isPlain && !isLongWhole && significant(plain) === significant(String(value))
}

/** The digits of a number and where its point is: the same for `1.50`, `15e-1` and `1.5`. */
function significant(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/0+$/, '')
  const trailing = whole.length + fraction.length - digits.length
  const kept = digits.replace(/^0+/, '')
  return kept === '' ? '0' : `${kept}e${Number(exponent) - fraction.length + trailing}`
}

function hasEdge(text: string): boolean {
  return trimmed(text) !== text
}
