import { expect } from 'chai'
import fc from 'fast-check'
import {
  failure,
  FIRST_ROW,
  micros,
  SENSOR,
  SENSOR_HEADER,
  timeText,
  transformText,
  Workplace,
} from './support/files.js'

interface Interval {
  start: bigint
  length: bigint
  value: number | null
  samples: number
}

const EVERY = { '1ms': 1_000n, '1s': 1_000_000n, '7s': 7_000_000n, '1m': 60_000_000n }

function interval(longest: number): fc.Arbitrary<Interval> {
  const base = micros('1970-01-01 00:00:00')
  return fc.record({
    // Also before 1970, where remainders are negative.
    start: fc.bigInt({ min: base - 90_000_000n, max: base + 90_000_000n }),
    length: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: BigInt(longest) })),
    value: fc.option(fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 8)),
    samples: fc.integer({ min: 1, max: 5 }),
  })
}

/** timeText for times before 1970 as well. */
function textOf(time: bigint): string {
  const fraction = ((time % 1_000_000n) + 1_000_000n) % 1_000_000n
  const second = new Date(Number((time - fraction) / 1000n)).toISOString().slice(0, 19).replace('T', ' ')
  return `${second}.${String(fraction).padStart(6, '0')}`
}

const csv = (rows: readonly Interval[]) =>
  SENSOR_HEADER +
  rows
    .map(
      ({ length, samples, start, value }) =>
        `${textOf(start)},${textOf(start + length)},${value ?? ''},${samples}\n`,
    )
    .join('')

const byTime = (a: { start: bigint; length: bigint }, b: { start: bigint; length: bigint }) =>
  a.start < b.start ? -1 : a.start > b.start ? 1 : a.length < b.length ? -1 : a.length > b.length ? 1 : 0

