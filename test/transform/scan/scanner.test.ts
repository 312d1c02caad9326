import type { FileHandle } from 'node:fs/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { datasetSchema } from '../../../src/config/dataset.js'
import { dialectOf, splitFields, type Field } from '../../../src/transform/dialect.js'
import { RecordReader } from '../../../src/transform/records.js'
import { Scanner, type Scanned } from '../../../src/transform/scan/scanner.js'
import type { ColumnShape } from '../../../src/transform/scan/shapes.js'
import { fcRuns } from '../../support/fc-runs.js'

const { format } = datasetSchema.parse({})
const dialect = dialectOf(format)

/** @param cuts where the text is divided; each piece is added by itself */
function scanned(
  text: Buffer,
  columns: number,
  cuts: readonly number[] = [],
  decimal = '.',
): Scanned | undefined {
  const scanner = new Scanner(dialect, decimal, columns)
  const places = [...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]
  let from = 0
  for (const to of places) {
    while (from < to) {
      const { space } = scanner
      const bytes = Math.min(space.length, to - from)
      space.set(text.subarray(from, from + bytes))
      if (!scanner.add(bytes)) return undefined
      from += bytes
    }
  }
  return scanner.finish()
}

interface Read {
  records: Field[][]
  blankLines: number
  longest: number
  isRegular: boolean
}

/** The same by the reader that takes its time. */
async function read(text: Buffer, columns: number): Promise<Read> {
  const file = {
    read: (buffer: Buffer, offset: number, length: number, position: number) =>
      Promise.resolve({ bytesRead: text.copy(buffer, offset, position, position + length) }),
  } as unknown as FileHandle
  const reader = new RecordReader(file, dialect, columns)
  const result: Read = { records: [], blankLines: 0, longest: 0, isRegular: true }
  while (await reader.fill()) {
    while (reader.next()) {
      const { record } = reader
      result.records.push(splitFields(reader.text(), dialect))
      result.longest = Math.max(result.longest, record.byteLength)
      if (record.problem !== undefined || record.isUnusual) result.isRegular = false
    }
  }
  return { ...result, blankLines: reader.blankLines }
}

