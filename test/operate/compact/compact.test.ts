import { expect } from 'chai'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop, lakeOf } from '../../../src/operate/lake.js'
import { TestLake } from '../../transform/merge/support.js'
import { signal } from '../support.js'

const DATASET = { columns: { day: 'date', id: 'integer', value: 'string' }, partition: 'day' }
const DAY = '2026-01-01'
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`

describe('compact', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())
  beforeEach(async () => {
    await lake.reset({ orders: DATASET })
  })

  const table = async () =>
    (await lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()
  const run = (olderThanDays = 0, dryRun = false) =>
    inWorkshop(signal, (workshop) =>
      compact(
        lakeOf(lake.aws),
        { dataset: 'orders', tables: ['orders'], olderThanMs: olderThanDays * 86_400_000, dryRun },
        workshop,
      ),
    )
  const files = async () => {
    const locations = [...(await lake.locations('orders')).values()]
    const keys = await Promise.all(
      locations.map((location) => lake.keys(location.split('/').slice(3).join('/'))),
    )
    return keys.map(({ length }) => length)
  }

  it('writes small files together, once; loads and corrections afterwards are right', async () => {
    for (const name of ['a', 'b', 'c'])
      await lake.uploadAndLoad('orders', `${name}.csv`, csv(`${DAY},1,${name}`))
    await lake.uploadAndLoad('orders', 'other.csv', csv('2026-01-02,9,other'))
    expect(await files()).to.deep.equal([3, 1])
    const before = await table()

    const told = await run(0, true)
    expect(told.partitions.map(({ filesBefore, filesAfter }) => [filesBefore, filesAfter])).to.deep.equal([
      [3, null],
    ])
    expect((await run(7)).partitions, 'nothing is that old').to.deep.equal([])
    expect(await files()).to.deep.equal([3, 1])

    const { partitions } = await run()
    expect(partitions.map(({ partition, filesAfter }) => [partition, filesAfter])).to.deep.equal([
      [`day=${DAY}`, 1],
    ])
    expect(await files()).to.deep.equal([1, 1])
    expect(await table()).to.deep.equal(before)
    expect((await run()).partitions).to.deep.equal([])

    await lake.nextSecond()
    const later = await lake.upload('orders', 'd.csv', csv(`${DAY},2,d`))
    await lake.load(later)
    await lake.load({ ...later, force: true, execution: 'r1-d' })
    expect(await table()).to.deep.equal([...before, '2 d'].sort())
    expect(await files(), 'beside the others').to.deep.equal([2, 1])

    await lake.nextSecond()
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,corrected`, `2026-01-02,1,corrected`))
    expect(await table()).to.deep.equal(['1 b', '1 c', '1 corrected', '1 corrected', '2 d', '9 other'])
  })

  it('misses no load that runs beside it', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
    await lake.nextSecond()
    const requests = await Promise.all(
      ['c', 'd', 'e'].map((name) => lake.upload('orders', `${name}.csv`, csv(`${DAY},1,${name}`))),
    )
    const corrected = await lake.upload('orders', 'a.csv', csv(`${DAY},1,corrected`))
    await Promise.all([run(), ...requests.map((request) => lake.load(request)), lake.load(corrected)])
    expect(await table()).to.deep.equal(['1 b', '1 c', '1 corrected', '1 d', '1 e'])
  })

  it('misses no correction of the same size that is loaded while it begins', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
    await lake.nextSecond()
    for (const at of ['PutObjectCommand', 'ListObjectsV2Command', 'GetObjectCommand']) {
      const value = at[0]?.toLowerCase()
      // Of the latest file, so that the order of the sources stays as it was.
      const corrected = await lake.upload('orders', 'b.csv', csv(`${DAY},1,${value}`))
      const clients = lake.interrupted(
        (command, { Key = '' }) =>
          command === at && (at === 'ListObjectsV2Command' || /^(datapipe_manifests|orders)\//.test(Key)),
        () => lake.load(corrected),
      )
      await inWorkshop(signal, (workshop) =>
        compact(
          lake.lake(clients),
          { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false },
          workshop,
        ),
      )
      for (const client of clients) client.destroy()
      expect(await table(), at).to.deep.equal(['1 a', `1 ${value}`])
      await lake.reset({ orders: DATASET })
      await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
      await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
      await lake.nextSecond()
    }
  })

  it('a load that began before it and goes on after it', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
    await lake.nextSecond()
    const corrected = await lake.upload('orders', 'b.csv', csv(`${DAY},1,c`))
    const clients = lake.interrupted(
      (command, { Key = '' }) => command === 'PutObjectCommand' && Key.startsWith('orders/'),
      () => run(),
    )
    const { outputs } = await lake.load(corrected, clients)
    for (const client of clients) client.destroy()
    expect(outputs.map(({ key }) => key.split('/')[0])).to.deep.equal(['datapipe_sources'])
    expect(await table()).to.deep.equal(['1 a', '1 c'])
  })

  it('two at once', async () => {
    for (const name of ['a', 'b', 'c'])
      await lake.uploadAndLoad('orders', `${name}.csv`, csv(`${DAY},1,${name}`))
    await Promise.all([run(), run()])
    expect(await table()).to.deep.equal(['1 a', '1 b', '1 c'])
    expect(await files()).to.deep.equal([1])
  })

  it('a table without partitions', async () => {
    await lake.reset({ orders: { ...DATASET, partition: undefined } })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
    await run()
    await lake.uploadAndLoad('orders', 'c.csv', csv(`${DAY},1,c`))
    expect(await table()).to.deep.equal(['1 a', '1 b', '1 c'])
    expect(await files()).to.deep.equal([2])
  })
})
