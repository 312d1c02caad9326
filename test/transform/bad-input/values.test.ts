import { expect } from 'chai'
import { FIRST_ROW, SENSOR, SENSOR_HEADER, transformText, Workplace } from '../support/files.js'

describe('values that nearly fit', () => {
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  it('1.5 samples, and samples beyond the range, are no number of samples', async () => {
    const at = '2023-06-26 22:00:00,2023-06-26 23:00:00,1'
    const samples = ['1.5', '1e1', '3000000000', 'NaN']
    const { rows, rejected } = await transformText(
      place,
      SENSOR_HEADER + FIRST_ROW + samples.map((count) => `${at},${count}\n`).join(''),
      SENSOR,
    )
    expect(rows).to.have.length(10)
    expect(rejected.map(({ column, line, raw }) => [line, column, raw])).to.deep.equal(
      samples.map((count, index) => [BigInt(index + 3), 'samples', `${at},${count}`]),
    )
  })

  it('dates in several formats: those that the type reads, and the others as rejected rows', async () => {
    const texts = ['2023-06-26', '26.06.2023', '2023/06/26', '06/26/2023', '26 Jun 2023', '2023-02-30']
    const file = `id,on\n${texts.map((text, index) => `${index},${text}\n`).join('')}`
    const { rows, rejected } = await transformText(place, file, { columns: { id: 'integer', on: 'date' } })
    expect(rows.map(({ id }) => id)).to.deep.equal([0, 2])
    expect(rejected.map(({ column, line, reason }) => [line, column, reason])).to.deep.equal(
      [1, 3, 4, 5].map((index) => [
        BigInt(index + 2),
        'on',
        `on: "${texts[index] ?? ''}" is not a date such as 2023-06-26`,
      ]),
    )
  })

  it('dates in several formats in a column that nobody declared stay as they are', async () => {
    const texts = ['2023-06-26', '26.06.2023']
    const { columns, rows, rowsRejected } = await transformText(place, `on\n${texts.join('\n')}\n`)
    expect(columns).to.deep.equal([{ name: 'on', type: 'string' }])
    expect(rows.map(({ on }) => on)).to.deep.equal(texts)
    expect(rowsRejected).to.equal(0)
  })

  it('a time with an offset needs no seconds', async () => {
    const { rows, rejected } = await transformText(
      place,
      'wall,at\n2023-06-26 21:05+02:00,2023-06-26T21:05Z\n2023-06-26 21:05 Z,2023-06-26 1:05 +0200\n',
      { format: { timezone: 'Europe/Stockholm' }, columns: { wall: 'timestamp', at: 'timestamptz' } },
    )
    expect(rejected).to.deep.equal([])
    const time = (text: string) => BigInt(Date.parse(text)) * 1000n
    expect(rows).to.deep.equal([
      { wall: time('2023-06-26T21:05:00Z'), at: time('2023-06-26T21:05:00Z') },
      { wall: time('2023-06-26T23:05:00Z'), at: time('2023-06-25T23:05:00Z') },
    ])
  })
})
