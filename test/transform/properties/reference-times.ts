const DATE = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})/
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6})0*)?)?/
const OFFSET = /^ ?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)$/

const SECOND = 1_000_000n

export interface TimeText {
  /** Microseconds since 1970 of the clock, as if it were UTC. */
  clock: bigint
  /** Seconds east of UTC; undefined: none is written. */
  offset?: bigint
}

/** Days since 1970 of a day that exists, written as such, alone or at midnight. */
export function dayOf(text: string): number | undefined {
  const time = timeOf(text, /^[ T]0?0:00(?::00(?:\.0+)?)?$/)
  return time?.offset === undefined && time !== undefined
    ? Number(time.clock / (86_400n * SECOND))
    : undefined
}

/** @param tail what may follow the date; left out: a clock */
export function timeOf(text: string, tail?: RegExp): TimeText | undefined {
  const date = DATE.exec(text)
  if (!date) return undefined
  const [year, month, day] = [Number(date[1]), Number(date[3]), Number(date[4])]
  const midnight = new Date(Date.UTC(year, month - 1, day))
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined
  const start = BigInt(midnight.getTime()) * 1000n
  const rest = text.slice(date[0].length)
  if (rest === '') return { clock: start }
  if (tail) return tail.test(rest) ? { clock: start } : undefined
  if (!/^[ T]/.test(rest)) return undefined
  const clock = CLOCK.exec(rest.slice(1))
  if (!clock) return undefined
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const micros = BigInt((clock[4] ?? '').padEnd(6, '0'))
  const time = start + BigInt(hour * 3600 + minute * 60 + second) * SECOND + micros
  const after = rest.slice(1 + clock[0].length)
  if (after === '') return { clock: time }
  const offset = OFFSET.exec(after)
  if (!offset) return undefined
  const seconds = BigInt(Number(offset[3] ?? 0) * 3600 + Number(offset[4] ?? 0) * 60)
  return { clock: time, offset: offset[2] === '-' ? -seconds : seconds }
}

/** An instant: by its offset; without one by the zone, the later one of two, none for a time that the zone skips. */
export function instantOf({ clock, offset }: TimeText, zone: string): bigint | undefined {
  if (offset !== undefined) return clock - offset * SECOND
  return instantsOf(clock, zone).at(-1)
}

/** A wall clock of the zone; none where it would not lead back to the instant. */
export function wallClockOf({ clock, offset }: TimeText, zone: string): bigint | undefined {
  if (offset === undefined) return clock
  const instant = clock - offset * SECOND
  const wall = instant + offsetAt(instant, zone)
  return instantsOf(wall, zone).at(-1) === instant ? wall : undefined
}

/** The instants at which clocks of a zone show a time, the earlier one first. */
function instantsOf(clock: bigint, zone: string): bigint[] {
  const offsets = new Set([-86_400n, 86_400n].map((seconds) => offsetAt(clock + seconds * SECOND, zone)))
  return [...offsets]
    .map((offset) => clock - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === clock)
    .sort((a, b) => (a < b ? -1 : 1))
}

const FORMATS = new Map<string, Intl.DateTimeFormat>()

/** Microseconds that a zone is east of UTC. */
function offsetAt(instant: bigint, zone: string): bigint {
  let format = FORMATS.get(zone)
  if (!format) {
    const numeric = 'numeric'
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    })
    FORMATS.set(zone, format)
  }
  const seconds = instant >= 0n ? instant / SECOND : -((-instant + SECOND - 1n) / SECOND)
  const shown = new Map(
    format.formatToParts(Number(seconds) * 1000).map(({ type, value }) => [type, Number(value)]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? NaN
  const clock = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return BigInt(clock) * 1000n - seconds * SECOND
}
