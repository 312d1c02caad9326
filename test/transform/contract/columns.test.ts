import { expect } from 'chai'
import { failure, transformText, Workplace } from '../support/files.js'

describe('declared columns', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  /** Each text as a row of its own: the reason why it was rejected, or undefined. */
  async function reasons(column: object, texts: string[], format: object = {}): Promise<unknown[]> {
    const body = texts.map((text, index) => `${index},${text}\n`).join('')
    const { rejected, rowsIn } = await transformText(place, `id,v\n${body}`, {
      format,
      columns: { id: 'integer', v: column },
    })
    expect(rowsIn).to.equal(texts.length)
    for (const { column: own } of rejected) expect(own).to.equal('v')
    const found = new Map(rejected.map(({ line, reason }) => [Number(line) - 2, reason]))
    return texts.map((_, index) => found.get(index))
  }

  it('nullable: false rejects a row without a value, and an empty text in quotes is one', async () => {
    expect(await reasons({ type: 'string', nullable: false }, ['a', '', '""'])).to.deep.equal([
      undefined,
      'v: is empty',
      undefined,
    ])
    expect(await reasons({ type: 'integer', nullable: false }, ['1', '', '""', 'x'])).to.deep.equal([
      undefined,
      'v: is empty',
      'v: is empty',
      'v: "x" is not a whole number from -2147483648 to 2147483647',
    ])
  })

  it('values: nothing else, compared as values and not as text', async () => {
    expect(await reasons({ type: 'string', values: ['on', 'off'] }, ['on', 'On', '', 'off '])).to.deep.equal([
      undefined,
      'v: "On" is not one of on, off',
      undefined,
      'v: "off " is not one of on, off',
    ])
    expect(await reasons({ type: 'decimal(6,2)', values: [1.5, '20'] }, ['1.50', '20', '2'])).to.deep.equal([
      undefined,
      undefined,
      'v: 2.00 is not one of 1.5, 20',
    ])
    expect(await reasons({ type: 'boolean', values: [true] }, ['TRUE', 'false'])).to.deep.equal([
      undefined,
      'v: false is not one of true',
    ])
  })

  it('min and max belong to what is allowed, in the type of the column', async () => {
    expect(await reasons({ type: 'integer', min: 0, max: 10 }, ['-1', '0', '10', '11', ''])).to.deep.equal([
      'v: -1 is less than 0',
      undefined,
      undefined,
      'v: 11 is more than 10',
      undefined,
    ])
    const bigint = { type: 'bigint', max: '9223372036854775806' }
    expect(await reasons(bigint, ['9223372036854775806', '9223372036854775807'])).to.deep.equal([
      undefined,
      'v: 9223372036854775807 is more than 9223372036854775806',
    ])
    expect(
      await reasons({ type: 'double', max: 1.5, nan: true }, ['1.5', '1.6', 'NaN', '-Infinity']),
    ).to.deep.equal([undefined, 'v: 1.6 is more than 1.5', 'v: nan is more than 1.5', undefined])
    expect(await reasons({ type: 'date', min: '2023-02-28' }, ['2023-02-28', '2023-02-27'])).to.deep.equal([
      undefined,
      'v: 2023-02-27 is less than 2023-02-28',
    ])
  })

  it('a bound of an instant without an offset is a time of the zone of the format', async () => {
    const column = { type: 'timestamptz', min: '2023-06-26 12:00:00' }
    const texts = [
      '2023-06-26T10:00:00Z',
      '2023-06-26T09:59:59Z',
      '2023-06-26 12:00:00',
      '2023-06-26 11:59:59',
    ]
    const found = await reasons(column, texts, { timezone: 'Europe/Stockholm' })
    expect(found.map((reason) => reason === undefined)).to.deep.equal([true, false, true, false])
    const utc = { type: 'timestamptz', min: '2023-06-26T12:00:00+02:00' }
    expect(await reasons(utc, texts.slice(0, 2), { timezone: 'Asia/Tokyo' })).to.deep.equal([
      undefined,
      'v: 2023-06-26 09:59:59+00 is less than 2023-06-26T12:00:00+02:00',
    ])
  })

  it('pattern: the whole text must match', async () => {
    expect(
      await reasons({ type: 'string', pattern: '[A-Z]{2}|x' }, ['AB', 'ABC', 'x', 'ax', '']),
    ).to.deep.equal([
      undefined,
      'v: "ABC" does not match [A-Z]{2}|x',
      undefined,
      'v: "ax" does not match [A-Z]{2}|x',
      undefined,
    ])
  })

  it('tells everything that is wrong with a row, and a value of the wrong type once', async () => {
    const { rejected } = await transformText(place, 'a,b\n99,zzz\nq,ok\n', {
      columns: { a: { type: 'integer', max: 5, values: [1, 2] }, b: { type: 'string', pattern: 'ok' } },
    })
    expect(rejected.map(({ column, reason }) => [column, reason])).to.deep.equal([
      ['a', 'a: 99 is not one of 1, 2; a: 99 is more than 5; b: "zzz" does not match ok'],
      ['a', 'a: "q" is not a whole number from -2147483648 to 2147483647'],
    ])
  })

  it('holds for a text with quotes in the configuration and in the file', async () => {
    const { rows, rejected } = await transformText(place, `v\no'x\n"it's ""q"""\n`, {
      columns: { v: { type: 'string', values: [`o'x`], pattern: `o'x` } },
    })
    expect(rows).to.deep.equal([{ v: `o'x` }])
    expect(rejected[0]?.reason).to.equal(`v: "it's "q"" is not one of o'x; v: "it's "q"" does not match o'x`)
  })

  it('a pattern that is no RE2 expression is a usage error, before the file is looked at', async () => {
    const error = await failure(
      transformText(place, '', { columns: { v: { type: 'string', pattern: 'a(?=b)' } } }),
    )
    expect(error).to.deep.include({ code: 'PATTERN_INVALID', exitCode: 2 })
    expect(error.message).to.equal(
      'The pattern of the column "v" of the dataset data is no RE2 expression: invalid perl operator: (?=.',
    )
  })
})
