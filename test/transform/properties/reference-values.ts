import { dayOf, instantOf, timeOf, wallClockOf } from './reference-times.js'

/** How texts read, as `format` of a dataset says it. */
export interface Reading {
  decimal: '.' | ','
  thousands?: '.' | ',' | ' ' | "'"
  timezone: string
}

/** A value as the Parquet reader of the tests gives it. */
export type Value = string | number | bigint | boolean

const RANGES = { integer: [-(2n ** 31n), 2n ** 31n - 1n], bigint: [-(2n ** 63n), 2n ** 63n - 1n] } as const
const INTEGER = /^[+-]?\d+$/
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** The value that a text has as a declared type; undefined: none. */
export function valueOf(type: string, text: string, reading: Reading): Value | undefined {
  if (type === 'string') return text
  const plain = trimmed(text)
  switch (type) {
    case 'boolean':
      return /^(true|false)$/i.test(plain) ? plain.toLowerCase() === 'true' : undefined
    case 'integer':
    case 'bigint':
      return integerOf(ungrouped(plain, reading), type)
    case 'double':
      return doubleOf(withPoint(plain, reading))
    case 'date':
      return dayOf(plain)
    case 'timestamp': {
      const time = timeOf(plain)
      return time && wallClockOf(time, reading.timezone)
    }
    case 'timestamptz': {
      const time = timeOf(plain)
      return time && instantOf(time, reading.timezone)
    }
    default:
      return decimalOf(type, withPoint(plain, reading))
  }
}

export function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function integerOf(text: string | undefined, type: 'integer' | 'bigint'): number | bigint | undefined {
  if (text === undefined || !INTEGER.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  const [least, most] = RANGES[type]
  if (value < least || value > most) return undefined
  return type === 'integer' ? Number(value) : value
}

function doubleOf(text: string | undefined): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined
  const value = Number(text)
  const isLost = value === 0 && /[1-9]/.test(text.replace(/e.*/i, ''))
  return Number.isFinite(value) && !isLost ? value : undefined
}

function decimalOf(type: string, text: string | undefined): number | undefined {
  const [precision = 0, scale = 0] = [...type.matchAll(/\d+/g)].map(Number)
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text ?? '') ?? []
  // A column without decimals takes no ".0" without a digit before the point.
  if (whole === '' && (fraction === '' || scale === 0)) return undefined
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > scale || whole.replace(/^0+/, '').length > precision - scale) return undefined
  return Number(`${sign}${whole || '0'}.${kept || '0'}`)
}

/** A number with a point as its decimal mark and no other mark; undefined: its marks are out of place. */
function withPoint(text: string, reading: Reading): string | undefined {
  const plain = ungrouped(text, reading)
  if (plain === undefined || reading.decimal === '.') return plain
  if (reading.thousands !== '.' && text.includes('.')) return undefined
  return plain.replaceAll(',', '.')
}

function ungrouped(text: string, { decimal, thousands }: Reading): string | undefined {
  if (thousands === undefined || !text.includes(thousands)) return text
  const groups = new RegExp(
    `^[+-]?[1-9]\\d{0,2}([${thousands}]\\d{3})+([${decimal}]\\d*)?(e[+-]?\\d+)?$`,
    'i',
  )
  return groups.test(text) ? text.replaceAll(thousands, '') : undefined
}
