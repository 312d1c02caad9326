import { expect } from 'chai'
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

describe('interval data', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const intervals = async (text: string, config: object = {}) =>
    transformText(place, SENSOR_HEADER + text, { ...SENSOR, ...config })

  it('makes the ten sub-intervals of 3.9 s of the first row, to the microsecond', async () => {
    const { rows, rowsIn, rowsOut, columns } = await intervals(FIRST_ROW)
    const seconds = [
      '00.474245',
      '04.374245',
      '08.274245',
      '12.174245',
      '16.074245',
      '19.974245',
      '23.874245',
      '27.774245',
      '31.674245',
      '35.574245',
      '39.474245',
    ]
    const times = seconds.map((second) => `2023-06-26 21:05:${second}`)
    expect(rows.map((row) => timeText(row.start_time))).to.deep.equal(times.slice(0, 10))
    expect(rows.map((row) => timeText(row.end_time))).to.deep.equal(times.slice(1))
    expect(rows.map((row) => row.measurement)).to.deep.equal(Array(10).fill(10.855276688682668))
    expect({ rowsIn, rowsOut }).to.deep.equal({ rowsIn: 1, rowsOut: 10 })
    expect(columns).to.deep.equal([
      { name: 'start_time', type: 'timestamp' },
      { name: 'end_time', type: 'timestamp' },
      { name: 'measurement', type: 'double' },
    ])
  })

  it('divides what does not divide evenly without a gap, an overlap or a drift', async () => {
    const { rows } = await intervals('2023-01-01 00:00:00.000001,2023-01-01 00:00:00.000011,1.5,3\n')
    expect(
      rows.map((row) => [timeText(row.start_time), timeText(row.end_time)].map((time) => time.slice(20))),
    ).to.deep.equal([
      ['000001', '000004'],
      ['000004', '000007'],
      ['000007', '000011'],
    ])
  })

  it('keeps intervals of no length, and more samples than microseconds', async () => {
    const { rows } = await intervals(
      '2023-01-01 00:00:00,2023-01-01 00:00:00,1,2\n2023-01-01 00:00:01,2023-01-01 00:00:01.000001,2,3\n',
    )
    expect(
      rows.map((row) => [
        timeText(row.start_time).slice(17),
        timeText(row.end_time).slice(17),
        row.measurement,
      ]),
    ).to.deep.equal([
      ['00.000000', '00.000000', 1],
      ['00.000000', '00.000000', 1],
      ['01.000000', '01.000000', 2],
      ['01.000000', '01.000000', 2],
      ['01.000000', '01.000001', 2],
    ])
  })

  it('stays exact over an interval so long that start x samples leaves 64 bits', async () => {
    const { rows } = await intervals('1970-01-01 00:00:00,2970-01-01 00:00:00,1,1000000\n')
    const length = micros('2970-01-01 00:00:00')
    expect(rows).to.have.length(1_000_000)
    expect(rows[0]?.start_time).to.equal(0n)
    expect(rows[999_999]?.end_time).to.equal(length)
    expect(rows[777_776]?.end_time).to.equal((length * 777_777n) / 1_000_000n)
  })

  it('sorts by time, whatever the order of the file, ties in the order of the file', async () => {
    const { rows } = await intervals(
      '2023-01-01 00:02:00,2023-01-01 00:03:00,3,1\n' +
        '2023-01-01 00:00:00,2023-01-01 00:01:00,1,1\n' +
        '2023-01-01 00:01:00,2023-01-01 00:02:00,7,1\n' +
        '2023-01-01 00:01:00,2023-01-01 00:02:00,2,1\n',
    )
    expect(rows.map((row) => row.measurement)).to.deep.equal([1, 7, 2, 3])
  })

  it('rejects what is no interval, with line, column, reason and text', async () => {
    const { rows, rejected } = await intervals(
      FIRST_ROW +
        '2023-06-26 22:00:00,2023-06-26 21:00:00,1,5\n' +
        '2023-06-26 22:00:00,2023-06-26 23:00:00,1,0\n' +
        '2023-06-26 22:00:00,2023-06-26 23:00:00,1,-3\n' +
        '2023-06-26 22:00:00,2023-06-26 23:00:00,1,\n' +
        ',2023-06-26 23:00:00,1,5\n' +
        '2023-06-26 22:00:00,,1,5\n' +
        '2023-06-26 22:00:00,2023-06-26 23:00:00,1,1000001\n' +
        '2023-06-26 22:00:00,2023-06-26 23:00:00,x,many\n',
    )
    expect(rows).to.have.length(10)
    expect(rejected.map((row) => [row.line, row.column, row.reason])).to.deep.equal([
      [3n, 'end_time', 'end_time: is before start_time'],
      [4n, 'samples', 'samples: 0 is less than 1'],
      [5n, 'samples', 'samples: -3 is less than 1'],
      [6n, 'samples', 'samples: is empty'],
      [7n, 'start_time', 'start_time: is empty'],
      [8n, 'end_time', 'end_time: is empty'],
      [9n, 'samples', 'samples: 1000001 is more than 1000000'],
      [
        10n,
        'measurement',
        'measurement: "x" is not a finite number; samples: "many" is not a whole number from -2147483648 to 2147483647',
      ],
    ])
    expect(rejected[0]?.raw).to.equal('2023-06-26 22:00:00,2023-06-26 21:00:00,1,5')
  })

  it('puts the sub-intervals of one row into the partitions of their own start', async () => {
    const { rows, outputs } = await intervals(
      '2023-06-26 23:59:50,2023-06-27 00:00:10,4,4\n2023-06-27 00:00:10,2023-06-27 00:00:20,5,1\n',
      {
        partition: 'day(start_time)',
      },
    )
    expect(
      outputs.map(({ path, rows, partition }) => [path.split('/').slice(0, 2).join('/'), rows, partition]),
    ).to.deep.equal([
      ['data/day=2023-06-26', 2, { day: '2023-06-26' }],
      ['data/day=2023-06-27', 3, { day: '2023-06-27' }],
    ])
    expect(rows.map((row) => timeText(row.start_time).slice(8, 19))).to.deep.equal([
      '26 23:59:50',
      '26 23:59:55',
      '27 00:00:00',
      '27 00:00:05',
      '27 00:00:10',
    ])
  })

  it('partitions an interval of years', async () => {
    const { outputs, rowsOut } = await intervals('2020-01-01 00:00:00,2024-01-01 00:00:00,4,1461\n', {
      partition: 'year(start_time)',
    })
    expect(outputs.map(({ rows, partition }) => [partition.year, rows])).to.deep.equal([
      ['2020', 366],
      ['2021', 365],
      ['2022', 365],
      ['2023', 365],
    ])
    expect(rowsOut).to.equal(1461)
  })

  it('expands instants (timestamptz) as well', async () => {
    const { rows, columns } = await intervals('2023-06-26T21:05:00+02:00,2023-06-26T21:05:02Z,1,2\n', {
      columns: { ...SENSOR.columns, start_time: 'timestamptz', end_time: 'timestamptz' },
    })
    expect(columns[0]).to.deep.equal({ name: 'start_time', type: 'timestamptz' })
    expect(rows.map((row) => timeText(row.start_time))).to.deep.equal([
      '2023-06-26 19:05:00.000000',
      '2023-06-26 20:05:01.000000',
    ])
  })

  it('works on columns whose types come from the values', async () => {
    const { rows, columns } = await intervals(FIRST_ROW, { columns: undefined })
    expect(rows).to.have.length(10)
    expect(columns.map(({ type }) => type)).to.deep.equal(['timestamp', 'timestamp', 'double'])
  })

  it('keeps every other column, in every sub-interval', async () => {
    const { rows } = await transformText(place, 'id,start,end,samples\nA-1,2023-01-01,2023-01-02,2\n', {
      timeseries: { start: 'start', end: 'end', samples: 'samples' },
      columns: { id: 'string', start: 'timestamp', end: 'timestamp', samples: 'bigint' },
    })
    expect(rows.map((row) => row.id)).to.deep.equal(['A-1', 'A-1'])
    expect(Object.keys(rows[0] ?? {})).to.deep.equal(['id', 'start', 'end'])
  })

  it('refuses a configuration that fits the columns of no interval', async () => {
    const unknown = await failure(
      intervals(FIRST_ROW, { timeseries: { ...SENSOR.timeseries, samples: 'count' } }),
    )
    expect(unknown.code).to.equal('UNKNOWN_COLUMN')
    expect(unknown.exitCode).to.equal(2)
    const text = await failure(intervals(FIRST_ROW, { columns: { ...SENSOR.columns, samples: 'string' } }))
    expect(text.code).to.equal('TIMESERIES_TYPE')
    expect(text.message).to.equal(
      'The column "samples" is of type string; interval data needs integer or bigint.',
    )
  })
})
