import { expect } from 'chai'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop, lakeOf } from '../../../src/operate/lake.js'
import { planRollback } from '../../../src/operate/rollback/plan.js'
import { rollback } from '../../../src/operate/rollback/rollback.js'
import { TestLake } from '../../transform/merge/support.js'
import { failure, signal } from '../support.js'

const MERGED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
const APPENDED = { ...MERGED, key: undefined }
const DAY = '2026-01-01'
const NEXT = '2026-01-02'
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`

describe('rollback', function () {
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
  const back = async (to?: string) => {
    const plan = await planRollback(lake.aws, 'orders', to, signal)
    return inWorkshop(signal, (workshop) => rollback(lakeOf(lake.aws), plan, workshop))
  }

  for (const [kind, dataset] of [
    ['merged', MERGED],
    ['appended', APPENDED],
  ] as const) {
    describe(`of a table that is ${kind}`, () => {
      beforeEach(() => lake.reset({ orders: dataset }))

      it('takes the last load out; nothing loads it again but who asks for it, and newer versions', async () => {
        await load('a.csv', `${DAY},1,a`)
        const { request } = await load('b.csv', `${DAY},2,b`, `${NEXT},3,b`)
        expect(await table()).to.deep.equal(['1 a', '2 b', '3 b'])
        await back()
        expect(await table()).to.deep.equal(['1 a'])
        expect([...(await lake.locations('orders')).keys()]).to.deep.equal([DAY])
        expect((await lake.record('orders', request)).status).to.equal('rolled_back')

        expect((await lake.load(request)).status, 'the event once more').to.equal('rolled_back')
        expect(await table()).to.deep.equal(['1 a'])
        expect((await lake.load({ ...request, force: true })).status).to.equal('succeeded')
        expect(await table()).to.deep.equal(['1 a', '2 b', '3 b'])
        await back()
        await load('b.csv', `${DAY},2,newer`)
        expect(await table()).to.deep.equal(['1 a', '2 newer'])
      })

      it('brings back what a corrected file replaced', async () => {
        const { record } = await load('a.csv', `${DAY},1,a`, `${NEXT},2,a`)
        await load('a.csv', `${DAY},1,corrected`)
        await load('c.csv', `${DAY},5,c`)
        expect(await table()).to.deep.equal(['1 corrected', '5 c'])
        await back(record.runId)
        expect(await table()).to.deep.equal(['1 a', '2 a'])
        expect((await back(record.runId)).sources).to.deep.equal([])
      })

      it('of a compacted table', async () => {
        const { record } = await load('a.csv', `${DAY},1,a`)
        await load('b.csv', `${DAY},2,b`)
        await inWorkshop(signal, (workshop) =>
          compact(
            lakeOf(lake.aws),
            { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false },
            workshop,
          ),
        )
        await load('c.csv', `${DAY},3,c`)
        expect(await table()).to.deep.equal(['1 a', '2 b', '3 c'])
        await back()
        expect(await table()).to.deep.equal(['1 a', '2 b'])
        await back(record.runId)
        expect(await table()).to.deep.equal(['1 a'])
      })
    })
  }

  it('rows of other files that a load had covered come back', async () => {
    await lake.reset({ orders: MERGED })
    await load('a.csv', `${DAY},1,a`)
    await load('b.csv', `${DAY},1,b`)
    await back()
    expect(await table()).to.deep.equal(['1 a'])
  })

  it('brings back what a correction replaced before the table was compacted', async () => {
    await lake.reset({ orders: APPENDED })
    const { record } = await load('a.csv', `${DAY},1,a`)
    await load('b.csv', `${DAY},2,b`)
    await load('a.csv', `${DAY},1,c`)
    await inWorkshop(signal, (workshop) =>
      compact(
        lakeOf(lake.aws),
        { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false },
        workshop,
      ),
    )
    expect(await table()).to.deep.equal(['1 c', '2 b'])
    await back()
    expect(await table()).to.deep.equal(['1 a', '2 b'])
    await back(record.runId)
    expect(await table()).to.deep.equal(['1 a'])
    await load('a.csv', `${DAY},1,d`)
    expect(await table()).to.deep.equal(['1 d'])
    await back()
    expect(await table()).to.deep.equal(['1 a'])
  })

  it('has the rejected rows of the version that is back, or says that they are gone', async () => {
    await lake.reset({ orders: { ...APPENDED, rejects: { max: '90%' } } })
    const first = await load('a.csv', `${DAY},1,a`, `${DAY},first,a`)
    const second = await load('a.csv', `${DAY},1,b`, `${DAY},second,b`)
    const rejects = async () => {
      const keys = (await lake.keys('datapipe_rejects')).filter((key) => key.endsWith('.csv'))
      return Promise.all(keys.map(async (key) => /first|second|third/.exec(await lake.text(key))?.[0]))
    }
    expect(await rejects()).to.deep.equal(['second'])
    await back()
    expect(await rejects()).to.deep.equal(['first'])
    expect((await lake.record('orders', first.request)).rejects?.rows).to.equal(1)
    expect((await lake.record('orders', second.request)).rejects).to.equal(null)
    expect(await lake.keys('datapipe_rejects/')).to.have.length(1)

    await load('a.csv', `${DAY},1,c`, `${DAY},third,c`)
    await lake.forgetAll(first.record.rejects?.csv ?? '')
    await back()
    expect(await table()).to.deep.equal(['1 a'])
    expect(await rejects()).to.deep.equal([])
    expect(await lake.keys('datapipe_rejects')).to.deep.equal([])
    expect((await lake.record('orders', first.request)).rejects).to.equal(null)
  })

  it('changes nothing when what was replaced is no longer kept', async () => {
    await lake.reset({ orders: APPENDED })
    const { record } = await load('a.csv', `${DAY},1,a`)
    await load('a.csv', `${DAY},1,corrected`)
    const [output] = record.outputs
    await lake.forget(output?.key ?? '', output?.versionId ?? '')
    const error = await failure(back())
    expect(error.code).to.equal('ROLLBACK_NOT_KEPT')
    expect(await table()).to.deep.equal(['1 corrected'])
  })

  it('of a dataset that never had a load', async () => {
    await lake.reset({ orders: APPENDED })
    expect((await failure(back())).code).to.equal('NOTHING_LOADED')
  })
})
