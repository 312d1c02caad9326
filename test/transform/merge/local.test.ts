import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { datasetSchema } from '../../../src/config/dataset.js'
import { transformMerged } from '../../../src/transform/merge/transform-merged.js'
import { failure, readParquet, Workplace } from '../support/files.js'

const config = datasetSchema.parse({
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
})
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`

describe('a local folder of a dataset with a key', function () {
  this.timeout(60_000)
  let place: Workplace
  beforeEach(async () => {
    place = await Workplace.make()
  })
  afterEach(() => place.remove())

  const transform = async (name: string, modified: string, ...rows: string[]) => {
    const file = await place.file(name, csv(...rows))
    await utimes(file, new Date(modified), new Date(modified))
    return transformMerged({ file, dataset: 'orders', config, out: place.out, scratch: place.scratch })
  }
  const read = async (day: string) => {
    const rows = await readParquet(join(place.out, `orders/day=${day}/data.parquet`))
    return rows.map(({ id, value }) => `${String(id)} ${String(value)}`)
  }

  it('has one file per partition, in which the file modified last wins, whatever the order of the runs', async () => {
    await transform('b.csv', '2026-02-02', '2026-01-01,1,b', '2026-01-02,5,b')
    const { outputs } = await transform('a.csv', '2026-02-01', '2026-01-01,1,a', '2026-01-01,2,a')
    expect(outputs.map(({ path, rows }) => [path, rows])).to.deep.equal([
      ['orders/day=2026-01-01/data.parquet', 2],
    ])
    expect(await read('2026-01-01')).to.deep.equal(['1 b', '2 a'])
    const before = await place.published()
    expect(before.filter((path) => path.startsWith('orders/'))).to.deep.equal([
      'orders/day=2026-01-01/data.parquet',
      'orders/day=2026-01-02/data.parquet',
    ])

    await transform('b.csv', '2026-02-03', '2026-01-01,3,corrected')
    expect(await read('2026-01-01')).to.deep.equal(['1 a', '2 a', '3 corrected'])
    expect((await place.published()).filter((path) => path.startsWith('orders/'))).to.deep.equal([
      'orders/day=2026-01-01/data.parquet',
    ])
  })

  it('keeps the rejects of a file that is refused', async () => {
    const error = await failure(transform('a.csv', '2026-02-01', 'never,1,a'))
    expect(error.code).to.equal('REJECTS_OVER_LIMIT')
    expect((await place.published()).map((path) => path.split('.').at(-1)).sort()).to.deep.equal([
      'csv',
      'parquet',
    ])
  })
})
