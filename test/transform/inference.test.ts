import { expect } from 'chai'
import { transformText, Workplace } from './support/files.js'

describe('types from the values', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  async function typeOf(values: string[], format: object = {}): Promise<string | undefined> {
    const body = values.map((value) => `1;${value}\n`).join('')
    const { columns, rowsRejected } = await transformText(place, `id;value\n${body}`, {
      format: { delimiter: ';', ...format },
    })
    expect(rowsRejected).to.equal(0)
    return columns.find(({ name }) => name === 'value')?.type
  }

  const cases: [type: string, values: string[]][] = [
    ['boolean', ['true', 'false', 'True']],
    ['bigint', ['0', '-5', '9223372036854775807']],
    ['double', ['1', '2.5', '-0.001', '1.5e-7', '1e+20']],
    ['double', ['10.855276688682668', '0.1', '']],
    ['date', ['2023-06-26', '1969-12-31']],
    ['timestamp', ['2023-06-26 21:05:00.474245', '2023-06-26']],
    ['timestamp', ['2023-06-26T21:05:00', '2023-06-26 21:05']],
    ['timestamptz', ['2023-06-26T21:05:00Z', '2023-06-26 21:05:00+02:00']],
    ['string', ['2023-06-26T21:05:00Z', '2023-06-26 21:05:00']],
    ['string', ['01234', '99999']],
    ['string', ['+46701234567']],
    ['string', ['12E4', '5']],
    ['string', ['1_000']],
    ['string', ['0x10']],
    ['string', ['1', 'NaN']],
    ['string', ['3.14159265358979323846']],
    ['string', ['92233720368547758080']],
    ['string', ['12345678901234567', '0.5']],
    ['double', ['0.3', '1000000000000000', '-9007199254740992']],
    ['string', ['0.3', '9007199254740993']],
    ['string', ['-0', '113686985636847900']],
    ['string', ['0.3', '9007199254740992e1']],
    ['string', ['1,5']],
    ['string', ['yes', 'no']],
    ['string', ['2023-06-26 21:05:00.1234567']],
    ['string', ['', '']],
    ['string', [' 5', '6']],
  ]
  for (const [type, values] of cases) {
    it(`${values.map((value) => JSON.stringify(value)).join(', ')}: ${type}`, async () => {
      expect(await typeOf(values)).to.equal(type)
    })
  }

  it('a decimal comma makes a double where it is configured', async () => {
    expect(await typeOf(['1,5', '-2'], { decimal: ',' })).to.equal('double')
    expect(await typeOf(['1.5', '-2'], { decimal: ',' })).to.equal('string')
  })

  it('looks at the whole file: the last of 100,000 rows decides', async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `${i},${i},${i}.5,`)
    rows.push('100000,00100000,n/a,7')
    const {
      columns,
      rows: out,
      rowsRejected,
    } = await transformText(place, `id,zip,value,late\n${rows.join('\n')}\n`)
    expect(columns).to.deep.equal([
      { name: 'id', type: 'bigint' },
      { name: 'zip', type: 'string' },
      { name: 'value', type: 'string' },
      { name: 'late', type: 'bigint' },
    ])
    expect(rowsRejected).to.equal(0)
    expect(out.at(-1)).to.deep.equal({ id: 100000n, zip: '00100000', value: 'n/a', late: 7n })
    expect(out[0]).to.deep.equal({ id: 0n, zip: '0', value: '0.5', late: null })
  }).timeout(60_000)

  it('names become safe for Athena', async () => {
    const { columns } = await transformText(place, 'Köp Datum,Temp (°C),_id,2nd,,MiXed\na,b,c,d,e,f\n')
    expect(columns.map(({ name }) => name)).to.deep.equal([
      'kop_datum',
      'temp_c',
      '_id',
      '_2nd',
      'column_5',
      'mixed',
    ])
  })

  it('column names that DuckDB uses itself are nothing special', async () => {
    const { rows } = await transformText(place, 'c0,record,text,select,filename\n1,2,3,4,5\n')
    expect(rows).to.deep.equal([{ c0: 1n, record: 2n, text: 3n, select: 4n, filename: 5n }])
  })

  it('the columns of the table, given as the contract, take only what they keep without loss', async () => {
    const contract = [
      { name: 'id', type: 'bigint' },
      { name: 'name', type: 'string' },
    ]
    const { rows, rejected } = await transformText(place, 'Name,ID\nx,1\ny,007\n,3\n', {}, { contract })
    expect(rows).to.deep.equal([
      { id: 1n, name: 'x' },
      { id: 3n, name: null },
    ])
    expect(rejected.map((row) => [row.line, row.reason])).to.deep.equal([
      [3n, 'id: "007" is not a whole number of at most 64 bits'],
    ])
  })
})
