import { expect } from 'chai'
import fc from 'fast-check'
import { fcRuns } from '../../support/fc-runs.js'
import { transformPath, Workplace, type Row } from '../support/files.js'
import { expectedOf, type Expected } from './expected.js'
import { fileOf, tables, type GeneratedTable } from './tables.js'

/** Cases at the same time: as many as small machines have cores. */
const AT_ONCE = 2
const CASES = fcRuns(1000)

describe('generated tables', () => {
  const configOf = ({ columns, format, isDeclared }: GeneratedTable, type: 'csv' | 'jsonl') => ({
    format: { ...format, type },
    columns: isDeclared
      ? Object.fromEntries(columns.map(({ name, ...column }) => [name, column]))
      : undefined,
  })

  /** Decimals come as doubles: 0.07 can be 7 x 0.01. And DuckDB writes -0 as 0 where a column has both. */
  const comparable = (rows: readonly Row[], columns: Expected['columns']) =>
    rows.map((row) =>
      Object.fromEntries(
        columns.map(({ name, type }) => {
          const value = row[name]
          if (typeof value !== 'number') return [name, value]
          const scale = /^decimal\(\d+,(\d+)\)$/.exec(type)?.[1]
          return [name, scale === undefined ? value + 0 : value.toFixed(Number(scale))]
        }),
      ),
    )

  async function checkCsv(place: Workplace, table: GeneratedTable): Promise<Expected> {
    const file = fileOf(table)
    const expected = expectedOf(table, file)
    fc.pre(expected.rows.length + expected.rejected.length > 0)
    const path = await place.file('table.csv', file)
    const result = await transformPath(place, path, configOf(table, 'csv'), { threads: 1 })
    expect(result.columns).to.deep.equal(expected.columns)
    expect(comparable(result.rows, expected.columns)).to.deep.equal(
      comparable(expected.rows, expected.columns),
    )
    expect(result.rowsIn).to.equal(expected.rows.length + expected.rejected.length)
    const places = result.rejected.map(({ byte_length, byte_offset, column, line, raw }) => ({
      line: Number(line),
      byteOffset: Number(byte_offset),
      byteLength: Number(byte_length),
      raw,
      column,
    }))
    expect(places).to.deep.equal(expected.rejected.map(({ reason: _, ...reject }) => reject))
    for (const [index, { reason }] of expected.rejected.entries()) {
      const found = String(result.rejected[index]?.reason)
      if (typeof reason === 'string') expect(found).to.equal(reason)
      else expect(found).to.match(new RegExp(`^${reason.map((name) => `${name}: [^]*`).join('; ')}$`))
    }
    return expected
  }

  /** The same records as JSON lines, each value a text. */
  async function checkJsonLines(place: Workplace, table: GeneratedTable, expected: Expected): Promise<void> {
    const lines = expected.records.map((fields) => {
      const members = expected.columns.flatMap(({ name }, index) => {
        const field = fields[index]
        return field === undefined || (field.text === '' && !field.isQuoted) ? [] : [[name, field.text]]
      })
      return JSON.stringify(Object.fromEntries(members))
    })
    const path = await place.file('table.jsonl', lines.map((line) => `${line}\n`).join(''))
    const result = await transformPath(place, path, configOf(table, 'jsonl'), { threads: 1 })
    expect(comparable(result.rows, expected.columns)).to.deep.equal(
      comparable(expected.rows, expected.columns),
    )
    expect(result.rejected.map(({ column }) => column)).to.deep.equal(
      expected.rejected.flatMap(({ column }) => column ?? []),
    )
  }

  /** Runs a property in several places at the same time, so many cases in all. */
  async function holds(cases: number, check: (place: Workplace, table: GeneratedTable) => Promise<void>) {
    const places = await Promise.all(Array.from({ length: AT_ONCE }, () => Workplace.make()))
    try {
      const runs = await Promise.allSettled(
        places.map((place) =>
          fc.assert(
            fc.asyncProperty(tables, (table) => check(place, table)),
            { numRuns: Math.ceil(cases / AT_ONCE) },
          ),
        ),
      )
      const failed = runs.find((run) => run.status === 'rejected')
      if (failed) throw failed.reason
    } finally {
      for (const place of places) await place.remove()
    }
  }

  it(`${CASES} files: columns, types, rows and rejects are those of an independent computation`, async () => {
    await holds(CASES, async (place, table) => {
      await checkCsv(place, table)
    })
  }).timeout(1_800_000)

  it('as JSON lines they are the same rows', async () => {
    await holds(fcRuns(100), async (place, table) => {
      // Texts of JSON have no decimal comma, and types that nobody declared are those of JSON.
      const plain = { ...table, isDeclared: true, format: { ...table.format, decimal: '.' as const } }
      delete plain.format.thousands
      const expected = expectedOf(plain, fileOf(plain))
      fc.pre(
        expected.records.some((fields) => fields.some((field) => field !== undefined && field.text !== '')),
      )
      await checkJsonLines(place, plain, expected)
    })
  }).timeout(1_800_000)
})
