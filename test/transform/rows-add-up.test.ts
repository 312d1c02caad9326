import { expect } from 'chai'
import fc from 'fast-check'
import { transformText, Workplace } from './support/files.js'

const COLUMNS = { id: 'bigint', value: 'double', name: 'string' }

type Corruption = (row: string) => string

describe('no row is lost', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  /** Rows of a file: each good row has its number as its id; the others are given by `bad`. */
  async function check(
    rows: number,
    isBad: (index: number) => boolean,
    bad: (index: number) => string,
  ): Promise<void> {
    const lines: string[] = []
    for (let i = 0; i < rows; i++) lines.push(isBad(i) ? bad(i) : `${i},${i}.5,row ${i}`)
    const {
      rows: good,
      rejected,
      rowsIn,
    } = await transformText(place, `id,value,name\n${lines.join('\n')}\n`, { columns: COLUMNS })
    const expected = Array.from({ length: rows }, (_, i) => i)
    expect(rowsIn).to.equal(rows)
    const found = new Set(good.map((row) => Number(row.id)))
    const missing = expected.filter((i) => !isBad(i) && !found.has(i))
    expect(missing).to.deep.equal([])
    expect(rejected.map((row) => row.line)).to.deep.equal(expected.filter(isBad).map((i) => BigInt(i + 2)))
    expect(rejected.map((row) => row.raw)).to.deep.equal(expected.filter(isBad).map(bad))
  }

  const shapes: [name: string, rows: number, isBad: (index: number) => boolean][] = [
    ['one block of 15,000 bad rows in 200,000', 200_000, (i) => i >= 100_000 && i < 115_000],
    ['5,000 good, 5,000 bad, and so on', 100_000, (i) => Math.floor(i / 5000) % 2 === 1],
    ['every second row bad', 60_000, (i) => i % 2 === 1],
    ['nothing but bad rows', 5000, () => true],
    ['the first and the last row bad', 5000, (i) => i === 0 || i === 4999],
  ]
  const kinds: [name: string, bad: (index: number) => string][] = [
    ['a field too few', (i) => `${i},1`],
    ['a field too many', (i) => `${i},1,x,y`],
    ['a value that does not fit', (i) => `${i},abc,x`],
  ]
  for (const [shape, rows, isBad] of shapes) {
    for (const [kind, bad] of kinds) {
      it(`${shape}: ${kind}`, () => check(rows, isBad, bad)).timeout(60_000)
    }
  }

  it('text after a closing quote costs its line, not the rest of the range', async () => {
    await check(
      20_000,
      (i) => i % 10 === 3,
      (i) => `${i},1,"x"junk`,
    )
  })

  it('a quote that is never closed costs its line', async () => {
    await check(
      20_000,
      (i) => i === 7000,
      (i) => `${i},1,"never closed`,
    )
  })

  it('a quote that is never closed, with quoted fields after it, costs its line', async () => {
    const text = 'id,value,name\n1,1,"never closed\n2,2,"two"\n3,3,""\n4,4,"a\nb"\n'
    const { rows, rejected } = await transformText(place, text, { columns: COLUMNS })
    expect(rows.map((row) => [row.id, row.name])).to.deep.equal([
      [2n, 'two'],
      [3n, ''],
      [4n, 'a\nb'],
    ])
    expect(rejected.map((row) => [row.line, row.raw, row.column])).to.deep.equal([
      [2n, '1,1,"never closed', null],
    ])
    expect(rejected[0]?.reason).to.equal(
      'its quoting is broken: text follows a closing quote, or a quote is never closed',
    )
  })

  it('bytes that are not UTF-8 cost their line', async () => {
    const text = Buffer.concat([
      Buffer.from('id,value,name\n1,1,å\n2,2,'),
      Buffer.from([0xe5]),
      Buffer.from('\n3,3,ö\n'),
    ])
    const { rows, rejected } = await transformText(place, text, { columns: COLUMNS })
    expect(rows.map((row) => row.name)).to.deep.equal(['å', 'ö'])
    expect(rejected).to.deep.equal([
      {
        dataset: 'data',
        source: '20230703_data.csv',
        version_id: null,
        run_id: null,
        input: null,
        line: 3n,
        column: null,
        reason: 'is not valid UTF-8',
        raw: '2,2,\ufffd',
        byte_offset: 21n,
        byte_length: 5n,
      },
    ])
  })

  it('NUL bytes cost their line', async () => {
    const { rows, rejected } = await transformText(
      place,
      `id,value,name\n1,1,long enough a text\n2,2,a\0b\n3,3,c\n`,
      { columns: COLUMNS },
    )
    expect(rows.map((row) => row.id)).to.deep.equal([1n, 3n])
    expect(rejected.map((row) => [row.line, row.reason, row.raw])).to.deep.equal([
      [3n, 'holds a NUL byte', '2,2,a\ufffdb'],
    ])
  })

  it('a line of 200 MB costs itself only', async () => {
    const long = Buffer.alloc(200_000_000, 'x')
    const text = Buffer.concat([Buffer.from('id,value,name\n1,1,a\n2,2,'), long, Buffer.from('\n3,3,c\n')])
    const { rows, rejected } = await transformText(place, text, { columns: COLUMNS })
    expect(rows.map((row) => row.id)).to.deep.equal([1n, 3n])
    expect(rejected.map((row) => [row.line, row.reason, row.byte_length])).to.deep.equal([
      [3n, 'has 200000004 bytes, more than the 16777216 of the longest record allowed', 200_000_004n],
    ])
  }).timeout(60_000)

  it('a line of 100,000 columns costs itself only', async () => {
    const { rows, rejected } = await transformText(
      place,
      `id,value,name\n1,1,a\n${'x,'.repeat(99_999)}x\n3,3,c\n`,
      { columns: COLUMNS },
    )
    expect(rows.map((row) => row.id)).to.deep.equal([1n, 3n])
    expect(rejected.map((row) => [row.line, row.reason])).to.deep.equal([
      [3n, 'has 100000 fields instead of 3'],
    ])
  })

  it('a field of 10 MB is kept whole', async () => {
    const long = 'y'.repeat(10_000_000)
    const { rows } = await transformText(place, `id,value,name\n1,1,${long}\n2,2,"${long}\n"\n3,3,c\n`, {
      columns: COLUMNS,
    })
    expect(rows.map((row) => (row.name as string).length)).to.deep.equal([10_000_000, 10_000_001, 1])
  }).timeout(60_000)

  it('line ends of every kind, mixed, divide the same records', async () => {
    const { rows, rejected } = await transformText(
      place,
      'id,value,name\r\n1,1,a\n2,2,b\r\n3,3,c\r4,4\n5,5,e',
      { columns: COLUMNS },
    )
    expect(rows.map((row) => [row.id, row.name])).to.deep.equal([
      [1n, 'a'],
      [2n, 'b'],
      [3n, 'c'],
      [5n, 'e'],
    ])
    expect(rejected.map((row) => row.line)).to.deep.equal([5n])
  })

  it('CR alone, CRLF, a byte order mark and no last line end change nothing', async () => {
    const rows = [
      { id: 1n, value: 1, name: 'a' },
      { id: 2n, value: 2, name: 'b' },
    ]
    const text = 'id,value,name\n1,1,a\n2,2,b\n'
    for (const variant of [
      text.replaceAll('\n', '\r'),
      text.replaceAll('\n', '\r\n'),
      `\ufeff${text}`,
      text.trimEnd(),
      `\n\n${text}`,
    ]) {
      expect((await transformText(place, variant, { columns: COLUMNS })).rows).to.deep.equal(rows)
    }
  })

  it('blank lines are no rows, and are told', async () => {
    const warnings: string[] = []
    const { rows, rowsIn } = await transformText(
      place,
      'name\na\n\nb\n\n\n',
      { columns: { name: 'string' } },
      {
        onEvent: (event) => {
          if (event.type === 'warning') warnings.push(event.message)
        },
      },
    )
    expect(rows).to.deep.equal([{ name: 'a' }, { name: 'b' }])
    expect(rowsIn).to.equal(2)
    expect(warnings).to.deep.equal(['3 blank lines were passed over.'])
  })

  it('delimiters after the last column are passed over; a value there is not', async () => {
    const { rows, rejected } = await transformText(
      place,
      'id,value,name\n1,1,a,\n2,2,b,,\n3,3,c,x,\n4,4,d\n',
      { columns: COLUMNS },
    )
    expect(rows.map((row) => row.name)).to.deep.equal(['a', 'b', 'd'])
    expect(rejected.map((row) => row.line)).to.deep.equal([4n])
  })

  it('quotes inside and spaces around unquoted fields are text', async () => {
    const { rows, rowsRejected } = await transformText(
      place,
      'id,value,name\n1,1,5" pipe\n2,2, "x"\n3,3,"a ""b"""\n',
      { columns: COLUMNS },
    )
    expect(rowsRejected).to.equal(0)
    expect(rows.map((row) => row.name)).to.deep.equal(['5" pipe', ' "x"', 'a "b"'])
  })

  it('whatever is done to some rows, the others all come through, and the rest is rejected with its bytes', async () => {
    const quoteCorruption = fc.constantFrom<Corruption>(
      (row) => `"${row}`,
      (row) => `${row}"`,
    )
    const corruption = fc.constantFrom<Corruption | undefined>(
      undefined,
      undefined,
      (row) => row.replace(',', ''),
      (row) => `${row},extra`,
      (row) => row.replace(/,[^,]*,/, ',abc,'),
      (row) => `${row}\n\r`,
      (row) => `\0${row}`,
    )
    const name = fc.oneof(
      fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll(',', '').replaceAll('"', '""')}"`),
      fc.constantFrom('', 'plain', '"a,b"', '"two\nlines"', '""', '5" x'),
    )
    const row = fc.record({
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      name,
      corrupt: corruption,
    })
    const file = fc.array(row, { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        file,
        quoteCorruption,
        fc.nat(),
        fc.constantFrom('\n', '\r\n'),
        async (rows, open, at, newline) => {
          // Two stray quotes can make a valid record of what is between them; one must not.
          const strayed = rows[at % rows.length]
          if (strayed) strayed.corrupt = open
          const bodies = rows.map(({ value, name, corrupt }, id) => {
            const body = `${id},${value},${name}`
            return corrupt ? corrupt(body) : body
          })
          const content = ['id,value,name', ...bodies].join(newline)
          const result = await transformText(place, content, { columns: COLUMNS })
          const accepted = new Map(result.rows.map((row) => [Number(row.id), row.value]))
          for (const [id, { value, corrupt }] of rows.entries()) {
            if (!corrupt) expect(accepted.get(id), `row ${id} of ${JSON.stringify(content)}`).to.equal(value)
          }
          for (const reject of result.rejected) {
            const [offset, length] = [Number(reject.byte_offset), Number(reject.byte_length)]
            const bytes = Buffer.from(content).subarray(offset, offset + length)
            expect(bytes.toString('utf8').replaceAll('\0', '\ufffd')).to.equal(reject.raw)
          }
        },
      ),
      { numRuns: 60 },
    )
  }).timeout(120_000)
})
