import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformFiles } from '../../../src/operate/transform-files.js'
import { Workplace } from '../support/files.js'

const ROWS = 1_000_000
const CHUNK = 10_000

describe('a million rows through what `datapipe transform` calls', function () {
  this.timeout(600_000)
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  const isIn = (block: number, from: number, to: number) => block >= from && block < to
  // Sizes at which DuckDB's own reject handling lost good rows.
  const cases: [name: string, isBad: (index: number) => boolean, bad: (index: number) => string][] = [
    ['a block of 15,000 short rows', (i) => isIn(i, 500_000, 515_000), (i) => `${i},short`],
    [
      '5,000 good rows, 5,000 bad values, and so on',
      (i) => Math.floor(i / 5000) % 2 === 1,
      (i) => `${i},x,text`,
    ],
  ]
  for (const [name, isBad, bad] of cases) {
    it(name, async () => {
      const file = join(place.path, 'data.csv')
      const handle = await open(file, 'w')
      await handle.write('id,value,name\n')
      let rejected = 0
      let sum = 0
      for (let from = 0; from < ROWS; from += CHUNK) {
        const lines: string[] = []
        for (let i = from; i < from + CHUNK; i++) {
          lines.push(isBad(i) ? bad(i) : `${i},${i}.5,a name for row ${i} that takes some room`)
          if (isBad(i)) rejected += 1
          else sum += i
        }
        await handle.write(`${lines.join('\n')}\n`)
      }
      await handle.close()

      const columns = { id: 'bigint', value: 'double', name: 'string' }
      const result = await transformFiles({
        files: [file],
        out: place.out,
        dataset: 'data',
        datasets: { data: datasetSchema.parse({ columns, rejects: { max: '100%' } }) },
        signal: new AbortController().signal,
        onEvent: () => undefined,
      })
      expect([result.rowsIn, result.rowsOut, result.rowsRejected]).to.deep.equal([
        ROWS,
        ROWS - rejected,
        rejected,
      ])

      const instance = await DuckDBInstance.create(':memory:')
      const connection = await instance.connect()
      const count = async (path: string, what: string) =>
        (await connection.runAndReadAll(`SELECT ${what} FROM read_parquet('${path}')`))
          .getRows()[0]
          ?.map(Number)
      const [output] = result.outputs
      const [rejects] = result.rejects
      expect(await count(output?.path ?? '', 'count(*), count(DISTINCT id), sum(id)')).to.deep.equal([
        ROWS - rejected,
        ROWS - rejected,
        sum,
      ])
      // The line of a row is its number and the header.
      expect(
        await count(
          rejects?.parquet ?? '',
          `count(*), bool_and(CAST(split_part(raw, ',', 1) AS BIGINT) = line - 2)`,
        ),
      ).to.deep.equal([rejected, 1])
      connection.closeSync()
      instance.closeSync()
    })
  }
})
