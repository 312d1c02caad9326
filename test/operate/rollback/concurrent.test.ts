import { expect } from 'chai'
import type { TestLake } from '../../transform/merge/support.js'
import { APPENDED, csv, DAY, KINDS, NEXT, Orders } from './support.js'

describe('roll-backs beside other work', function () {
  this.timeout(120_000)
  let orders: Orders
  let lake: TestLake
  before(async () => {
    orders = await Orders.start()
    lake = orders.lake
  })
  after(() => lake.stop())

  for (const [kind, dataset] of KINDS) {
    describe(`of a table that is ${kind}`, () => {
      beforeEach(() => lake.reset({ orders: dataset }))

      it('two of the same load take it out once', async () => {
        await orders.load('a.csv', `${DAY},1,a`)
        await orders.load('a.csv', `${DAY},1,b`, `${NEXT},2,b`)
        const planned = await orders.plan()
        await Promise.all([orders.roll(planned), orders.roll(planned)])
        expect(await orders.table()).to.deep.equal(['1 a'])
        await orders.load('a.csv', `${DAY},1,c`)
        expect(await orders.table()).to.deep.equal(['1 c'])
      })

      it('loads of other files are not touched', async () => {
        await orders.load('a.csv', `${DAY},1,a`)
        await orders.load('b.csv', `${DAY},2,b`)
        const planned = await orders.plan()
        const requests = await Promise.all(
          ['c', 'd'].map((name, index) =>
            lake.upload('orders', `${name}.csv`, csv(`${DAY},${index + 5},${name}`)),
          ),
        )
        await Promise.all([orders.roll(planned), ...requests.map((request) => lake.load(request))])
        expect(await orders.table()).to.deep.equal(['1 a', '5 c', '6 d'])
      })

      it('a compaction', async () => {
        await orders.load('a.csv', `${DAY},1,a`)
        await orders.load('a.csv', `${DAY},1,b`)
        await orders.load('c.csv', `${DAY},2,c`)
        await orders.load('d.csv', `${DAY},3,d`)
        const [first] = (await orders.plan()).withdrawals
        expect(first?.runs).to.have.length(1)
        const planned = await orders.plan()
        await Promise.all([orders.roll(planned), orders.compact()])
        expect(await orders.table()).to.deep.equal(['1 b', '2 c'])
      })
    })
  }

  for (const command of ['CopyObjectCommand', 'DeleteObjectCommand', 'PutObjectCommand']) {
    it(`a newer version that is loaded right before ${command} is what counts`, async () => {
      await lake.reset({ orders: APPENDED })
      await orders.load('a.csv', `${DAY},1,a`)
      await orders.load('a.csv', `${DAY},1,b`, `${NEXT},2,b`)
      const planned = await orders.plan()
      await lake.nextSecond()
      const newer = await lake.upload('orders', 'a.csv', csv(`${DAY},1,newer`, `${NEXT},2,newer`))
      const clients = lake.interrupted(
        (called) => called === command,
        () => lake.load(newer),
      )
      const { sources } = await orders.roll(planned, clients)
      expect(sources.map(({ skipped }) => skipped)).to.deep.equal([true])
      expect(await orders.table()).to.deep.equal(['1 newer', '2 newer'])
      expect((await lake.record('orders', newer)).status).to.equal('succeeded')
    })
  }

  it('a load whose leftovers a newer version has put to use deletes none of them', async () => {
    await lake.reset({ orders: APPENDED })
    await orders.load('a.csv', `${DAY},1,a`, `${NEXT},2,a`)
    await lake.nextSecond()
    const older = await lake.upload('orders', 'a.csv', csv(`${DAY},1,b`))
    const clients = lake.interrupted(
      // Between its uploads and its deletions.
      (called) => called === 'BatchCreatePartitionCommand',
      async () => {
        await orders.load('a.csv', `${DAY},1,c`, `${NEXT},2,c`)
      },
    )
    await lake.load(older, clients)
    for (const client of clients) client.destroy()
    expect(await orders.table()).to.deep.equal(['1 c', '2 c'])
  })
})
