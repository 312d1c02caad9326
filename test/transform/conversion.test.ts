import { expect } from 'chai'
import { timeText, transformText, Workplace } from './support/files.js'

describe('values of declared columns', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  /** Writes each text as its own row; gives the value that came out, or 'rejected'. */
  async function convert(type: string, texts: string[], format: object = {}): Promise<unknown[]> {
    const body = texts.map((text, index) => `${index};"${text}"\n`).join('')
    const { rows, rejected } = await transformText(place, `id;value\n${body}`, {
      format: { delimiter: ';', ...format },
      columns: { id: 'integer', value: type },
    })
    expect(rows.length + rejected.length).to.equal(texts.length)
    const values = new Map(rows.map((row) => [row.id, row.value]))
    return texts.map((_, index) => (values.has(index) ? values.get(index) : 'rejected'))
  }
  const REJECTED = 'rejected'

  it('integers are never rounded, and only written as digits', async () => {
    const fits = ['0', '7', '-7', '+7', '007', ' 7 ', '2147483647', '-2147483648']
    expect(await convert('integer', fits)).to.deep.equal([0, 7, -7, 7, 7, 7, 2147483647, -2147483648])
    const not = [
      '3.7',
      '3.0',
      '1e2',
      '0x10',
      '0b11',
      '1_000',
      '1,000',
      '2147483648',
      '-2147483649',
      '--5',
      '5-',
      'NaN',
      'true',
      '٣',
      '1 2',
    ]
    expect(await convert('integer', not)).to.deep.equal(not.map(() => REJECTED))
  })

  it('bigints keep all their digits', async () => {
    expect(
      await convert('bigint', ['9223372036854775807', '-9223372036854775808', '9007199254740993']),
    ).to.deep.equal([9223372036854775807n, -9223372036854775808n, 9007199254740993n])
    expect(await convert('bigint', ['9223372036854775808', '1e3', '1.5'])).to.deep.equal([
      REJECTED,
      REJECTED,
      REJECTED,
    ])
  })

  it('doubles are finite numbers', async () => {
    const fits = [
      '10.855276688682668',
      '-0.5',
      '.5',
      '5.',
      '1e5',
      '1.5E-3',
      '+2',
      ' 3.25 ',
      '0',
      '0.000',
      '0e0',
    ]
    expect(await convert('double', fits)).to.deep.equal([
      10.855276688682668, -0.5, 0.5, 5, 100000, 0.0015, 2, 3.25, 0, 0, 0,
    ])
    const not = [
      'inf',
      '-Infinity',
      'NaN',
      '1e400',
      '-1e400',
      '1e-400',
      '1_000',
      '+-5',
      '1,5',
      '0x10',
      '1.2.3',
      'abc',
      '1e',
      '1 2',
    ]
    expect(await convert('double', not)).to.deep.equal(not.map(() => REJECTED))
  })

  it('a decimal comma is read, and then a point is not', async () => {
    expect(await convert('double', ['1,5', '-0,25', '7', '1.5', '1.000,5'], { decimal: ',' })).to.deep.equal([
      1.5,
      -0.25,
      7,
      REJECTED,
      REJECTED,
    ])
    expect(await convert('decimal(6,2)', ['1,5', '1.5'], { decimal: ',' })).to.deep.equal([1.5, REJECTED])
  })

  it('thousands marks divide groups of three digits, or the value is rejected', async () => {
    const german = { decimal: ',', thousands: '.' }
    expect(
      await convert('double', ['1.234.567,89', '-1.234,5', '1234,5', '0,25', '7', '1.000'], german),
    ).to.deep.equal([1234567.89, -1234.5, 1234.5, 0.25, 7, 1000])
    const not = [
      '1.23',
      '12.34.567',
      '1234.567',
      '1.234.56',
      '0.123',
      '.123',
      '1,234.5',
      '1.234,567.8',
      '1..234',
    ]
    expect(await convert('double', not, german)).to.deep.equal(not.map(() => REJECTED))
    expect(
      await convert('integer', ['1.234', '-12.345.678', '1234', '1.5', '1.234,0'], german),
    ).to.deep.equal([1234, -12345678, 1234, REJECTED, REJECTED])
    expect(await convert('decimal(9,2)', ['1.234,50', '12,3', '1.2'], german)).to.deep.equal([
      1234.5,
      12.3,
      REJECTED,
    ])
    expect(await convert('double', [' 1 234.5 ', '1 23'], { thousands: ' ' })).to.deep.equal([
      1234.5,
      REJECTED,
    ])
    expect(await convert('double', ["1'234'567.5", "1'23"], { thousands: "'" })).to.deep.equal([
      1234567.5,
      REJECTED,
    ])
  })

  it('NaN and Infinity are values of a double only where the column allows them, spelled so', async () => {
    const texts = ['NaN', 'Infinity', '-Infinity', '1.5', 'nan', 'inf', '1e400', '+Infinity']
    const { rows, rejected } = await transformText(place, `v\n${texts.join('\n')}\n`, {
      columns: { v: { type: 'double', nan: true } },
    })
    expect(rows.map(({ v }) => v)).to.deep.equal([NaN, Infinity, -Infinity, 1.5])
    expect(rejected.map(({ raw }) => raw)).to.deep.equal(['nan', 'inf', '1e400', '+Infinity'])
    expect(await convert('double', ['NaN', 'Infinity'])).to.deep.equal([REJECTED, REJECTED])
  })

  it('decimals are never rounded', async () => {
    expect(await convert('decimal(6,2)', ['1234.56', '-1.5', '1.5000', '.5', '7', '+7.00'])).to.deep.equal([
      1234.56, -1.5, 1.5, 0.5, 7, 7,
    ])
    const not = ['1.555', '12345.6', '1e2', '1_0', 'NaN', '.', '1.2.3']
    expect(await convert('decimal(6,2)', not)).to.deep.equal(not.map(() => REJECTED))
    expect(await convert('decimal(5,0)', ['5', '5.0', '.5', '5.5'])).to.deep.equal([5, 5, REJECTED, REJECTED])
  })

  it('booleans are true or false', async () => {
    expect(await convert('boolean', ['true', 'FALSE', ' True '])).to.deep.equal([true, false, true])
    expect(await convert('boolean', ['yes', 't', '1', '0', 'no'])).to.deep.equal(Array(5).fill(REJECTED))
  })

  it('dates are whole days', async () => {
    expect(
      await convert('date', ['1970-01-02', '2023/06/26', '2023-6-5', '2023-06-26 00:00:00', '1969-12-31']),
    ).to.deep.equal([1, 19534, 19513, 19534, -1])
    const not = [
      '2023-06-26 10:00:00',
      '2023-06-26x',
      '2023-02-30',
      '26.06.2023',
      '20230626',
      '23-06-26',
      'epoch',
      'infinity',
      '2023-06-26 BC',
      '12023-06-26',
    ]
    expect(await convert('date', not)).to.deep.equal(not.map(() => REJECTED))
  })

  it('times keep their microseconds and are never cut', async () => {
    const texts = [
      '2023-06-26 21:05:00.474245',
      '2023-06-26T21:05:00.5',
      '2023-06-26 21:05',
      '2023-06-26',
      '2023-06-26 21:05:00.474245000',
      ' 2023-06-26 21:05:00 ',
    ]
    expect((await convert('timestamp', texts)).map(timeText)).to.deep.equal([
      '2023-06-26 21:05:00.474245',
      '2023-06-26 21:05:00.500000',
      '2023-06-26 21:05:00.000000',
      '2023-06-26 00:00:00.000000',
      '2023-06-26 21:05:00.474245',
      '2023-06-26 21:05:00.000000',
    ])
    const not = [
      '2023-06-26 21:05:00.4742451',
      '2023-13-45 00:00:00.000000',
      '2023-06-26 25:00:00',
      '2023-06-26 21:05:00 UTC',
      '2023-06-26 21:05:00 Europe/Stockholm',
      '2023-06-26 21:05:00abc',
      '23-06-26 21:05:00.474245',
      'epoch',
      'infinity',
      '2023-06-26 (BC)',
      '1687813500',
    ]
    expect(await convert('timestamp', not)).to.deep.equal(not.map(() => REJECTED))
  })

  it('an offset in a zone-less column becomes the time of the zone; what would lose the instant is rejected', async () => {
    const stockholm = { timezone: 'Europe/Stockholm' }
    const texts = [
      '2023-06-26 21:05:00+02:00',
      '2023-06-26T19:05:00Z',
      '2023-06-26 19:05:00.474245+00',
      '2023-06-26 14:35:00-0430',
      // 02:30 comes twice in that night: the first time with +02:00, the second with +01:00.
      '2023-10-29 02:30:00+02:00',
      '2023-10-29 02:30:00+01:00',
    ]
    const values = await convert('timestamp', texts, stockholm)
    expect(values.map((value) => (value === REJECTED ? value : timeText(value)))).to.deep.equal([
      '2023-06-26 21:05:00.000000',
      '2023-06-26 21:05:00.000000',
      '2023-06-26 21:05:00.474245',
      '2023-06-26 21:05:00.000000',
      REJECTED,
      '2023-10-29 02:30:00.000000',
    ])
  })

  it('instants: an offset counts, without one the zone does; a time that the zone skips is rejected', async () => {
    const stockholm = { timezone: 'Europe/Stockholm' }
    const texts = [
      '2023-06-26T21:05:00+05:30',
      '2023-06-26 21:05:00',
      '2023-01-26 21:05:00.000001',
      '2023-03-26 02:30:00',
      '2023-10-29 02:30:00',
      '2023-06-26 21:05:00 Europe/Paris',
      '2023-06-26 21:05:00',
    ]
    const values = await convert('timestamptz', texts, stockholm)
    expect(values.map((value) => (value === REJECTED ? value : timeText(value)))).to.deep.equal([
      '2023-06-26 15:35:00.000000',
      '2023-06-26 19:05:00.000000',
      '2023-01-26 20:05:00.000001',
      REJECTED,
      '2023-10-29 01:30:00.000000',
      REJECTED,
      '2023-06-26 19:05:00.000000',
    ])
  })

  it('strings stay as they are, and an empty one is not null', async () => {
    const { rows } = await transformText(place, 'a,b\n x ,"1,5"\n"","he said ""hi"""\n,"two\r\nlines"\n', {
      columns: { a: 'string', b: 'string' },
    })
    expect(rows).to.deep.equal([
      { a: ' x ', b: '1,5' },
      { a: '', b: 'he said "hi"' },
      { a: null, b: 'two\r\nlines' },
    ])
  })

  it('the null text of the configuration is null where it is not quoted, or where the column is no string', async () => {
    const { rows, rowsRejected } = await transformText(place, 's,n\nNA,NA\n"NA","NA"\n,1\n', {
      format: { nullValue: 'NA' },
      columns: { s: 'string', n: 'integer' },
    })
    expect(rowsRejected).to.equal(0)
    expect(rows).to.deep.equal([
      { s: null, n: null },
      { s: 'NA', n: null },
      { s: '', n: 1 },
    ])
  })
})
