import type { ColumnConfig } from './columns.js'

export type Value = string | number | boolean

const INTEGER = { integer: [-(2n ** 31n), 2n ** 31n - 1n], bigint: [-(2n ** 63n), 2n ** 63n - 1n] } as const
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const WHOLE = /^[+-]?\d+$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^(\d{4})-(\d\d)-(\d\d)([ T](\d\d):(\d\d)(:(\d\d)(\.\d{1,6})?)?)?$/
const OFFSET = /\s?(Z|[+-]\d\d(:?\d\d)?)$/

/** Types whose values have an order that a bound can be about. */
export function isOrdered(type: string): boolean {
  return type !== 'string' && type !== 'boolean'
}

/**
 * What a value that the configuration mentions must be to be one of a column, as the end of the sentence "… must be a date";
 * undefined: it is one.
 */
export function valueProblem(type: string, value: Value): string | undefined {
  const text = String(value)
  switch (type) {
    case 'string':
      return typeof value === 'boolean' ? 'text' : undefined
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'integer':
    case 'bigint':
      return isWhole(type, value) ? undefined : `a whole number of the type ${type}`
    case 'double':
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? undefined : 'a finite number'
    case 'date':
      return isDay(DATE.exec(text)) ? undefined : 'a date such as 2023-06-26'
    case 'timestamp':
      return isTime(text) ? undefined : 'a time such as 2023-06-26 21:05:00, without an offset'
    case 'timestamptz':
      return isTime(text.replace(OFFSET, ''))
        ? undefined
        : 'a time such as 2023-06-26T21:05:00Z, or one without an offset'
    default:
      return isDecimal(type, text) ? undefined : `a number that a ${type} holds exactly`
  }
}

/** Whether the smallest allowed value is above the largest one. */
export function isEmptyRange({ type, min, max }: Pick<ColumnConfig, 'type' | 'min' | 'max'>): boolean {
  if (min === undefined || max === undefined) return false
  if (type === 'integer' || type === 'bigint') return BigInt(whole(min)) > BigInt(whole(max))
  if (isTimeType(type))
    return OFFSET.test(String(min)) === OFFSET.test(String(max)) && instant(min) > instant(max)
  return Number(min) > Number(max)
}

function isTimeType(type: string): boolean {
  return type === 'date' || type.startsWith('timestamp')
}

function instant(value: string | number): number {
  const text = String(value).replace(' ', 'T')
  return Date.parse(text.length === 10 || OFFSET.test(text) ? text : `${text}Z`)
}

/** Digits that BigInt takes. */
function whole(value: Value): string {
  return String(value).replace(/^\+/, '')
}

function isWhole(type: keyof typeof INTEGER, value: Value): boolean {
  // A number that YAML rounded is not the one that was meant.
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return false
  if (!WHOLE.test(String(value))) return false
  const [least, most] = INTEGER[type]
  const number = BigInt(whole(value))
  return number >= least && number <= most
}

function isDecimal(type: string, text: string): boolean {
  const [, precision, scale] = /^decimal\((\d+),\s?(\d+)\)$/.exec(type) ?? []
  const [, before, after = ''] = /^[+-]?(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (before === undefined) return false
  const digits = before.replace(/^0+/, '').length
  return digits <= Number(precision) - Number(scale) && after.replace(/0+$/, '').length <= Number(scale)
}

function isTime(text: string): boolean {
  const parts = TIME.exec(text)
  if (!isDay(parts)) return false
  const [hours, minutes, seconds] = [parts?.[5], parts?.[6], parts?.[8]].map((part) => Number(part ?? 0))
  return (hours ?? 0) < 24 && (minutes ?? 0) < 60 && (seconds ?? 0) < 60
}

function isDay(parts: RegExpExecArray | null): boolean {
  if (parts === null) return false
  const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number]
  const date = new Date(Date.UTC(year, month - 1, day))
  date.setUTCFullYear(year)
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
