import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { DuckDBInstance } from '@duckdb/node-api'
import { fold } from '../../../src/transform/merge/fold.js'
import { readParquet, Workplace, type Row } from '../support/files.js'

const COLUMNS = [
  { name: 'id', type: 'integer' },
  { name: 'part', type: 'string' },
  { name: 'value', type: 'bigint' },
]

interface SourceRow {
  id: number
  part: string
  value: number
}

const row = fc.record({
  id: fc.integer({ min: 0, max: 6 }),
  part: fc.constantFrom('x', 'y', ''),
  value: fc.integer({ min: 0, max: 1000 }),
})
const sources = fc.array(fc.array(row, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 })

describe('fold', function () {
  this.timeout(120_000)
  let place: Workplace
  let files = 0
  beforeEach(async () => {
    place = await Workplace.make()
    await mkdir(place.scratch)
  })
  afterEach(() => place.remove())

  const parquet = async (select: string) => {
    const path = join(place.scratch, `source-${files++}.parquet`)
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
    connection.closeSync()
    instance.closeSync()
    return path
  }
  const source = (rows: readonly SourceRow[]) =>
    parquet(
      `SELECT id::INTEGER AS id, part, value::BIGINT AS value FROM (VALUES ${rows
        .map(({ id, part, value }) => `(${id}, '${part}', ${value})`)
        .join(', ')}) t(id, part, value)`,
    )
  const folded = async (paths: readonly string[], base: readonly string[] = [], key = ['id', 'part']) => {
    const out = join(place.scratch, `out-${files++}`)
    await mkdir(out)
    const made = await fold(
      { table: 't', sources: paths, base, key, columns: COLUMNS, out },
      { scratch: place.scratch, memoryLimitMb: 256, threads: 2 },
    )
    const rows: Row[] = []
    for (const { path } of made) rows.push(...(await readParquet(path)))
    return { paths: made.map(({ path }) => path), rows }
  }

  it('keeps of each key the row of the latest source and the last line, as counted by other means; at once and step by step', async () => {
    await fc.assert(
      fc.asyncProperty(sources, async (lists) => {
        const expected = new Map<string, SourceRow>()
        for (const rows of lists) for (const each of rows) expected.set(`${each.id} ${each.part}`, each)
        const wanted = [...expected.values()]
          .sort((a, b) => a.id - b.id || (a.part < b.part ? -1 : 1))
          .map(({ id, part, value }) => ({ id, part, value: BigInt(value) }))

        const paths: string[] = []
        for (const rows of lists) paths.push(await source(rows))
        expect((await folded(paths)).rows).to.deep.equal(wanted)

        let base: string[] = []
        let last: Row[] = []
        for (const path of paths) {
          const step = await folded([path], base)
          base = step.paths
          last = step.rows
        }
        expect(last).to.deep.equal(wanted)
      }),
      { numRuns: 25 },
    )
  })

  it('without a key, keeps every row in its order', async () => {
    const a = await source([
      { id: 2, part: 'x', value: 1 },
      { id: 1, part: 'x', value: 2 },
    ])
    const b = await source([{ id: 2, part: 'x', value: 3 }])
    const { rows } = await folded([a, b], [], [])
    expect(rows.map(({ value }) => value)).to.deep.equal([1n, 2n, 3n])
  })

  it('files of before and after a column came and a type grew', async () => {
    const old = await parquet(`SELECT 1::INTEGER AS id, 'x' AS part, 7::INTEGER AS value`)
    const young = await parquet(`SELECT 2::INTEGER AS id, 'x' AS part, 8::BIGINT AS value, 'new' AS note`)
    const expected = [
      { id: 1, part: 'x', value: 7n, note: undefined },
      { id: 2, part: 'x', value: 8n, note: 'new' },
    ]
    for (const { rows } of [
      await folded([old, young]),
      await folded([young, old]),
      await folded([young], [old]),
    ]) {
      expect(
        rows.map(({ id, part, value, note }) => ({ id, part, value, note: note ?? undefined })),
      ).to.deep.equal(expected)
    }
  })

  it('a partition whose column is the whole key has one row', async () => {
    const a = await parquet(`SELECT 1::INTEGER AS id`)
    const b = await parquet(`SELECT * FROM (VALUES (2::INTEGER), (3::INTEGER)) t(id)`)
    expect((await folded([a, b], [], ['day'])).rows).to.deep.equal([{ id: 3 }])
    expect((await folded([b], [a], ['day'])).rows).to.deep.equal([{ id: 3 }])
  })
})
