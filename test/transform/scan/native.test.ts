import { expect } from 'chai'
import fc from 'fast-check'
import { datasetSchema, type Dataset } from '../../../src/config/dataset.js'
import { csvTable } from '../../../src/transform/csv-input.js'
import { Database } from '../../../src/transform/database.js'
import { dialectOf } from '../../../src/transform/dialect.js'
import { prescan } from '../../../src/transform/prescan.js'
import { readNatively } from '../../../src/transform/scan/native.js'
import { acceptedRows, rejectedRows, typedColumns } from '../../../src/transform/typed.js'
import { fcRuns } from '../../support/fc-runs.js'
import { transformPath, Workplace } from '../support/files.js'

/** Texts that a type reads by itself, in a file with a decimal mark. */
function plainTexts(mark: string): Record<string, fc.Arbitrary<string>> {
  const sign = fc.constantFrom('', '-')
  const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^\\d{${min},${max}}$`))
  const two = (min: number, max: number) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'))
  const date = fc
    .tuple(fc.integer({ min: 1000, max: 9999 }), two(1, 12), two(1, 28))
    .map((parts) => parts.join('-'))
  const clock = fc.tuple(two(0, 23), two(0, 59), two(0, 59)).map((parts) => parts.join(':'))
  const fraction = fc.option(digits(1, 6), { nil: undefined }).map((f) => (f === undefined ? '' : `.${f}`))
  const number = (whole: number, after: number) =>
    fc
      .tuple(sign, digits(1, whole), fc.option(digits(1, after), { nil: undefined }))
      .map(([s, w, f]) => `${s}${w}${f === undefined ? '' : `${mark}${f}`}`)
  const whole = (most: number) => fc.tuple(sign, digits(1, most)).map((parts) => parts.join(''))
  return {
    integer: whole(9),
    bigint: whole(18),
    double: number(14, 16),
    'decimal(10,3)': number(7, 3),
    boolean: fc.constantFrom('true', 'false'),
    date: fc.oneof(date, fc.constantFrom('2024-02-29', '1999-12-31', '2000-02-29')),
    timestamp: fc.tuple(date, fc.constantFrom(' ', 'T'), clock, fraction).map((parts) => parts.join('')),
    string: fc.constantFrom('x', ' x ', 'NaN', '007', 'å'),
  }
}

describe('what DuckDB reads by itself', () => {
  let place: Workplace
  before(async () => (place = await Workplace.make()))
  after(() => place.remove())

  for (const [name, part] of Object.entries({
    'as declared': { strict: false, mark: '.' },
    'as inferred': { strict: true, mark: '.' },
    'with a decimal comma': { strict: false, mark: ',' },
  })) {
    it(`has the values that the rules give, ${name}`, async () => {
      const types = Object.keys(plainTexts('.'))
      const row = fc.tuple(
        ...Object.values(plainTexts(part.mark)).map((text) =>
          fc.oneof({ arbitrary: text, weight: 9 }, { arbitrary: fc.constant(''), weight: 1 }),
        ),
      )
      const known = types.map((type, index) => ({ name: `c${index}`, index, type }))
      const { format } = datasetSchema.parse({ format: { delimiter: ';', decimal: part.mark } })
      let native = 0
      const property = async (rows: string[][]) => {
        const header = `${known.map(({ name }) => name).join(';')}\n`
        const text = await place.file(
          'plain.csv',
          header + rows.map((fields) => `${fields.join(';')}\n`).join(''),
        )
        const { quick, slow, natively } = await bothWays(text, known, format, part.strict, header.length)
        native += natively
        expect(quick).to.deep.equal(slow)
      }
      await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), property), {
        numRuns: fcRuns(60),
      })
      // Most columns are read natively: else this shows nothing.
      expect(native).to.be.greaterThan(fcRuns(60) * (part.strict ? 2 : 5))
    }).timeout(120_000)
  }

  async function bothWays(
    path: string,
    known: { name: string; index: number; type: string }[],
    format: Dataset['format'],
    strict: boolean,
    bodyOffset: number,
  ) {
    const dialect = dialectOf(format)
    const names = known.map(({ name }) => name)
    const header = { raw: names, names, bodyOffset, bodyLine: 2, isFirstLine: true }
    const { facts, shapes, records, longest } = await prescan(path, {
      dialect,
      decimal: format.decimal,
      header,
    })
    expect(shapes).not.to.equal(undefined)
    const input = { path, isClean: false, width: names.length, records, longest }
    const text = {
      table: csvTable(input, dialect, format),
      columns: typedColumns(known, format, { strict, facts }),
    }
    const readable = readNatively(text, input, shapes, dialect, format)
    const database = await Database.open({
      scratch: place.path,
      memoryLimitMb: 256,
      threads: 1,
      keepOrder: true,
      pushFilters: false,
    })
    try {
      const rows = async ({ table, columns }: typeof text) =>
        (await database.rows(`SELECT to_json(r) AS r FROM (${acceptedRows(table, columns, [])}) r`)).map(
          ({ r }) => r,
        )
      // The rows that do not fit are found from the text, so none may be missing there.
      const unfit = await database.count(
        `SELECT count(*) FROM (${rejectedRows(text.table, text.columns, [])})`,
      )
      const slow = await rows(text)
      const quick = await rows(readable)
      expect(slow.length + unfit).to.equal(records)
      const natively = readable.columns.filter(
        ({ fits, type }) => fits === undefined && type !== 'string',
      ).length
      return { quick, slow, natively }
    } finally {
      database.close()
    }
  }

  it('is not what has a value that it would misread: that column goes by the rules', async () => {
    const bad: Record<string, string> = {
      integer: '3.7',
      bigint: '1_000',
      double: '1e400',
      'decimal(10,2)': '1.005',
      date: '2023-02-30',
      timestamp: '2023-06-26 21:05:00+02:00 x',
      boolean: 'yes',
    }
    const good: Record<string, string> = {
      integer: '1',
      bigint: '2',
      double: '2.5',
      'decimal(10,2)': '3.25',
      date: '2023-06-26',
      timestamp: '2023-06-26 21:05:00',
      boolean: 'true',
    }
    const types = Object.keys(good)
    const columns = Object.fromEntries(types.map((type, index) => [`c${index}`, type]))
    for (const [index, type] of types.entries()) {
      const fields = Object.values(good)
      const flawed = fields.map((text, at) => (at === index ? (bad[type] ?? '') : text))
      const lines = [Object.keys(columns), fields, flawed, fields].map((line) => `${line.join(',')}\n`)
      const file = await place.file(`${index}.csv`, lines.join(''))
      const { rows, rejected } = await transformPath(place, file, { columns, rejects: { max: 1 } })
      expect(rows.length, type).to.equal(2)
      expect(
        rejected.map(({ line, column }) => [Number(line), column]),
        type,
      ).to.deep.equal([[3, `c${index}`]])
    }
  }).timeout(60_000)

  it('has no file with a null text of its own in a column of numbers', async () => {
    const file = await place.file('na.csv', 'a,b\n1,x\nNA,y\n,z\n')
    const config = {
      columns: { a: 'integer', b: 'string' },
      format: { nullValue: 'NA' },
      rejects: { max: 1 },
    }
    const { rows, rejected } = await transformPath(place, file, config)
    expect(rows).to.deep.equal([
      { a: 1, b: 'x' },
      { a: null, b: 'y' },
    ])
    expect(rejected.map(({ line }) => Number(line))).to.deep.equal([4])
  })
})
