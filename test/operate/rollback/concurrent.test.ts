import { expect } from 'chai'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop } from '../../../src/operate/lake.js'
import { planRollback } from '../../../src/operate/rollback/plan.js'
import { rollback } from '../../../src/operate/rollback/rollback.js'
import { TestLake } from '../../transform/merge/support.js'
import { signal } from '../support.js'

const MERGED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
const APPENDED = { ...MERGED, key: undefined }
const DAY = '2026-01-01'
const NEXT = '2026-01-02'
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`

describe('roll-backs beside other work', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())

  const table = async () =>
    (await lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()
  const load = async (name: string, ...rows: string[]) => {
    await lake.nextSecond()
    const request = await lake.upload('orders', name, csv(...rows))
    return { request, record: await lake.load(request) }
  }
  const plan = (to?: string) => planRollback(lake.aws, 'orders', to, signal)
  const roll = (planned: Awaited<ReturnType<typeof plan>>, clients = lake.more()) =>
    inWorkshop(signal, (workshop) => rollback(lake.lake(clients), planned, workshop)).finally(() => {
      for (const client of clients) client.destroy()
    })
  const compacted = () =>
    inWorkshop(signal, (workshop) =>
      compact(
        lake.lake(),
        { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false },
        workshop,
      ),
    )

  for (const [kind, dataset] of [
    ['merged', MERGED],
    ['appended', APPENDED],
  ] as const) {
    describe(`of a table that is ${kind}`, () => {
      beforeEach(() => lake.reset({ orders: dataset }))

      it('two of the same load take it out once', async () => {
        await load('a.csv', `${DAY},1,a`)
        await load('a.csv', `${DAY},1,b`, `${NEXT},2,b`)
        const planned = await plan()
        await Promise.all([roll(planned), roll(planned)])
        expect(await table()).to.deep.equal(['1 a'])
        await load('a.csv', `${DAY},1,c`)
        expect(await table()).to.deep.equal(['1 c'])
      })

      it('loads of other files are not touched', async () => {
        await load('a.csv', `${DAY},1,a`)
        await load('b.csv', `${DAY},2,b`)
        const planned = await plan()
        const requests = await Promise.all(
          ['c', 'd'].map((name, index) =>
            lake.upload('orders', `${name}.csv`, csv(`${DAY},${index + 5},${name}`)),
          ),
        )
        await Promise.all([roll(planned), ...requests.map((request) => lake.load(request))])
        expect(await table()).to.deep.equal(['1 a', '5 c', '6 d'])
      })

      it('a compaction', async () => {
        await load('a.csv', `${DAY},1,a`)
        await load('a.csv', `${DAY},1,b`)
        await load('c.csv', `${DAY},2,c`)
        await load('d.csv', `${DAY},3,d`)
        const [first] = (await planRollback(lake.aws, 'orders', undefined, signal)).withdrawals
        expect(first?.runs).to.have.length(1)
        const planned = await plan()
        await Promise.all([roll(planned), compacted()])
        expect(await table()).to.deep.equal(['1 b', '2 c'])
      })
    })
  }

  for (const command of ['CopyObjectCommand', 'DeleteObjectCommand', 'PutObjectCommand']) {
    it(`a newer version that is loaded right before ${command} is what counts`, async () => {
      await lake.reset({ orders: APPENDED })
      await load('a.csv', `${DAY},1,a`)
      await load('a.csv', `${DAY},1,b`, `${NEXT},2,b`)
      const planned = await plan()
      await lake.nextSecond()
      const newer = await lake.upload('orders', 'a.csv', csv(`${DAY},1,newer`, `${NEXT},2,newer`))
      const clients = lake.interrupted(
        (called) => called === command,
        () => lake.load(newer),
      )
      const { sources } = await roll(planned, clients)
      expect(sources.map(({ skipped }) => skipped)).to.deep.equal([true])
      expect(await table()).to.deep.equal(['1 newer', '2 newer'])
      expect((await lake.record('orders', newer)).status).to.equal('succeeded')
    })
  }

  it('a load whose leftovers a newer version has put to use deletes none of them', async () => {
    await lake.reset({ orders: APPENDED })
    await load('a.csv', `${DAY},1,a`, `${NEXT},2,a`)
    await lake.nextSecond()
    const older = await lake.upload('orders', 'a.csv', csv(`${DAY},1,b`))
    const clients = lake.interrupted(
      // Between its uploads and its deletions.
      (called) => called === 'BatchCreatePartitionCommand',
      async () => {
        await load('a.csv', `${DAY},1,c`, `${NEXT},2,c`)
      },
    )
    await lake.load(older, clients)
    for (const client of clients) client.destroy()
    expect(await table()).to.deep.equal(['1 c', '2 c'])
  })
})
