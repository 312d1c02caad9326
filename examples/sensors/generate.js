// Writes a sensor file for trying datapipe: interval rows as a measuring station exports them.
//
//   node examples/sensors/generate.js --rows 100000 --bad 25 --out /tmp/sensors [--seed 1] [--date 20230703]
//
// The same arguments always write the same bytes. Of the rows, `--bad` are broken, spread evenly, in eight different ways.
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'

const HEADER = 'start_time,end_time,measurement,samples\n'
const FIRST_ROW = '2023-06-26 21:05:00.474245,2023-06-26 21:05:39.474245,10.855276688682668,10\n'
const FIRST_END_MICROSECONDS = Date.UTC(2023, 5, 26, 21, 5, 39) * 1000 + 474_245
const LONGEST_INTERVAL_MICROSECONDS = 100_000_000
const ZERO_LENGTH_SHARE = 0.01
const FLUSH_CHARACTERS = 1 << 20
const lastDay = { number: NaN, text: '' }

const { rows, bad, out, seed, date } = readArguments()
await mkdir(out, { recursive: true })
const file = join(out, `${date}_measurement_data.csv`)
const stream = createWriteStream(file)
let buffer = ''
for (const row of sensorRows()) {
  buffer += row
  if (buffer.length < FLUSH_CHARACTERS) continue
  if (!stream.write(buffer)) await new Promise((resolve) => stream.once('drain', resolve))
  buffer = ''
}
stream.end(buffer)
await finished(stream)
process.stdout.write(`${file}\n`)

function* sensorRows() {
  yield HEADER
  if (rows > 0) yield FIRST_ROW
  const random = mulberry32(seed)
  const badEvery = bad > 0 ? (rows - 1) / bad : Infinity
  let broken = 0
  let end = FIRST_END_MICROSECONDS
  let value = 10.855276688682668
  for (let row = 1; row < rows; row++) {
    const start = end
    if (random() >= ZERO_LENGTH_SHARE) end += 1 + Math.floor(random() * LONGEST_INTERVAL_MICROSECONDS)
    // A random walk that is pulled back to 20 stays about where outdoor temperatures are.
    value = Math.min(50, Math.max(-10, value + (random() - 0.5) * 0.8 + (20 - value) * 0.0005))
    const samples = 5 + Math.floor(random() * 11)
    const isBad = broken < bad && row >= Math.floor((broken + 0.5) * badEvery) + 1
    yield isBad ? badRow(broken++, start, end, value, samples) : goodRow(start, end, value, samples)
  }
}

function goodRow(start, end, value, samples) {
  return `${timestamp(start)},${timestamp(end)},${value},${samples}\n`
}

function badRow(kind, start, end, value, samples) {
  const [from, to] = [timestamp(start), timestamp(end)]
  switch (kind % 8) {
    case 0:
      return `${from},${to},sensor error,${samples}\n`
    case 1:
      return `${from},${to},${value},0\n`
    case 2:
      return `${to},${timestamp(start - 1)},${value},${samples}\n`
    case 3:
      return `${from},${to},${value}\n`
    case 4:
      return `${from},${to},${value},${samples},${samples}\n`
    case 5:
      return `2023-13-45 00:00:00.000000,${to},${value},${samples}\n`
    case 6:
      return `,${to},${value},${samples}\n`
    default:
      return `${from},${to},${value},${samples}.7\n`
  }
}

/** `YYYY-MM-DD HH:MM:SS.ffffff` of microseconds since 1970. */
function timestamp(microseconds) {
  const day = Math.floor(microseconds / 86_400_000_000)
  if (day !== lastDay.number) {
    lastDay.number = day
    lastDay.text = new Date(day * 86_400_000).toISOString().slice(0, 10)
  }
  const rest = microseconds - day * 86_400_000_000
  const seconds = Math.floor(rest / 1_000_000)
  const two = (n) => (n < 10 ? `0${n}` : `${n}`)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${lastDay.text} ${clock}.${String(rest % 1_000_000).padStart(6, '0')}`
}

/** A small seeded generator of numbers in [0, 1): the same seed gives the same file. */
function mulberry32(state) {
  let a = state >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '100000' },
      bad: { type: 'string', default: '0' },
      out: { type: 'string', default: '.' },
      seed: { type: 'string', default: '1' },
      date: { type: 'string', default: '20230703' },
    },
  })
  const whole = (name) => {
    const number = Number(values[name])
    if (Number.isSafeInteger(number) && number >= 0) return number
    process.stderr.write(`--${name} must be a whole number, not ${JSON.stringify(values[name])}\n`)
    process.exit(2)
  }
  const result = {
    rows: whole('rows'),
    bad: whole('bad'),
    seed: whole('seed'),
    out: values.out,
    date: values.date,
  }
  if (result.bad >= result.rows && result.bad > 0) {
    process.stderr.write('--bad must be less than --rows: the first row is always good\n')
    process.exit(2)
  }
  return result
}
