import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { micros, transformPath, Workplace } from '../support/files.js'

const day = (date: string) => Date.parse(date) / 86_400_000

/** What fixtures/make-workbooks.py wrote. */
const ROWS = [
  {
    site: 'north',
    code: '007',
    day: day('2023-06-26'),
    moment: micros('2023-06-26 21:05:00.474'),
    clock: '06:30:00',
    lasted: '36:05:00',
    flag: true,
    amount: 0.3333333333333333,
    units: 3n,
    formula: '2',
    note: 'plain bold and more',
  },
  {
    site: null,
    code: '1e5',
    day: day('2024-02-29'),
    moment: micros('1999-12-31 23:59:59'),
    clock: '23:59:59',
    lasted: '00:01:00',
    flag: false,
    amount: -1.5e-7,
    units: -40n,
    formula: 'ab',
    note: 'Å & <b> "q" 😀\nline two ',
  },
  {
    site: 'söder',
    code: '2023-01-01',
    day: day('1904-03-01'),
    moment: micros('2100-01-01 00:00:01'),
    clock: '00:00:00',
    lasted: '960:00:00',
    flag: true,
    amount: 123456789012.5,
    units: 0n,
    formula: 'north',
    note: ' padded',
  },
  {
    site: 'west',
    code: 'true',
    day: null,
    moment: null,
    clock: null,
    lasted: null,
    flag: null,
    amount: null,
    units: null,
    formula: null,
    note: null,
  },
]
const UNCALCULATED = 'has a formula without a value in B2: save the workbook in a program that calculates it'
const WRITTEN: [file: string, calculated: boolean][] = [
  ['openpyxl', false],
  ['openpyxl-1904', false],
  ['xlsxwriter', true],
  ['xlsxwriter-1904', true],
  ['xlsxwriter-inline', true],
]

describe('workbooks that other programs wrote', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  for (const [file, calculated] of WRITTEN) {
    const path = fileURLToPath(new URL(`fixtures/${file}.xlsx`, import.meta.url))
    const read = (sheets?: object) => transformPath(place, path, { format: { type: 'xlsx' }, sheets })

    it(`${file}: every value is what was written`, async () => {
      const { columns, rows, rejected } = await read()
      const written = calculated ? ROWS : ROWS.map((row) => ({ ...row, formula: null }))
      expect(rows).to.deep.equal(written)
      expect(rejected).to.deep.equal([])
      expect(columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
        'site string',
        'code string',
        'day date',
        'moment timestamp',
        'clock string',
        'lasted string',
        'flag boolean',
        'amount double',
        'units bigint',
        'formula string',
        'note string',
      ])
    })

    it(`${file}: its other sheets by name, a hidden one too`, async () => {
      const second = await read({ Second: null })
      expect(second.rows).to.deep.equal([{ id: 2n, total: 5n }])
      expect(second.rejected.map(({ line, reason }) => [line, reason])).to.deep.equal([
        [2n, calculated ? 'holds the error #DIV/0! in B2' : UNCALCULATED],
      ])
      expect((await read({ Notes: null })).rows).to.deep.equal([{ not: 1n, this: 2n }])
    })
  }
})
