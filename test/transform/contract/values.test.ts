import { expect } from 'chai'
import { timeText, transformText, Workplace } from '../support/files.js'

describe('values that a contract does not take', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  it('dates in several formats: a declared date takes its own, and no column is guessed to be one', async () => {
    const text = 'n,d\n1,2023-06-26\n2,26/06/2023\n3,06/26/2023\n4,26.06.2023\n5,2023-02-30\n6,20230626\n'
    const declared = await transformText(place, text, { columns: { n: 'integer', d: 'date' } })
    expect(declared.rows).to.deep.equal([{ n: 1, d: 19534 }])
    expect(declared.rejected.map(({ reason }) => reason)).to.deep.equal(
      ['26/06/2023', '06/26/2023', '26.06.2023', '2023-02-30', '20230626'].map(
        (value) => `d: "${value}" is not a date such as 2023-06-26`,
      ),
    )
    const inferred = await transformText(place, text)
    expect(inferred.columns).to.deep.equal([
      { name: 'n', type: 'bigint' },
      { name: 'd', type: 'string' },
    ])
    expect(inferred.rowsRejected).to.equal(0)
  })

  it('times that the zone skips are rejected and those that it has twice are the second, with bounds and without', async () => {
    const text =
      'n,t\n1,2023-03-26 02:30:00\n2,2023-10-29 02:30:00\n3,2023-10-29T02:30:00+02:00\n4,2023-03-26 03:00:00\n'
    const format = { timezone: 'Europe/Stockholm' }
    const { rows, rejected } = await transformText(place, text, {
      format,
      columns: {
        n: 'integer',
        t: { type: 'timestamptz', min: '2023-03-26 03:00:00', max: '2023-10-29T01:30:00Z' },
      },
    })
    expect(rows.map(({ n, t }) => [n, timeText(t)])).to.deep.equal([
      [2, '2023-10-29 01:30:00.000000'],
      [3, '2023-10-29 00:30:00.000000'],
      [4, '2023-03-26 01:00:00.000000'],
    ])
    expect(rejected.map(({ line, column }) => [line, column])).to.deep.equal([[2n, 't']])
  })

  it('a type from an earlier file is as strict with the next one', async () => {
    const contract = [
      { name: 'n', type: 'bigint' },
      { name: 'x', type: 'double' },
    ]
    const text = 'n,x\n1,1.5\n9223372036854775808,1\n2,NaN\n3,inf\n4,1e999\n05,1\n6,7\n'
    const { rows, rejected } = await transformText(place, text, {}, { contract })
    expect(rows).to.deep.equal([
      { n: 1n, x: 1.5 },
      { n: 6n, x: 7 },
    ])
    expect(rejected.map(({ line, column }) => [line, column])).to.deep.equal([
      [3n, 'n'],
      [4n, 'x'],
      [5n, 'x'],
      [6n, 'x'],
      [7n, 'n'],
    ])
  })

  it('samples 0, negative, none or 1.5, and an end before its start, are rejected beside the rules of the columns', async () => {
    const times = '2023-01-01 00:00:00,2023-01-01 00:00:10'
    const rows = [`${times},0`, `${times},-1`, `${times},`, `${times},1.5`, `${times},2`, `${times},9`]
    const backwards = '2023-01-01 00:00:10,2023-01-01 00:00:00,2'
    const { rejected, rowsOut } = await transformText(place, `s,e,n\n${[...rows, backwards].join('\n')}\n`, {
      columns: { s: 'timestamp', e: 'timestamp', n: { type: 'integer', max: 5 } },
      timeseries: { start: 's', end: 'e', samples: 'n' },
    })
    expect(rowsOut).to.equal(2)
    expect(rejected.map(({ line, reason }) => [Number(line), reason])).to.deep.equal([
      [2, 'n: 0 is less than 1'],
      [3, 'n: -1 is less than 1'],
      [4, 'n: is empty'],
      [5, 'n: "1.5" is not a whole number from -2147483648 to 2147483647'],
      [7, 'n: 9 is more than 5'],
      [8, 'e: is before s'],
    ])
  })
})
