import { expect } from 'chai'
import type { TestLake } from '../../transform/merge/support.js'
import { failure } from '../support.js'
import { APPENDED, DAY, KINDS, MERGED, NEXT, Orders } from './support.js'

describe('rollback', function () {
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

      it('takes the last load out; nothing loads it again but who asks for it, and newer versions', async () => {
        await orders.load('a.csv', `${DAY},1,a`)
        const { request } = await orders.load('b.csv', `${DAY},2,b`, `${NEXT},3,b`)
        expect(await orders.table()).to.deep.equal(['1 a', '2 b', '3 b'])
        await orders.back()
        expect(await orders.table()).to.deep.equal(['1 a'])
        expect([...(await lake.locations('orders')).keys()]).to.deep.equal([DAY])
        expect((await lake.record('orders', request)).status).to.equal('rolled_back')

        expect((await lake.load(request)).status, 'the event once more').to.equal('rolled_back')
        expect(await orders.table()).to.deep.equal(['1 a'])
        expect((await lake.load({ ...request, force: true })).status).to.equal('succeeded')
        expect(await orders.table()).to.deep.equal(['1 a', '2 b', '3 b'])
        await orders.back()
        await orders.load('b.csv', `${DAY},2,newer`)
        expect(await orders.table()).to.deep.equal(['1 a', '2 newer'])
      })

      it('brings back what a corrected file replaced', async () => {
        const { record } = await orders.load('a.csv', `${DAY},1,a`, `${NEXT},2,a`)
        await orders.load('a.csv', `${DAY},1,corrected`)
        await orders.load('c.csv', `${DAY},5,c`)
        expect(await orders.table()).to.deep.equal(['1 corrected', '5 c'])
        await orders.back(record.runId)
        expect(await orders.table()).to.deep.equal(['1 a', '2 a'])
        expect((await orders.back(record.runId)).sources).to.deep.equal([])
      })

      it('of a compacted table', async () => {
        const { record } = await orders.load('a.csv', `${DAY},1,a`)
        await orders.load('b.csv', `${DAY},2,b`)
        await orders.compact()
        await orders.load('c.csv', `${DAY},3,c`)
        expect(await orders.table()).to.deep.equal(['1 a', '2 b', '3 c'])
        await orders.back()
        expect(await orders.table()).to.deep.equal(['1 a', '2 b'])
        await orders.back(record.runId)
        expect(await orders.table()).to.deep.equal(['1 a'])
      })
    })
  }

  it('rows of other files that a load had covered come back', async () => {
    await lake.reset({ orders: MERGED })
    await orders.load('a.csv', `${DAY},1,a`)
    await orders.load('b.csv', `${DAY},1,b`)
    await orders.back()
    expect(await orders.table()).to.deep.equal(['1 a'])
  })

  it('brings back what a correction replaced before the table was compacted', async () => {
    await lake.reset({ orders: APPENDED })
    const { record } = await orders.load('a.csv', `${DAY},1,a`)
    await orders.load('b.csv', `${DAY},2,b`)
    await orders.load('a.csv', `${DAY},1,c`)
    await orders.compact()
    expect(await orders.table()).to.deep.equal(['1 c', '2 b'])
    await orders.back()
    expect(await orders.table()).to.deep.equal(['1 a', '2 b'])
    await orders.back(record.runId)
    expect(await orders.table()).to.deep.equal(['1 a'])
    await orders.load('a.csv', `${DAY},1,d`)
    expect(await orders.table()).to.deep.equal(['1 d'])
    await orders.back()
    expect(await orders.table()).to.deep.equal(['1 a'])
  })

  it('has the rejected rows of the version that is back, or says that they are gone', async () => {
    await lake.reset({ orders: { ...APPENDED, rejects: { max: '90%' } } })
    const first = await orders.load('a.csv', `${DAY},1,a`, `${DAY},first,a`)
    const second = await orders.load('a.csv', `${DAY},1,b`, `${DAY},second,b`)
    const rejects = async () => {
      const keys = (await lake.keys('datapipe_rejects')).filter((key) => key.endsWith('.csv'))
      return Promise.all(keys.map(async (key) => /first|second|third/.exec(await lake.text(key))?.[0]))
    }
    expect(await rejects()).to.deep.equal(['second'])
    await orders.back()
    expect(await rejects()).to.deep.equal(['first'])
    expect((await lake.record('orders', first.request)).rejects?.rows).to.equal(1)
    expect((await lake.record('orders', second.request)).rejects).to.equal(null)
    expect(await lake.keys('datapipe_rejects/')).to.have.length(1)

    await orders.load('a.csv', `${DAY},1,c`, `${DAY},third,c`)
    await lake.forgetAll(first.record.rejects?.csv ?? '')
    await orders.back()
    expect(await orders.table()).to.deep.equal(['1 a'])
    expect(await rejects()).to.deep.equal([])
    expect(await lake.keys('datapipe_rejects')).to.deep.equal([])
    expect((await lake.record('orders', first.request)).rejects).to.equal(null)
  })

  it('changes nothing when what was replaced is no longer kept', async () => {
    await lake.reset({ orders: APPENDED })
    const { record } = await orders.load('a.csv', `${DAY},1,a`)
    await orders.load('a.csv', `${DAY},1,corrected`)
    const [output] = record.outputs
    await lake.forget(output?.key ?? '', output?.versionId ?? '')
    const error = await failure(orders.back())
    expect(error.code).to.equal('ROLLBACK_NOT_KEPT')
    expect(await orders.table()).to.deep.equal(['1 corrected'])
  })

  it('of a dataset that never had a load', async () => {
    await lake.reset({ orders: APPENDED })
    expect((await failure(orders.back())).code).to.equal('NOTHING_LOADED')
  })
})
