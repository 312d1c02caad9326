import { expect } from 'chai'
import { parseConfig } from '../../src/config/load.js'
import { UsageError } from '../../src/errors.js'

function messages(...lines: string[]): string[] {
  try {
    parseConfig(['datasets:', '  t:', ...lines.map((line) => `    ${line}`)].join('\n'), 'f')
    return []
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { problems } = error.result as { problems: { message: string }[] }
    return problems.map(({ message }) => message)
  }
}

const column = (text: string) => messages(`columns: { a: { ${text} } }`)
const check = (text: string) => messages('columns: { a: integer, t: timestamp }', `checks: [${text}]`)

describe('rules of declared columns in the configuration', () => {
  it('takes what fits the type', () => {
    for (const text of [
      'type: integer, min: -5, max: "+10", values: [1, 2]',
      'type: bigint, min: "-9223372036854775808", max: "9223372036854775807"',
      'type: "decimal(5,2)", min: -999.99, max: 999.99, values: ["1.50"]',
      'type: double, min: 1e-3, nan: true',
      'type: date, min: 2024-02-29, max: 9999-12-31',
      'type: timestamp, min: 2023-06-26, max: "2023-06-26 21:05:00.474245"',
      'type: timestamptz, min: 2023-06-26T21:05:00Z, max: "2023-06-27 21:05:00 +02:00"',
      'type: string, values: [a, 1], pattern: "[a-z]+"',
      'type: boolean, values: [true]',
      'type: string, optional: true',
    ]) {
      expect(column(text), text).to.deep.equal([])
    }
  })

  const wrong: [text: string, message: string][] = [
    [
      'type: integer, min: low',
      '`datasets.t.columns.a.min` must be a whole number of the type integer, as the column is integer.',
    ],
    [
      'type: integer, max: 2147483648',
      '`datasets.t.columns.a.max` must be a whole number of the type integer, as the column is integer.',
    ],
    // YAML gives a rounded number.
    [
      'type: bigint, max: 9223372036854775807',
      '`datasets.t.columns.a.max` must be a whole number of the type bigint, as the column is bigint.',
    ],
    [
      'type: "decimal(5,2)", min: 1.255',
      '`datasets.t.columns.a.min` must be a number that a decimal(5,2) holds exactly, as the column is decimal(5,2).',
    ],
    [
      'type: double, min: "1e999"',
      '`datasets.t.columns.a.min` must be a finite number, as the column is double.',
    ],
    [
      'type: date, min: 2023-02-29',
      '`datasets.t.columns.a.min` must be a date such as 2023-06-26, as the column is date.',
    ],
    [
      'type: timestamp, max: 2023-06-26T21:05:00Z',
      '`datasets.t.columns.a.max` must be a time such as 2023-06-26 21:05:00, without an offset, as the column is timestamp.',
    ],
    [
      'type: timestamptz, max: "2023-06-26 24:00:00"',
      '`datasets.t.columns.a.max` must be a time such as 2023-06-26T21:05:00Z, or one without an offset, as the column is timestamptz.',
    ],
    [
      'type: date, min: 2023-02-02, max: 2023-02-01',
      '`datasets.t.columns.a.min` is above `max`: no value fits.',
    ],
    [
      'type: bigint, min: "9007199254740993", max: "9007199254740992"',
      '`datasets.t.columns.a.min` is above `max`: no value fits.',
    ],
    [
      'type: string, min: a',
      '`datasets.t.columns.a.min` is for numbers, dates and times; the column is string.',
    ],
    ['type: integer, pattern: "[0-9]"', '`datasets.t.columns.a.pattern` is for text; the column is integer.'],
    ['type: integer, nan: true', '`datasets.t.columns.a.nan` is for double; the column is integer.'],
    [
      'type: boolean, values: ["yes"]',
      '`datasets.t.columns.a.values[0]` must be true or false, as the column is boolean.',
    ],
    [
      'type: string, nullable: false, optional: true',
      '`datasets.t.columns.a.optional` contradicts `nullable: false`: rows of a file without the column have no value.',
    ],
    [
      'type: varchar',
      '`datasets.t.columns.a.type` is not a column type: use string, boolean, integer, bigint, double, decimal(p,s), date, timestamp or timestamptz; found "varchar".',
    ],
    ['type: integer, minn: 1', 'unknown key `minn` in `datasets.t.columns.a`. Did you mean `min`?'],
    ['nullable: false', '`datasets.t.columns.a.type` is missing.'],
    [
      'type: integer, nullable: maybe',
      '`datasets.t.columns.a.nullable` must be true or false; found "maybe".',
    ],
  ]
  for (const [text, message] of wrong) {
    it(`refuses { ${text} }`, () => {
      expect(column(text)).to.deep.equal([message])
    })
  }

  it('looks at the columns of sheets too', () => {
    expect(
      messages('format: { type: xlsx }', 'sheets: { One: { columns: { a: { type: date, min: soon } } } }'),
    ).to.deep.equal([
      '`datasets.t.sheets.One.columns.a.min` must be a date such as 2023-06-26, as the column is date.',
    ])
  })
})

