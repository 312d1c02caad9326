import { expect } from 'chai'
import fc from 'fast-check'
import { fcRuns } from '../../support/fc-runs.js'
import { transformText, Workplace, type Row } from '../support/files.js'

/** A column of a contract, with what the same rules say in TypeScript. */
interface Rules {
  nullable: boolean
  min?: string
  max?: string
  values?: string[]
  pattern?: string
}

interface Kind {
  type: string
  /** Texts of fields, right and wrong. */
  texts: string[]
  bounds: string[]
  values: string[]
  patterns: string[]
  /** The value of a text; undefined: it has none of this type. Compared by `<` and `===`. */
  read: (text: string) => number | string | undefined
  /** As the Parquet reader gives it. */
  written: (value: number | string) => unknown
}

const days = (text: string) => Date.parse(`${text}T00:00:00Z`) / 86_400_000

const KINDS: Kind[] = [
  {
    type: 'integer',
    texts: [
      '0',
      '1',
      '-7',
      '+7',
      '007',
      '42',
      '2147483647',
      '2147483648',
      '3.0',
      '1e2',
      '',
      ' 5 ',
      'x',
      '1_0',
    ],
    bounds: ['-7', '0', '5', '42'],
    values: ['0', '1', '7', '42', '2147483647'],
    patterns: [],
    read: (text) => {
      const trimmed = text.trim()
      const value = Number(trimmed)
      return /^[+-]?\d+$/.test(trimmed) && value <= 2 ** 31 - 1 && value >= -(2 ** 31) ? value : undefined
    },
    written: (value) => value,
  },
  {
    type: 'decimal(5,2)',
    texts: ['0', '1.25', '-1.25', '999.99', '1000', '1.255', '1.250', '.5', '5.', '1e1', 'NaN', ''],
    bounds: ['-1.25', '0', '1.25', '999.99'],
    values: ['0', '1.25', '0.50', '5'],
    patterns: [],
    read: (text) => {
      const [, whole = '', fraction = ''] = /^[+-]?(\d*)\.?(\d*)$/.exec(text) ?? []
      const isNumber = (whole + fraction).length > 0
      const fits = whole.replace(/^0+/, '').length <= 3 && fraction.replace(/0+$/, '').length <= 2
      return isNumber && fits ? Math.round(Number(text) * 100) / 100 : undefined
    },
    written: (value) => value,
  },
  {
    type: 'date',
    texts: [
      '2023-06-26',
      '2023-02-28',
      '2023-02-29',
      '2024-02-29',
      '2023-02-30',
      '26.06.2023',
      '2023-13-01',
      '',
    ],
    bounds: ['2023-02-28', '2023-06-26', '2024-02-29'],
    values: ['2023-06-26', '2024-02-29'],
    patterns: [],
    read: (text) => {
      if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined
      const day = new Date(`${text}T00:00:00Z`)
      return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) ? days(text) : undefined
    },
    written: (value) => value,
  },
  {
    type: 'string',
    texts: ['a', 'ab', 'B', '', '""', '"a,b"', '"say ""x"""', ' a', 'å', '"two\nlines"'],
    bounds: [],
    values: ['a', 'ab', '', 'å', 'a,b'],
    patterns: ['[a-z]+', '.?', 'a.*', '(a|å|B)'],
    read: (text) => text,
    written: (value) => value,
  },
  {
    type: 'boolean',
    texts: ['true', 'FALSE', 'yes', '1', ''],
    bounds: [],
    values: ['true'],
    patterns: [],
    read: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() : undefined),
    written: (value) => value === 'true',
  },
]

const column = fc.constantFrom(...KINDS).chain((kind) => {
  const some = (from: string[]) =>
    from.length === 0
      ? fc.constant(undefined)
      : fc.option(fc.constantFrom(...from), { nil: undefined, freq: 1 })
  const rules = fc.record({
    nullable: fc.boolean(),
    min: some(kind.bounds),
    max: some(kind.bounds),
    values: fc.option(fc.uniqueArray(fc.constantFrom(...kind.values), { minLength: 1 }), {
      nil: undefined,
      freq: 1,
    }),
    pattern: some(kind.patterns),
  })
  return fc.record({ kind: fc.constant(kind), rules })
})

