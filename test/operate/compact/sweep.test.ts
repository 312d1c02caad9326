import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop } from '../../../src/operate/lake.js'
import { planRollback } from '../../../src/operate/rollback/plan.js'
import { rollback } from '../../../src/operate/rollback/rollback.js'
import { TestLake, TRANSFORMED } from '../../transform/merge/support.js'
import { copyObject } from '../../../src/transform/merge/copy.js'
import { signal } from '../support.js'

const MERGED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
const APPENDED = { ...MERGED, key: undefined }
const DAY = '2026-01-01'
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`

describe('what compact deletes', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())

  const run = ({ days = 2, dryRun = false, clients = lake.more() } = {}) =>
    inWorkshop(signal, (workshop) =>
      compact(
        lake.lake(clients),
        {
          dataset: 'orders',
          tables: ['orders'],
          olderThanMs: 0,
          dryRun,
          now: new Date(Date.now() + days * 86_400_000),
        },
        workshop,
      ),
    ).finally(() => {
      for (const client of clients) client.destroy()
    })
  const table = async () =>
    (await lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()
  const data = async () => (await lake.keys()).filter((key) => key.endsWith('.parquet'))

  it('is what a killed load left and nobody needs, and only after a day', async () => {
    await lake.reset({ orders: MERGED })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    const needed = await data()
    const left = ['datapipe_generations/orders/day=2026-01-01/g2-dead/part-00000.parquet']
    left.push('datapipe_sources/orders/day=2026-01-01/b-0123456789ab-0123456789abcdef.parquet')
    for (const Key of left)
      await lake.s3.send(new PutObjectCommand({ Bucket: TRANSFORMED, Key, Body: 'rows' }))

    expect((await run({ days: 0.9 })).leftovers).to.deep.equal([])
    const told = await run({ dryRun: true })
    expect(told.leftovers.map(({ bytes, key }) => [key, bytes])).to.deep.equal(left.map((key) => [key, 4]))
    expect(await data()).to.include.members(left)
    expect((await run()).leftovers).to.deep.equal(told.leftovers)
    expect(await data()).to.deep.equal(needed)
    expect((await run()).leftovers).to.deep.equal([])
  })

  it('is no row that is loaded, and nothing that a roll-back needs', async () => {
    for (const dataset of [MERGED, APPENDED]) {
      await lake.reset({ orders: dataset })
      await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
      await lake.nextSecond()
      await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`))
      await run()
      await lake.nextSecond()
      await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,c`))
      await run()
      expect(await table()).to.deep.equal(['1 a', '2 c'])
      const plan = await planRollback(lake.aws, 'orders', undefined, signal)
      await inWorkshop(signal, (workshop) => rollback(lake.lake(), plan, workshop))
      await run()
      expect(await table()).to.deep.equal(['1 a', '2 b'])
      await lake.nextSecond()
      await lake.uploadAndLoad('orders', 'd.csv', csv(`${DAY},1,d`, `${DAY},4,d`))
      expect(await table()).to.include.members(['1 d', '2 b', '4 d'])
    }
  })

  it('is no file that something else put beside those of datapipe; its rows stay in the table', async () => {
    await lake.reset({ orders: APPENDED })
    const { outputs } = await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    const stranger = `orders/day=${DAY}/by-hand.parquet`
    await copyObject(lake.s3, {
      bucket: TRANSFORMED,
      from: outputs[0]?.key ?? '',
      to: stranger,
      bytes: 0,
    })
    const { leftovers, partitions } = await run()
    expect(partitions.map(({ filesAfter, filesBefore }) => [filesBefore, filesAfter])).to.deep.equal([[2, 1]])
    expect(leftovers).to.deep.equal([])
    expect(await data()).to.include(stranger)
    expect(await table()).to.deep.equal(['1 a', '1 a'])
  })

  it('comes back where a load claims it at that very moment', async () => {
    await lake.reset({ orders: MERGED })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.nextSecond()
    const b = await lake.upload('orders', 'b.csv', csv(`${DAY},2,b`))
    // The rows are there, and nothing else of it.
    const isManifest = (command: string, { Key = '' }: { Key?: string }) =>
      command === 'PutObjectCommand' && Key.startsWith('datapipe_pending/')
    const killed = lake.interrupted(isManifest, () => Promise.reject(new Error('killed')))
    await lake.load(b, killed).catch(() => undefined)
    const [orphan = ''] = (await data()).filter(
      (key) => key.startsWith('datapipe_sources/') && key.includes('/b-'),
    )
    expect(orphan).not.to.equal('')
    const pointers = (await lake.keys('datapipe_sources/orders/b-')).filter((key) => key.endsWith('.json'))
    await lake.forgetAll(pointers[0] ?? '')

    // It has seen that the rows are there, when they are deleted.
    const clients = lake.interrupted(
      (command) => command === 'DeleteObjectsCommand',
      () => lake.load({ ...b, execution: 'o-again' }),
    )
    await run({ clients })
    expect(await lake.keys('datapipe_sources/')).to.include(orphan)
    expect(await table()).to.deep.equal(['1 a', '2 b'])
    for (const client of killed) client.destroy()
  })
})
