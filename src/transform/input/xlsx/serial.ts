import type { NumberStyle } from './styles.js'

const DAY = 86_400_000
const HOUR = 3_600_000
/** 9999-12-31, the last day that Excel knows. */
const LAST = 2_958_466

/**
 * The text of a number that is shown as a date or a time, to the millisecond (a double holds no more): `2023-06-26`,
 * `2023-06-26 21:05:00.474`, a time of day `21:05:00`, or a duration `36:30:00`. Undefined where it is none of them.
 * @param is1904 the workbook counts days from 1904-01-01 instead of 1900
 */
export function serialText(serial: number, style: NumberStyle, is1904: boolean): string | undefined {
  if (style === 'number' || serial < 0 || serial >= LAST) return undefined
  const millis = Math.round(serial * DAY)
  if (style === 'duration') return clock(millis)
  if (style === 'time' && millis < DAY) return clock(millis)
  const day = Math.floor(millis / DAY)
  const rest = millis % DAY
  const date = dayText(day, is1904)
  return style === 'date' && rest === 0 ? date : `${date} ${clock(rest)}`
}

function dayText(day: number, is1904: boolean): string {
  // Excel took over from Lotus that 1900 was a leap year: day 60 does not exist, and the days before it are one off.
  if (!is1904 && day === 60) return '1900-02-29'
  const epoch = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, day < 60 ? 31 : 30)
  return new Date(epoch + day * DAY).toISOString().slice(0, 10)
}

function clock(millis: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const hours = Math.floor(millis / HOUR)
  const text = `${two(hours)}:${two(Math.floor(millis / 60_000) % 60)}:${two(Math.floor(millis / 1000) % 60)}`
  const fraction = millis % 1000
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(3, '0')}`
}