/** null: no value; undefined: rejected. */
function valueOf(kind: Kind, rules: Rules, field: string): number | string | null | undefined {
  const isQuoted = field.startsWith('"')
  const text = isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field
  if (text === '' && !(isQuoted && kind.type === 'string')) return rules.nullable ? null : undefined
  const value = kind.read(text)
  if (value === undefined) return undefined
  const of = (configured: string) => kind.read(configured) ?? NaN
  if (rules.min !== undefined && value < of(rules.min)) return undefined
  if (rules.max !== undefined && value > of(rules.max)) return undefined
  if (rules.values !== undefined && !rules.values.map(of).includes(value)) return undefined
  // In RE2 and in JavaScript a point is no line end.
  if (rules.pattern !== undefined && !new RegExp(`^(?:${rules.pattern})$`, 'u').test(String(value)))
    return undefined
  return value
}

describe('a contract', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const table = fc
    .record({
      columns: fc.array(column, { minLength: 1, maxLength: 4 }),
      isUnique: fc.boolean(),
      isReversed: fc.boolean(),
    })
    .chain((contract) => {
      const fields = contract.columns.map(({ kind }) => fc.constantFrom(...kind.texts))
      const damage = fc.constantFrom('none', 'none', 'none', 'none', 'more', 'less')
      const row = fc.record({ fields: fc.tuple(...fields), damage }).map((made) =>
        // A record over two lines with a wrong number of fields costs its first line; see the rows that add up.
        made.fields.some((field) => field.includes('\n')) ? { ...made, damage: 'none' } : made,
      )
      return fc.record({
        contract: fc.constant(contract),
        rows: fc.array(row, { minLength: 1, maxLength: 40 }),
      })
    })

  it('whatever it says and whatever the rows are: accepted and rejected are those of an independent computation', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ contract, rows }) => {
        const { columns, isReversed, isUnique } = contract
        const names = columns.map((_, index) => `c${index}`)
        const inFile = <T>(items: readonly T[]) => (isReversed ? [...items].reverse() : [...items])
        // The first column keeps a line from being blank.
        const records = rows.map(({ fields, damage }, index) => {
          const own = [String(index), ...inFile(fields)]
          if (damage === 'more') own.push('surplus')
          return (damage === 'less' ? own.slice(0, -1) : own).join(',')
        })
        const result = await transformText(
          place,
          ['n', ...inFile(names)].join(',') + `\n${records.join('\n')}\n`,
          {
            columns: {
              n: 'integer',
              ...Object.fromEntries<unknown>(
                columns.map(({ kind, rules: { values, ...rules } }, index) => [
                  names[index] ?? '',
                  { type: kind.type, ...rules, values: kind.type === 'boolean' && values ? [true] : values },
                ]),
              ),
            },
            checks: [`n % 7 <> 3`, ...(isUnique ? [{ unique: ['c0'] }] : [])],
          },
        )

        const expected: Row[] = []
        const seen = new Set<number | string>()
        for (const [index, { fields, damage }] of rows.entries()) {
          const values = columns.map(({ kind, rules }, at) => valueOf(kind, rules, fields[at] ?? ''))
          if (damage !== 'none' || index % 7 === 3 || values.includes(undefined)) continue
          const key = values[0]
          if (isUnique && key !== null && key !== undefined) {
            if (seen.has(key)) continue
            seen.add(key)
          }
          const written = values.map((value, at) =>
            value === null || value === undefined ? null : columns[at]?.kind.written(value),
          )
          expected.push({ n: index, ...Object.fromEntries(names.map((name, at) => [name, written[at]])) })
        }
        expect(result.rows).to.deep.equal(expected)
        expect(result.rowsIn).to.equal(rows.length)
        expect(result.rowsRejected).to.equal(rows.length - expected.length)
        const kept = new Set(expected.map(({ n }) => n))
        const lost = records.filter((_, index) => !kept.has(index))
        expect(result.rejected.map(({ raw }) => raw)).to.deep.equal(lost)
      }),
      { numRuns: fcRuns(60) },
    )
  }).timeout(1_200_000)
})