describe('checks in the configuration', () => {
  it('takes every kind', () => {
    expect(
      check(
        '"a > 0", { sql: "a < 9", name: small, severity: warn }, { not_null: a }, { unique: [a, t], severity: fail }, ' +
          '{ row_count: { min: 1, max: 9 } }, { freshness: { column: t, within: 36h } }',
      ),
    ).to.deep.equal([])
  })

  const wrong: [text: string, message: string][] = [
    ['5', '`datasets.t.checks[0]` must be text or a mapping; found 5.'],
    ['{}', '`datasets.t.checks[0]` needs sql, not_null, unique, row_count or freshness; found a mapping.'],
    ['{ sq: "a > 0" }', 'unknown key `sq` in `datasets.t.checks[0]`. Did you mean `sql`?'],
    [
      '{ sql: "a > 0", severty: warn }',
      'unknown key `severty` in `datasets.t.checks[0]`. Did you mean `severity`?',
    ],
    [
      '{ sql: "a > 0", severity: bad }',
      '`datasets.t.checks[0].severity` must be warn, reject or fail; found "bad".',
    ],
    [
      '{ row_count: { min: 1 }, severity: reject }',
      '`datasets.t.checks[0].severity` must be warn or fail; found "reject".',
    ],
    ['{ row_count: {} }', '`datasets.t.checks[0].row_count` needs `min` or `max`.'],
    [
      '{ row_count: { min: 5, max: 3 } }',
      '`datasets.t.checks[0].row_count.min` is above `max`: no file fits.',
    ],
    [
      '{ freshness: { column: t, within: soon } }',
      '`datasets.t.checks[0].freshness.within` must be a duration such as 90m, 36h or 7d; found "soon".',
    ],
    [
      '{ freshness: { column: a, within: 1d } }',
      '`datasets.t.checks[0].freshness.column` needs a date or a timestamp; the column is integer.',
    ],
    ['{ unique: [] }', '`datasets.t.checks[0].unique` must not be empty; found a list.'],
    [
      '{ unique: [a, b] }',
      '`datasets.t.checks[0].unique[1]` names the column `b`, which the dataset does not declare.',
    ],
    [
      '"a > 0", { sql: "a < 1", name: "a > 0" }',
      '`datasets.t.checks[1]` is called "a > 0", as `checks[0]` is: give it a `name` of its own.',
    ],
  ]
  for (const [text, message] of wrong) {
    it(`refuses ${text}`, () => {
      expect(check(text)).to.deep.equal([message])
    })
  }

  it('is for datasets of one table', () => {
    expect(
      messages(
        'format: { type: xlsx }',
        'sheets: { A: {}, B: {} }',
        'sql: select 1 from "A"',
        'checks: ["a > 0"]',
      ),
    ).to.deep.equal(['`datasets.t.checks` is for datasets of one table; this one reads several sheets.'])
  })
})
