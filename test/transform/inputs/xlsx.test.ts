import { expect } from 'chai'
import { Zip, TooLarge } from '../../../src/transform/input/xlsx/zip.js'
import { styleOf } from '../../../src/transform/input/xlsx/styles.js'
import { failure, transformText, Workplace } from '../support/files.js'
import { number, row, shared, STYLE, text, workbook, type Sheet } from './workbook.js'

const HEADER = row(1, text('A1', 'a'), text('B1', 'b'))

describe('Excel workbooks', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const transform = (content: Uint8Array, config: object = {}) =>
    transformText(place, content, { format: { type: 'xlsx' }, ...config })
  const one = (rows: string, options: Parameters<typeof workbook>[1] = {}) =>
    workbook([{ name: 'Sheet1', rows }], options)

  it('fractions next to a number of 16 digits are numbers', async () => {
    const cells = ['0.3', '1E15', '1000000000000000', '9007199254740992']
    const { columns, rows } = await transform(
      one(
        row(1, text('A1', 'a')) + cells.map((cell, at) => row(at + 2, number(`A${at + 2}`, cell))).join(''),
      ),
    )
    expect(columns).to.deep.equal([{ name: 'a', type: 'double' }])
    expect(rows.map(({ a }) => a)).to.deep.equal([0.3, 1e15, 1e15, 2 ** 53])
  })

  it('a text that looks like a number stays text; a number is its shortest text', async () => {
    const { columns, rows } = await transform(
      one(
        HEADER +
          row(2, text('A2', '01234'), number('B2', '0.10000000000000001')) +
          row(3, text('A3', '5'), number('B3', '30')) +
          row(4, text('A4', '2023-01-01'), number('B4', '1.0E-7')),
      ),
    )
    expect(columns.map(({ type }) => type)).to.deep.equal(['string', 'double'])
    expect(rows).to.deep.equal([
      { a: '01234', b: 0.1 },
      { a: '5', b: 30 },
      { a: '2023-01-01', b: 1e-7 },
    ])
    const declared = await transform(
      one(HEADER + row(2, number('A2', 5), number('B2', '0.10000000000000001'))),
      {
        columns: { a: 'string', b: 'decimal(3,2)' },
      },
    )
    expect(declared.rows).to.deep.equal([{ a: '5', b: 0.1 }])
  })

  it('dates and times by the style of the cell, whole numbers and truth values without one', async () => {
    const header = row(1, ...['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((c) => text(`${c}1`, `c${c}`)))
    const content = one(
      header +
        row(
          2,
          number('A2', 45103, STYLE.date),
          number('B2', 45103.878472222, STYLE.datetime),
          number('C2', 0.5, STYLE.time),
          number('D2', 1.5, STYLE.duration),
          number('E2', 45103, STYLE.localDate),
          number('F2', 45103, STYLE.days),
          '<c r="G2" t="b"><v>1</v></c>',
        ),
    )
    const { columns, rows } = await transform(content)
    expect(columns.map(({ type }) => type)).to.deep.equal([
      'date',
      'timestamp',
      'string',
      'string',
      'date',
      'bigint',
      'boolean',
    ])
    const day = Date.UTC(2023, 5, 26) / 86_400_000
    expect(rows).to.deep.equal([
      {
        ca: day,
        cb: BigInt(Date.UTC(2023, 5, 26, 21, 5, 0)) * 1000n,
        cc: '12:00:00',
        cd: '36:00:00',
        ce: day,
        cf: 45103n,
        cg: true,
      },
    ])
  })

  it('counts days from 1900 with its 29 February, or from 1904', async () => {
    const cells = (style: number) =>
      [1, 59, 60, 61]
        .map((serial, i) => row(i + 2, number(`A${i + 2}`, serial, style), text(`B${i + 2}`, 'x')))
        .join('')
    const columns = { a: 'string', b: 'string' }
    const old = await transform(one(HEADER + cells(STYLE.date)), { columns })
    expect(old.rows.map(({ a }) => a)).to.deep.equal(['1900-01-01', '1900-02-28', '1900-02-29', '1900-03-01'])
    const mac = await transform(one(HEADER + cells(STYLE.date), { is1904: true }), { columns })
    expect(mac.rows.map(({ a }) => a)).to.deep.equal(['1904-01-02', '1904-02-29', '1904-03-01', '1904-03-02'])
    const typed = await transform(one(HEADER + cells(STYLE.date)), { columns: { a: 'date', b: 'string' } })
    expect(typed.rejected.map(({ line, column, reason }) => ({ line, column, reason }))).to.deep.equal([
      { line: 4n, column: 'a', reason: 'a: "1900-02-29" is not a date such as 2023-06-26' },
    ])
  })

  it('shared, rich and escaped texts; phonetic hints are no text', async () => {
    const strings = [
      '<t>plain &amp; &#229;</t>',
      '<r><t xml:space="preserve">rich </t></r><r><rPr><b/></rPr><t>text</t></r><rPh sb="0" eb="1"><t>hint</t></rPh>',
      '<t>two_x000D_\nlines _x005F_x0041_ "q"</t>',
      '<t/>',
    ]
    const { rows } = await transform(
      one(
        HEADER +
          row(2, shared('A2', 0), shared('B2', 1)) +
          row(3, shared('A3', 2), shared('B3', 3)) +
          row(
            4,
            '<c r="A4" t="str"><f>x</f><v>cached</v></c>',
            '<c r="B4" t="inlineStr"><is><r><t>i</t></r></is></c>',
          ),
        { strings },
      ),
    )
    expect(rows).to.deep.equal([
      { a: 'plain & å', b: 'rich text' },
      { a: 'two\r\nlines _x0041_ "q"', b: '' },
      { a: 'cached', b: 'i' },
    ])
  })

  it('errors and formulas without a value cost their row, with its number and what it holds', async () => {
    const { rows, rejected, rowsIn } = await transform(
      one(
        HEADER +
          row(2, text('A2', 'x'), '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>') +
          row(3, text('A3', 'y'), '<c r="B3"><f>SUM(A1)</f></c>') +
          row(4, text('A4', 'z'), '<c r="B4"><f>1+1</f><v>2</v></c>') +
          row(5, text('A5', 'w'), number('B5', 1), text('D5', 'beside')) +
          row(6, text('A6', 'nul_x0000_'), number('B6', 1)),
      ),
    )
    expect(rowsIn).to.equal(5)
    expect(rows).to.deep.equal([{ a: 'z', b: 2n }])
    expect(rejected.map(({ line, column, reason, raw }) => [line, column, reason, raw])).to.deep.equal([
      [2n, 'b', 'holds the error #DIV/0! in B2', '"x","#DIV/0!"'],
      [
        3n,
        'b',
        'has a formula without a value in B3: save the workbook in a program that calculates it',
        '"y",""',
      ],
      [5n, null, 'has a value in D5, outside of the columns of its table', '"w",1,"beside"'],
      [6n, 'a', 'holds a NUL character', '"nul\ufffd",1'],
    ])
    expect(rejected[0]).to.include({ byte_offset: null, byte_length: null })
  })

  it('values that do not fit are rejected with the number of their row, among the others', async () => {
    const { rows, rejected } = await transform(
      one(
        HEADER +
          row(3, text('A3', 'x'), number('B3', 1)) +
          row(5, number('A5', 1), number('B5', 2)) +
          row(6, number('A6', 2), '<c r="B6" t="e"><v>#N/A</v></c>') +
          row(9, number('A9', 1.5), number('B9', 2)),
      ),
      { columns: { a: 'integer', b: 'integer' } },
    )
    expect(rows).to.deep.equal([{ a: 1, b: 2 }])
    expect(rejected.map(({ line, column, raw }) => [line, column, raw])).to.deep.equal([
      [3n, 'a', '"x",1'],
      [6n, 'b', '2,"#N/A"'],
      [9n, 'a', '1.5,2'],
    ])
  })

  it('empty rows are passed over and counted, empty cells are null, the table may start anywhere', async () => {
    const warnings: string[] = []
    const content = one(
      row(3, text('C3', 'a'), text('D3', 'b')) +
        row(4, number('C4', 1)) +
        row(5, '<c r="C5" s="1"/>') +
        row(8, text('D8', 'x')) +
        row(9, '<c r="C9" s="1"/>'),
    )
    const { rows } = await transformText(
      place,
      content,
      { format: { type: 'xlsx' } },
      {
        onEvent: (event) => {
          if (event.type === 'warning') warnings.push(event.message)
        },
      },
    )
    expect(rows).to.deep.equal([
      { a: 1n, b: null },
      { a: null, b: 'x' },
    ])
    expect(warnings).to.deep.equal(['3 blank lines were passed over.'])
  })

  it('cells and rows without references stand where they come', async () => {
    const { rows } = await transform(
      one(
        `<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>`,
      ),
    )
    expect(rows).to.deep.equal([{ a: 1n, b: 2n }])
  })

  it('no header: columns by position', async () => {
    const format = { type: 'xlsx', header: false }
    const content = one(row(1, number('A1', 1), text('B1', 'x')) + row(2, number('A2', 2), text('B2', 'y')))
    expect((await transform(content, { format })).rows).to.deep.equal([
      { column_1: 1n, column_2: 'x' },
      { column_1: 2n, column_2: 'y' },
    ])
    const columns = { id: 'integer', name: 'string' }
    expect((await transform(content, { format, columns })).rows).to.deep.equal([
      { id: 1, name: 'x' },
      { id: 2, name: 'y' },
    ])
  })

  describe('sheets', () => {
    const sheets: Sheet[] = [
      { name: 'Hidden', rows: row(1, text('A1', 'h')) + row(2, number('A2', 1)), state: 'hidden' },
      { name: 'First &amp; one', rows: row(1, text('A1', 'x')) + row(2, number('A2', 2)) },
      { name: 'Second', rows: row(1, text('A1', 'y')) + row(2, number('A2', 3)) },
    ]

    it('the first that is not hidden, as "input"', async () => {
      const { rows, inputs } = await transform(workbook(sheets))
      expect(rows).to.deep.equal([{ x: 2n }])
      expect(inputs).to.deep.equal([{ name: 'input', columns: [{ name: 'x', type: 'bigint' }] }])
    })

    it('one by its name, with its own columns', async () => {
      const { rows, inputs } = await transform(workbook(sheets), {
        sheets: { second: { columns: { y: 'integer' } } },
      })
      expect(rows).to.deep.equal([{ y: 3 }])
      expect(inputs).to.deep.equal([{ name: 'second', columns: [{ name: 'y', type: 'integer' }] }])
      const any = await transform(workbook(sheets), { sheets: { 'First & one': null } })
      expect(any.rows).to.deep.equal([{ x: 2n }])
    })

    it('one that is not there: SHEET_NOT_FOUND, with those that are', async () => {
      const error = await failure(transform(workbook(sheets), { sheets: { Third: null } }))
      expect(error.code).to.equal('SHEET_NOT_FOUND')
      expect(error.suggestions).to.deep.equal(['Its sheets: "Hidden", "First & one", "Second".'])
    })

    it('several without sql: a usage error', async () => {
      const error = await failure(transform(workbook(sheets), { sheets: { Second: null, Hidden: null } }))
      expect(error.code).to.equal('SHEETS_NEED_SQL')
      expect(error.exitCode).to.equal(2)
    })
  })

  describe('what is no workbook', () => {
    const good = () => Buffer.from(one(HEADER + row(2, number('A2', 1), number('B2', 2))))
    const cases: [name: string, content: () => Uint8Array, code: string, message: RegExp][] = [
      ['CSV', () => Buffer.from('a,b\n1,2\n'), 'NOT_XLSX', /is text, not an Excel workbook \(\.xlsx\)\.$/],
      [
        'an old or protected workbook',
        () => Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        'NOT_XLSX',
        /is an old Excel or Word file \(\.xls, \.doc\), or a workbook protected with a password/,
      ],
      [
        'another ZIP archive',
        () => workbook([], { parts: { '_rels/.rels': Buffer.from('<Relationships/>') } }),
        'NOT_XLSX',
        /is a ZIP archive without a workbook in it/,
      ],
      [
        'an OpenDocument sheet',
        () => workbook([], { parts: { mimetype: Buffer.from('x') } }),
        'NOT_XLSX',
        /OpenDocument/,
      ],
      ['no sheet', () => workbook([]), 'NOT_XLSX', /is a workbook without a worksheet/],
      ['one that is cut off', () => good().subarray(0, good().length - 30), 'XLSX_DAMAGED', /it is cut off/],
      [
        'a document type (entities that expand)',
        () =>
          workbook([{ name: 'S', rows: '' }], {
            parts: {
              'xl/worksheets/sheet0.xml': Buffer.from(
                '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>',
              ),
            },
          }),
        'XLSX_DAMAGED',
        /it has a document type/,
      ],
      [
        'XML that ends too early',
        () =>
          workbook([{ name: 'S', rows: '' }], {
            parts: { 'xl/worksheets/sheet0.xml': Buffer.from('<worksheet><sheetData><row r="1">') },
          }),
        'XLSX_DAMAGED',
        /it ends too early/,
      ],
      ['an empty sheet', () => one(''), 'FILE_EMPTY', /holds nothing\.$/],
      ['a header alone', () => one(HEADER), 'FILE_HAS_NO_ROWS', /has a header and no rows\.$/],
      [
        'values instead of a header',
        () => one(row(1, number('A1', 1), number('B1', 2)) + row(2, number('A2', 1), number('B2', 2))),
        'HEADER_LOOKS_LIKE_DATA',
        /holds values, not column names\.$/,
      ],
    ]
    for (const [name, content, code, message] of cases) {
      it(`${name}: ${code}`, async () => {
        const error = await failure(transform(content()))
        expect(error.code).to.equal(code)
        expect(error.message).to.match(message)
        expect(await place.published()).to.deep.equal([])
      })
    }

    it('a part with one wrong byte, whether packed or not: XLSX_DAMAGED', async () => {
      const xml = `<worksheet><sheetData>${HEADER}${row(2, text('A2', 'value'), number('B2', 1))}</sheetData></worksheet>`
      for (const level of [0, 6] as const) {
        const part = 'xl/worksheets/sheet0.xml'
        const parts = { [part]: [Buffer.from(xml), { level }] as [Buffer, { level: 0 | 6 }] }
        const content = Buffer.from(workbook([{ name: 'S', rows: '' }], { parts }))
        const at = level === 0 ? content.indexOf('value') : content.indexOf(part) + part.length + 20
        content[at] = (content[at] ?? 0) ^ 1
        expect((await failure(transform(content))).code, String(level)).to.equal('XLSX_DAMAGED')
      }
    })
  })

  it('a ZIP that unpacks to more than the limit is stopped there', async () => {
    const file = await place.file('bomb.xlsx', workbook([], { parts: { bomb: new Uint8Array(20_000_000) } }))
    const zip = await Zip.open(file, 1_000_000)
    let seen = 0
    let error: unknown
    try {
      for await (const chunk of zip.read('bomb')) seen += chunk.length
    } catch (caught) {
      error = caught
    }
    await zip.close()
    expect(error).to.be.instanceOf(TooLarge)
    expect(seen).to.be.at.most(1_000_000)
  })

  const codes: [code: string, style: string][] = [
    ['General', 'number'],
    ['0.00', 'number'],
    ['#,##0.00 "days"', 'number'],
    ['[Red]-0.0;0', 'number'],
    ['yyyy-mm-dd', 'date'],
    ['mmm', 'date'],
    ['[$-F800]dddd, mmmm dd, yyyy', 'date'],
    ['dd/mm/yyyy hh:mm', 'datetime'],
    ['hh:mm AM/PM', 'time'],
    ['mm:ss.0', 'time'],
    ['[h]:mm:ss', 'duration'],
    [String.raw`0\d`, 'number'],
  ]
  for (const [code, style] of codes)
    it(`the format ${code} shows a ${style}`, () => expect(styleOf(code)).to.equal(style))
})
