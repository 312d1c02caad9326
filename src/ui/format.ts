import { UNKNOWN } from '../engine/change.js'

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1.2 MB`: decimal units, as AWS bills them; three figures at most. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would round to 1000.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ''}`
}

/** `340 ms`, `4.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
}

/** Whole seconds, as waiting lines count them: `20s`, `3m05s`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`
}

/** `1,234,567`, the same on every machine. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US')
}

/** `1 file`, `2 files`, `1,000 files`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : many}`
}

/** US dollars, `$1.00`; amounts below a cent but not zero are `< $0.01`. */
export function formatUsd(amount: number): string {
  if (amount > 0 && amount < 0.005) return '< $0.01'
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

/** `AWS::EC2::NatGateway` -> `nat gateway`; `AWS::KMS::Key` -> `key`. */
export function typeWords(resourceType: string): string {
  const name = resourceType.split('::').at(-1) ?? resourceType
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(' ')
    .map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ')
}

/** Any value in one line, as JSON; what is longer than `limit` loses its end. */
export function formatValue(value: unknown, limit = 80): string {
  if (value === null || value === undefined) return '(none)'
  if (value === UNKNOWN) return UNKNOWN
  const text = JSON.stringify(value)
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
