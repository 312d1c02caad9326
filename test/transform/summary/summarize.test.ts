import { expect } from 'chai'
import type { ReadColumn, Reading } from '../../../src/transform/summary/reading.js'
import { transformText, Workplace } from '../support/files.js'

describe('the summary of a file', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  /** By column name. */
  async function summaries(content: string, config: object = {}) {
    let reading: Reading | undefined
    const onRead = (read: Reading) => (reading = read)
    const result = await transformText(place, content, config, { onRead, summarize: true })
    const columns: ReadColumn[] = reading?.inputs.flatMap((input) => input.columns) ?? []
    return { result, of: Object.fromEntries(columns.map((column) => [column.name, column.summary])) }
  }

  it('has the figures of numbers, without rounding the ends', async () => {
    const columns = { i: 'bigint', d: 'double', e: 'decimal(38,10)' }
    const text = 'i,d,e\n9007199254740993,0.5,0.0000000001\n-3,1.5,-1\n,,\n-3,4,2\n'
    const { of } = await summaries(text, { columns })
    expect(of.i).to.deep.include({
      nulls: 1,
      distinct: 2,
      distinctIsExact: true,
      withheld: false,
      min: '-3',
      max: '9007199254740993',
    })
    expect(of.d).to.deep.include({ nulls: 1, distinct: 3, min: '0.5', max: '4.0', mean: 2 })
    expect(of.d?.histogram).to.deep.equal({ of: 'value', counts: [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1] })
    expect(of.e).to.deep.include({ min: '-1.0000000000', max: '2.0000000000', distinct: 3 })
    expect(of.e?.mean).to.be.closeTo(1 / 3, 1e-9)
  })

  it('gives few whole numbers, days and truth values a bar each', async () => {
    const columns = { i: 'integer', day: 'date', b: 'boolean' }
    const text = 'i,day,b\n1,2023-06-26,true\n3,2023-06-28,false\n3,2023-06-28,true\n1,2023-06-26,true\n'
    const { of } = await summaries(text, { columns })
    expect(of.i?.histogram?.counts).to.deep.equal([2, 0, 2])
    expect(of.day?.histogram?.counts).to.deep.equal([2, 0, 2])
    expect(of.day).to.deep.include({ min: '2023-06-26', max: '2023-06-28', mean: null })
    expect(of.b?.histogram?.counts).to.deep.equal([1, 3])
  })

  it('measures strings by their length, and shows the beginning of a long one', async () => {
    const { of } = await summaries(`s\n""\naa\n${'z'.repeat(300)}\n`, { columns: { s: 'string' } })
    expect(of.s).to.deep.include({ nulls: 0, distinct: 3, min: '', max: 'z'.repeat(200), mean: null })
    expect(of.s?.histogram?.of).to.equal('length')
    expect(of.s?.histogram?.counts).to.deep.equal([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })

  it('counts what is not finite apart, and bears the largest doubles', async () => {
    const columns = { d: { type: 'double', nan: true }, w: 'double' }
    const text = 'd,w\nNaN,-1.7976931348623157e308\nInfinity,1.7976931348623157e308\n1,0\n'
    const { of } = await summaries(text, { columns })
    expect(of.d).to.deep.include({ notFinite: 2, min: '1.0', max: '1.0', mean: 1, distinct: 3 })
    expect(of.d?.histogram?.counts).to.deep.equal([1])
    expect(of.w?.histogram?.counts).to.deep.equal([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
  })

  it('has nothing to show of a column without values', async () => {
    const { of } = await summaries('a,b\n1,\n2,\n', { columns: { a: 'integer', b: 'timestamp' } })
    expect(of.b).to.deep.equal({
      nulls: 2,
      distinct: 0,
      distinctIsExact: true,
      withheld: false,
      min: null,
      max: null,
      mean: null,
      histogram: null,
    })
  })

  it('looks at the accepted rows only, before they are expanded', async () => {
    const text =
      'start,end,n,v\n2023-06-26 21:00:00,2023-06-26 21:00:10,10,1\n2023-06-26 21:00:10,2023-06-26 21:00:20,5,x\n'
    const { of, result } = await summaries(text, {
      columns: { start: 'timestamp', end: 'timestamp', n: 'integer', v: 'integer' },
      timeseries: { start: 'start', end: 'end', samples: 'n' },
    })
    expect(result.rowsOut).to.equal(10)
    expect(of.n).to.deep.include({ min: '10', max: '10', distinct: 1 })
  })

  it('sees all columns of rows that were divided while they were read, and counts many values approximately', async () => {
    const rows = Array.from({ length: 250_000 }, (_, n) => `${n},${n % 2 === 0 ? 'x' : ''}\n`)
    const { of, result } = await summaries(`n,part\n${rows.join('')}`, {
      columns: { n: 'integer', part: 'string' },
      partition: 'part',
    })
    expect(result.outputs).to.have.length(2)
    expect(of.part).to.deep.include({ nulls: 125_000, distinct: 1, min: 'x', max: 'x' })
    expect(of.n).to.deep.include({
      nulls: 0,
      min: '0',
      max: '249999',
      mean: 124_999.5,
      distinctIsExact: false,
    })
    expect(of.n?.distinct).to.be.within(240_000, 250_000)
    expect(of.n?.histogram?.counts.reduce((sum, count) => sum + count, 0)).to.equal(250_000)
  })

  it('is told once per column, as progress', async () => {
    const done: number[] = []
    await transformText(
      place,
      'a,b\n1,2\n',
      {},
      {
        summarize: true,
        onRead: () => undefined,
        onEvent: (event) => {
          if (event.type === 'progress' && event.stage === 'summary') done.push(event.done)
        },
      },
    )
    expect(done).to.deep.equal([1, 2])
  })
})