const NUMBER = /^-?(\d+)(?:\.(\d+))?$/
const DATE = /^([1-9]\d{3}-\d\d-\d\d)$/
const TIMESTAMP = /^([1-9]\d{3}-\d\d-\d\d)[ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/

function isInCalendar(date = ''): boolean {
  const time = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(date)
}

function formOf(text: string): ColumnShape['form'] {
  if (text === 'true' || text === 'false') return 'boolean'
  if (NUMBER.test(text) && text.length <= 32) return 'number'
  if (isInCalendar(DATE.exec(text)?.[1] ?? '-')) return 'date'
  return isInCalendar(TIMESTAMP.exec(text)?.[1] ?? '-') ? 'timestamp' : 'other'
}

/** The shape of a column, worked out from its fields another way. */
function shapeOf(fields: readonly Field[]): Partial<ColumnShape> {
  const hasEmpty = fields.some(({ text, quoted }) => text === '' && !quoted)
  const texts = fields.filter(({ text, quoted }) => text !== '' || quoted).map(({ text }) => text)
  const forms = new Set(texts.map(formOf))
  const form = forms.size === 0 ? 'none' : forms.size === 1 ? ([...forms][0] ?? 'other') : 'other'
  if (form === 'other') return { form }
  if (form !== 'number') return { form, hasEmpty }
  const numbers = texts.map((text) => ({
    text,
    whole: NUMBER.exec(text)?.[1] ?? '',
    fraction: NUMBER.exec(text)?.[2],
  }))
  return {
    form,
    hasEmpty,
    wholeDigits: Math.max(...numbers.map(({ whole }) => whole.length)),
    fractionDigits: Math.max(...numbers.map(({ fraction = '' }) => fraction.length)),
    longest: Math.max(...texts.map((text) => text.length)),
    leadingZero: numbers.some(({ whole }) => whole.length > 1 && whole.startsWith('0')),
    minusZero: texts.includes('-0'),
    longWhole: numbers.some(({ text, fraction }) => text.length > 15 && fraction === undefined),
  }
}

describe('the scan of CSV text', () => {
  const values = fc.oneof(
    fc.constantFrom(
      '',
      '""',
      '0',
      '-0',
      '007',
      '-',
      '-.5',
      '5.',
      '1.25',
      '-12',
      '1e5',
      '+1',
      '1_0',
      'true',
      'false',
      'True',
    ),
    fc.constantFrom(
      '2023-06-26',
      '2024-02-29',
      '2023-02-29',
      '1900-02-29',
      '2023-13-01',
      '2023-04-31',
      '0203-01-01',
    ),
    fc.constantFrom(
      '2023-06-26 21:05:00',
      '2023-06-26T21:05:00.474245',
      '2023-06-26 24:00:00',
      '2023-06-26 21:05',
    ),
    fc.constantFrom(
      '2023-06-26 21:05:00.',
      '2023-06-26 21:05:00.1234567',
      '2023-06-26 21:60:00',
      '2023-06-26 21:05:00Z',
    ),
    fc.constantFrom(
      '"a ""b"""',
      '"x\ny"',
      '"1"',
      '"two\r\nlines"',
      'å',
      '"€,"',
      '10.855276688682668',
      '123456789012345678',
    ),
    fc.stringMatching(/^-?\d{1,20}(\.\d{1,17})?$/),
    fc.stringMatching(/^\d{30,36}$/),
  )
  // Most columns have values of one kind, or nearly.
  const column = fc.oneof(
    values.map((value) => [value]),
    fc.array(values, { minLength: 1, maxLength: 3 }),
  )
  const flaws = fc.constantFrom('"', 'a"b', '"a"b', 'x,', '\n', '\r', '\0', '\u00ff')
  const table = fc
    .tuple(
      fc.array(column, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('\n', '\r\n'),
    )
    .chain(([columns, rows, end]) =>
      fc.record({
        columns: fc.constant(columns.length),
        lines: fc.array(
          fc.tuple(...columns.map((some) => fc.constantFrom(...some))).map((fields) => fields.join(',')),
          { minLength: rows, maxLength: rows },
        ),
        end: fc.constant(end),
        hasLastEnd: fc.boolean(),
        flaw: fc.option(fc.tuple(fc.nat(), flaws), { freq: 3 }),
        cuts: fc.array(fc.nat(), { maxLength: 4 }),
      }),
    )

  it('finds what a slow reader finds, wherever the text is cut, or leaves the text alone', async () => {
    let regular = 0
    await fc.assert(
      fc.asyncProperty(table, async ({ columns, lines, end, hasLastEnd, flaw, cuts }) => {
        let text = Buffer.from(lines.join(end) + (hasLastEnd ? end : ''))
        if (flaw !== null) {
          const at = flaw[0] % (text.length + 1)
          text = Buffer.concat([text.subarray(0, at), Buffer.from(flaw[1], 'latin1'), text.subarray(at)])
        }
        const found = scanned(text, columns, cuts)
        const expected = await read(text, columns)
        if (found === undefined) {
          // Only regular text without a flaw must be taken.
          expect(flaw !== null || !expected.isRegular || (end === '\r\n' && !hasLastEnd)).to.equal(true)
          return
        }
        regular += 1
        const { records, blankLines, longest, isRegular } = expected
        expect(isRegular).to.equal(true)
        expect({ ...found, hasQuotes: 0, shapes: 0 }).to.deep.equal({
          records: records.length,
          blankLines,
          longest,
          hasQuotes: 0,
          shapes: 0,
        })
        for (const [index, shape] of found.shapes.entries())
          expect(shape).to.include(
            shapeOf(records.map((fields) => fields[index] ?? { text: '', quoted: false })),
          )
      }),
      { numRuns: fcRuns(2000) },
    )
    expect(regular).to.be.greaterThan(fcRuns(2000) / 4)
  }).timeout(120_000)

  it('takes records and quotes that cross the end of its window', async () => {
    const line = `1,"${'x'.repeat(700)} ""q"" ${'y\n'.repeat(50)}"\n`
    const text = Buffer.from(line.repeat(5000))
    expect(scanned(text, 2)).to.include({ records: 5000, longest: line.length - 1, hasQuotes: true })
  })

  it('leaves a record longer than its window to others', () => {
    expect(scanned(Buffer.from(`a,${'x'.repeat(2_000_000)}\n`), 2)).to.equal(undefined)
  })

  it('knows numbers by the decimal mark of the format', () => {
    const shapes = scanned(Buffer.from('"3,14"\n"2,5"\n'), 1, [], ',')?.shapes
    expect(shapes?.[0]).to.include({ form: 'number', wholeDigits: 1, fractionDigits: 2 })
    expect(scanned(Buffer.from('3.14\n'), 1, [], ',')?.shapes[0]?.form).to.equal('other')
  })

  it('finds bytes that are not UTF-8 and NUL in any place', () => {
    for (const bad of [0x00, 0xff, 0xc3]) {
      for (const place of [0, 15, 16, 31, 40]) {
        const text = Buffer.from(`${'a'.repeat(60)}\n`)
        text[place] = bad
        expect(scanned(text, 1), `${bad} at ${place}`).to.equal(undefined)
      }
    }
  })
})
