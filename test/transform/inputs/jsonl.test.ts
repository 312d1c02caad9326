import { expect } from 'chai'
import fc from 'fast-check'
import { failure, transformText, Workplace } from '../support/files.js'

describe('JSON lines', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const transform = (text: string | Uint8Array, config: object = {}, overrides: object = {}) =>
    transformText(place, text, { format: { type: 'jsonl' }, ...config }, overrides)

  it('has the union of all keys as its columns, in the order in which they come', async () => {
    const { columns, rows } = await transform('{"a":1}\n{"b":"x","a":2}\n{"c":true}\n')
    expect(columns).to.deep.equal([
      { name: 'a', type: 'bigint' },
      { name: 'b', type: 'string' },
      { name: 'c', type: 'boolean' },
    ])
    expect(rows).to.deep.equal([
      { a: 1n, b: null, c: null },
      { a: 2n, b: 'x', c: null },
      { a: null, b: null, c: true },
    ])
  })

  it('keeps every digit of a number', async () => {
    const { columns, rows } = await transform(
      '{"id":9223372036854775807,"big":18446744073709551615,"long":0.1234567890123456789,"d":0.1}\n' +
        '{"id":-9223372036854775808,"big":1,"long":1,"d":1e5}\n',
    )
    expect(columns.map(({ type }) => type)).to.deep.equal(['bigint', 'string', 'string', 'double'])
    expect(rows).to.deep.equal([
      { id: 9223372036854775807n, big: '18446744073709551615', long: '0.1234567890123456789', d: 0.1 },
      { id: -9223372036854775808n, big: '1', long: '1', d: 100000 },
    ])
    const declared = await transform('{"d":12345678901234567890.12345}\n', {
      columns: { d: 'decimal(30,5)', s: 'string' },
    })
    expect(declared.columns[0]?.type).to.equal('decimal(30,5)')
    const text = await transform('{"d":12345678901234567890.12345}\n', { columns: { d: 'string' } })
    expect(text.rows).to.deep.equal([{ d: '12345678901234567890.12345' }])
  })

  it('a text that looks like a number or a truth value stays text; one that is a date is one', async () => {
    const { columns, rows } = await transform(
      '{"zip":"01234","n":"5","t":"true","day":"2023-06-26","at":"2023-06-26T21:05:00Z","mix":1}\n' +
        '{"zip":"1","n":"6","t":"false","day":null,"at":"2023-06-26T21:05:00+02:00","mix":"a"}\n',
    )
    expect(columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      'zip string',
      'n string',
      't string',
      'day date',
      'at timestamptz',
      'mix string',
    ])
    expect(rows[0]).to.include({ zip: '01234', n: '5', t: 'true', mix: '1' })
  })

  it('null and missing are null, an empty text is not', async () => {
    const { rows } = await transform('{"a":"","b":1}\n{"a":null,"b":2}\n{"b":3}\n')
    expect(rows.map((row) => row.a)).to.deep.equal(['', null, null])
  })

  it('nested values are their own text, with every digit', async () => {
    const nested = '{"x": [1, 2, {"id": 12345678901234567890}], "s": "a \\"b\\", }"}'
    const { columns, rows } = await transform(`{"n":${nested},"l":[]}\n`)
    expect(columns.map(({ type }) => type)).to.deep.equal(['string', 'string'])
    expect(rows).to.deep.equal([{ n: nested, l: '[]' }])
  })

  it('escapes, newlines and quotes in texts', async () => {
    const text = 'a "quoted", \\ \u2028 line\nbreak\ttab 𝄞 é'
    const { rows } = await transform(`{"t":${JSON.stringify(text)},"u":"\\u00e5\\/\\ud834\\udd1e"}\n`)
    expect(rows).to.deep.equal([{ t: text, u: 'å/𝄞' }])
  })

  it('rejects what is no object, with its line and its text, and keeps the lines around it', async () => {
    const bad: [line: string, reason: RegExp, column?: string][] = [
      ['{"a":1', /^is not valid JSON: it ends too early$/],
      ['[1]', /^is no JSON object$/],
      ['"x"', /^is no JSON object$/],
      ['null', /^is no JSON object$/],
      ['{"a":1}{"a":2}', /^goes on after its JSON object$/],
      ['{"a":1,}', /^is not valid JSON: unexpected "}" at character 8$/],
      ['{"a":01}', /^is not valid JSON/],
      ['{"a":NaN}', /^is not valid JSON/],
      ["{'a':1}", /^is not valid JSON/],
      ['{"a":"tab\there"}', /^is not valid JSON/],
      ['{"a":{"b":}}', /^is not valid JSON/],
      ['{"a":{"b":1]}', /^is not valid JSON/],
      ['{"a":1,"a":2}', /^has the key "a" twice$/, 'a'],
      ['{"a":"\\ud800"}', /^holds half a character/, 'a'],
      ['{"a":"\\u0000"}', /^holds a NUL character$/, 'a'],
      ['{"a":1}\0', /^holds a NUL byte$/],
    ]
    const lines = bad.flatMap(([line], index) => [`{"a":${index}}`, line])
    const { rows, rejected, rowsIn } = await transform(`${lines.join('\n')}\n`)
    expect(rowsIn).to.equal(lines.length)
    expect(rows.map((row) => row.a)).to.deep.equal(bad.map((_, index) => BigInt(index)))
    for (const [index, [line, reason, column]] of bad.entries()) {
      const reject = rejected[index]
      expect(reject?.line).to.equal(BigInt(index * 2 + 2))
      expect(reject?.raw).to.equal(line.replace('\0', '\ufffd'))
      expect(reject?.reason).to.match(reason)
      expect(reject?.column).to.equal(column ?? null)
    }
  })

  it('bytes that are not UTF-8 cost their line', async () => {
    const content = Buffer.from('{"a":"x"}\n{"a":"\xe5"}\n{"a":"y"}\n', 'latin1')
    const { rows, rejected } = await transform(content)
    expect(rows).to.deep.equal([{ a: 'x' }, { a: 'y' }])
    expect(rejected.map(({ line, reason }) => [line, reason].join(' '))).to.deep.equal([
      '2 is not valid UTF-8',
    ])
  })

  it('rejected values and rejected lines come in the order of the file, with the line as it stands', async () => {
    const text = '{"a": "x"}\n\nnope\n{"a" : 1}\r\n{"a":2.5}\nnope\n'
    const { rows, rejected } = await transform(text, { columns: { a: 'integer' } })
    expect(rows).to.deep.equal([{ a: 1 }])
    expect(rejected.map(({ line, column, raw }) => [line, column, raw])).to.deep.equal([
      [1n, 'a', '{"a": "x"}'],
      [3n, null, 'nope'],
      [5n, 'a', '{"a":2.5}'],
      [6n, null, 'nope'],
    ])
    for (const { byte_offset, byte_length, raw } of rejected) {
      const [offset, length] = [Number(byte_offset), Number(byte_length)]
      expect(text.slice(offset, offset + length)).to.equal(raw)
    }
  })

  it('declared columns: one that no line has is null, unless a key that nobody declared may be it', async () => {
    const columns = { id: 'integer', 'Temp (C)': 'double' }
    const { rows } = await transform('{"id":1}\n', { columns })
    expect(rows).to.deep.equal([{ id: 1, temp_c: null }])
    const named = await transform('{"Temp (C)":1.5,"id":2}\n', { columns })
    expect(named.rows).to.deep.equal([{ id: 2, temp_c: 1.5 }])
    const frozen = await failure(
      transform('{"id":1}\n{"id":2,"x":3}\n', { columns: { id: 'integer' }, contract: 'freeze' }),
    )
    expect(frozen.code).to.equal('UNDECLARED_COLUMN')
    expect(frozen.message).to.match(/has the column "x", which the dataset data does not know\.$/)
    const renamed = await failure(transform('{"id":1}\n{"id":2,"x":3}\n', { columns }))
    expect(renamed.code).to.equal('MISSING_COLUMN')
    const none = await failure(transform('{}\n', { columns }))
    expect(none.code).to.equal('MISSING_COLUMN')
  })

  it('keys that become the same column: COLUMN_NAME_COLLISION', async () => {
    const error = await failure(transform('{"Id":1}\n{"id":2}\n'))
    expect(error.code).to.equal('COLUMN_NAME_COLLISION')
  })

  const refused: [name: string, text: string, code: string, message: RegExp][] = [
    [
      'a JSON array',
      '[{"a":1},\n{"a":2}]\n',
      'JSON_NOT_LINES',
      /is one JSON array, not one object per line\.$/,
    ],
    ['a pretty-printed document', '{\n  "a": 1\n}\n', 'JSON_NOT_LINES', /is one JSON document/],
    ['CSV', 'a,b\n1,2\n', 'JSON_NOT_LINES', /has no line with a JSON object/],
    ['blank lines', '\n \n', 'FILE_EMPTY', /holds nothing but blank lines\.$/],
  ]
  for (const [name, text, code, message] of refused) {
    it(`${name}: ${code}`, async () => {
      const error = await failure(transform(text))
      expect(error.code).to.equal(code)
      expect(error.message).to.match(message)
    })
  }

  it('a line of 17 MB and a line of 5,000 keys cost themselves only', async () => {
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]))
    const long = `{"a":"${'x'.repeat(17_000_000)}"}`
    const { rows, rejected } = await transform(`{"a":1}\n${long}\n${JSON.stringify(keys)}\n{"a":2}\n`)
    expect(rows).to.deep.equal([{ a: 1n }, { a: 2n }])
    expect(rejected.map(({ line, reason }) => [line, reason].join(' '))).to.deep.equal([
      `2 has ${long.length} bytes, more than the 16777216 of the longest record allowed`,
      '3 has 5000 keys, more than the 4000 that a table can have',
    ])
  })

  it('UTF-16 and gzip work as for CSV', async () => {
    const { rows } = await transform(Buffer.from('\ufeff{"å":1}\n', 'utf16le'))
    expect(rows).to.deep.equal([{ a: 1n }])
  })

  it('any objects come back as JSON.parse has them', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
    )
    const row = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { noNullPrototype: true })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (objects) => {
        const usable = objects.filter((object) => !JSON.stringify(object).includes('\\u0000'))
        fc.pre(usable.some((object) => Object.keys(object).length > 0))
        const columns = { a: 'string', b: 'string', c: 'string', d: 'string' }
        const { rows } = await transform(usable.map((object) => `${JSON.stringify(object)}\n`).join(''), {
          columns,
        })
        const text = (cell: unknown) =>
          cell === null || cell === undefined ? null : typeof cell === 'string' ? cell : JSON.stringify(cell)
        expect(rows).to.deep.equal(
          usable.map((object) => ({
            a: text(object.a),
            b: text(object.b),
            c: text(object.c),
            d: text(object.d),
          })),
        )
      }),
      { numRuns: 25 },
    )
  }).timeout(60_000)
})