describe('interval data as points and on a grid', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const run = (text: string, timeseries: object, config: object = {}) =>
    transformText(place, text, { ...SENSOR, timeseries: { ...SENSOR.timeseries, ...timeseries }, ...config })

  it('makes points of the starts of sub-intervals', async () => {
    const { columns, rows, rowsOut } = await run(SENSOR_HEADER + FIRST_ROW, { output: 'points' })
    expect(columns.map(({ name }) => name)).to.deep.equal(['start_time', 'measurement'])
    expect(rowsOut).to.equal(10)
    expect(rows.map((row) => timeText(row.start_time).slice(14))).to.deep.equal(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) =>
        timeText(micros('2023-06-26 21:05:00.474245') + BigInt(i) * 3_900_000n).slice(14),
      ),
    )
  })

  it('divides points into partitions by the time of each', async () => {
    const text = `${SENSOR_HEADER}2023-01-31 23:59:59,2023-02-01 00:00:02,1,3\n`
    const { outputs } = await run(text, { output: 'points' }, { partition: 'month(start_time)' })
    expect(outputs.map(({ partition, rows }) => [partition.month, rows])).to.deep.equal([
      ['2023-01', 1],
      ['2023-02', 2],
    ])
  })

  it('has the value of the interval at each step of the grid, and no row in a gap', async () => {
    const text = `${SENSOR_HEADER}2023-01-01 00:00:00.5,2023-01-01 00:00:03,1.5,1\n2023-01-01 00:00:05,2023-01-01 00:00:06.000001,2.5,1\n2023-01-01 00:00:07,2023-01-01 00:00:07,9,1\n`
    const { columns, rows } = await run(text, { output: 'grid', every: '1s' })
    expect(columns).to.deep.equal([
      { name: 'start_time', type: 'timestamp' },
      { name: 'measurement', type: 'double' },
    ])
    expect(rows.map((row) => [timeText(row.start_time).slice(17, 19), row.measurement])).to.deep.equal([
      ['01', 1.5],
      ['02', 1.5],
      ['05', 2.5],
      ['06', 2.5],
    ])
  })

  it('weighs means by time, apart for each series', async () => {
    const header = 'start_time,end_time,sensor,measurement,count,samples\n'
    const at = (from: number, to: number) =>
      `2023-01-01 00:00:${String(from).padStart(2, '0')},2023-01-01 00:00:${String(to).padStart(2, '0')}`
    const text = `${header}${at(0, 4)},a,10,1,1\n${at(4, 12)},a,20,2,1\n${at(0, 10)},b,0.1,7,1\n${at(30, 31)},b,,7,1\n`
    const columns = {
      start_time: 'timestamp',
      end_time: 'timestamp',
      sensor: 'string',
      measurement: 'double',
      count: 'integer',
      samples: 'integer',
    }
    const result = await run(text, { output: 'grid', every: '10s', fill: 'mean' }, { columns })
    expect(result.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      'start_time timestamp',
      'sensor string',
      'measurement double',
      'count double',
    ])
    expect(
      result.rows.map((row) => [
        timeText(row.start_time).slice(17, 19),
        row.sensor,
        row.measurement,
        row.count,
      ]),
    ).to.deep.equal([
      ['00', 'a', 16, 1.6],
      ['00', 'b', 0.1, 7],
      ['10', 'a', 20, 2],
      ['30', 'b', null, 7],
    ])
  })

  it('keeps instants, partitions and keys, and queries see the grid', async () => {
    const text = `${SENSOR_HEADER}2023-01-31T23:59:58Z,2023-02-01T00:00:01Z,1,1\n`
    const columns = { ...SENSOR.columns, start_time: 'timestamptz', end_time: 'timestamptz' }
    const grid = { output: 'grid', every: '1s' }
    const { outputs, columns: made } = await run(text, grid, {
      columns,
      format: {},
      partition: 'month(start_time)',
      key: ['start_time'],
    })
    expect(outputs.map(({ partition, rows }) => [partition.month, rows])).to.deep.equal([
      ['2023-01', 2],
      ['2023-02', 1],
    ])
    expect(made[0]).to.deep.equal({ name: 'start_time', type: 'timestamptz' })
    const queried = await run(text, grid, {
      columns,
      sql: 'select count(*) as n, max(start_time) as last from input',
    })
    expect(queried.rows).to.deep.equal([{ n: 3n, last: micros('2023-02-01 00:00:00') }])
  })

  it('refuses a row that would fill the disk, and a step that is none', async () => {
    const text = `${SENSOR_HEADER}1970-01-01 00:00:00,2020-01-01 00:00:00,1,1\n${FIRST_ROW}`
    const { rejected, rowsAccepted } = await run(text, { output: 'grid', every: '1ms' })
    expect(rejected.map(({ reason }) => reason)).to.deep.equal([
      'end_time: is more than 1000000 steps of the grid after start_time',
    ])
    expect(rowsAccepted).to.equal(1)
    expect((await failure(run(text, { output: 'grid', every: '0s' }))).code).to.equal('TIMESERIES_EVERY')
    expect((await failure(run(text, { output: 'grid', every: '999999999d' }))).code).to.equal(
      'TIMESERIES_EVERY',
    )
  })

  describe('agree with an independent computation', function () {
    this.timeout(120_000)

    it('points', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(interval(50_000_000), { minLength: 1, maxLength: 12 }), async (rows) => {
          const { rows: found } = await run(csv(rows), { output: 'points' })
          const expected = rows
            .map((row) => ({ ...row }))
            .sort(byTime)
            .flatMap(({ length, samples, start }) =>
              Array.from({ length: samples }, (_, i) => start + (BigInt(i) * length) / BigInt(samples)),
            )
          expect(found.map((row) => row.start_time)).to.deep.equal(expected)
        }),
        { numRuns: 15 },
      )
    })

    for (const [every, step] of Object.entries(EVERY)) {
      it(`the last value every ${every}`, async () => {
        const longest = Number(step) * 8
        await fc.assert(
          fc.asyncProperty(fc.array(interval(longest), { minLength: 1, maxLength: 12 }), async (rows) => {
            const { rows: found } = await run(csv(rows), { output: 'grid', every })
            const expected: [bigint, number | null][] = []
            for (const { length, start, value } of rows) {
              for (let t = start - (((start % step) + step) % step); t < start + length; t += step)
                if (t >= start) expected.push([t, value])
            }
            const sorted = (all: [bigint, number | null][]) => all.map(([t, v]) => `${t} ${v}`).sort()
            expect(
              sorted(found.map((row) => [row.start_time as bigint, row.measurement as number | null])),
            ).to.deep.equal(sorted(expected))
            const times = found.map((row) => row.start_time as bigint)
            expect(times).to.deep.equal([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
          }),
          { numRuns: 12 },
        )
      })

      it(`the mean every ${every}`, async () => {
        const longest = Number(step) * 4
        await fc.assert(
          fc.asyncProperty(fc.array(interval(longest), { minLength: 1, maxLength: 12 }), async (rows) => {
            const { rows: found } = await run(csv(rows), { output: 'grid', every, fill: 'mean' })
            const steps = new Map<bigint, { weight: bigint; eighths: bigint }>()
            for (const { length, start, value } of rows) {
              if (length === 0n) continue
              for (let t = start - (((start % step) + step) % step); t < start + length; t += step) {
                const from = t > start ? t : start
                const to = t + step < start + length ? t + step : start + length
                const before = steps.get(t) ?? { weight: 0n, eighths: 0n }
                const weight = value === null ? 0n : to - from
                steps.set(t, {
                  weight: before.weight + weight,
                  eighths: before.eighths + weight * BigInt((value ?? 0) * 8),
                })
              }
            }
            const expected = [...steps].sort(([a], [b]) => (a < b ? -1 : 1))
            expect(found.map((row) => row.start_time)).to.deep.equal(expected.map(([t]) => t))
            for (const [index, [, { eighths, weight }]] of expected.entries()) {
              const value = found[index]?.measurement
              if (weight === 0n) expect(value).to.equal(null)
              else expect(value).to.be.closeTo(Number(eighths) / 8 / Number(weight), 1e-9)
            }
          }),
          { numRuns: 12 },
        )
      })
    }
  })
})
