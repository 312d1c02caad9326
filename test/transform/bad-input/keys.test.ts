import { expect } from 'chai'
import { TestLake } from '../merge/support.js'
import { transformPath, Workplace } from '../support/files.js'

/** Names of files that a path, an address, a pattern or a table could take for something else. */
const NAMES = [
  'a file with spaces.csv',
  ' .csv',
  'day=2026-01-01.csv',
  `it's "quoted".csv`,
  'Årsrapport ÅÄÖ 東京 🌡.csv',
  'A\u030arsrapport.csv',
  '100%25 + 1%2B1 & more?#x.csv',
  'a[1]*{2}.csv',
  "'); DROP TABLE rejects; --.csv",
  '$(id) `id` \\n.csv',
]
const COLUMNS = { id: 'integer', name: 'string' }
const csv = (index: number) => `id,name\n${index},good\nx,bad\n`

describe('names of files that are not just letters', function () {
  this.timeout(120_000)

  describe('on this machine', () => {
    let place: Workplace
    beforeEach(async () => {
      place = await Workplace.make()
    })
    afterEach(() => place.remove())

    it('each gets outputs and rejects of its own, under names that every reader takes', async () => {
      for (const [index, name] of NAMES.entries()) {
        const { rejected, rows } = await transformPath(place, await place.file(name, csv(index)), {
          columns: COLUMNS,
        })
        expect(rows, name).to.deep.equal([{ id: index, name: 'good' }])
        expect(rejected.map(({ line, raw, source }) => [source, line, raw])).to.deep.equal([
          [name, 3n, 'x,bad'],
        ])
      }
      const published = await place.published()
      expect(published).to.have.length(3 * NAMES.length)
      for (const path of published) expect(path).to.match(/^[a-z0-9_=/.-]+\.(parquet|csv)$/)
    })
  })

  describe('in S3', () => {
    let lake: TestLake
    before(async () => {
      lake = await TestLake.start()
    })
    after(() => lake.stop())

    it('each is a source of its own, and a correction takes the place of its predecessor', async () => {
      await lake.reset({ orders: { columns: COLUMNS, rejects: { max: '60%' } } })
      for (const [index, name] of NAMES.entries()) {
        const request = await lake.upload('orders', name, csv(index))
        const { rowsIn, rowsRejected, source, status } = await lake.load(request)
        expect([status, rowsIn, rowsRejected], name).to.deep.equal(['succeeded', 2, 1])
        expect(source.key).to.equal(request.key)
        expect((await lake.record('orders', request)).source.key).to.equal(request.key)
      }
      const ids = async () => (await lake.read('orders')).map(({ id }) => Number(id)).sort((a, b) => a - b)
      expect(await ids()).to.deep.equal(NAMES.map((_, index) => index))
      await lake.nextSecond()
      const corrected = [2, 4, 5]
      for (const index of corrected) await lake.uploadAndLoad('orders', NAMES[index] ?? '', csv(index + 100))
      expect(await ids()).to.deep.equal([
        ...NAMES.flatMap((_, index) => (corrected.includes(index) ? [] : [index])),
        ...corrected.map((index) => index + 100),
      ])
    })
  })
})
