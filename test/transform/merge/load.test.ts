import { expect } from 'chai'
import { TestLake, TRANSFORMED } from './support.js'

const DATASET = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
const HEADER = 'day,id,value\n'
const DAY = '2026-01-01'
const csv = (...rows: string[]) => HEADER + rows.map((row) => `${row}\n`).join('')

describe('tables with a key', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())
  beforeEach(() => lake.reset({ orders: DATASET }))

  const table = async () =>
    (await lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()

  it('a later file takes the place of rows with the same key, and of no others', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`, `${DAY},2,a again`))
    expect(await table()).to.deep.equal(['1 a', '2 a again'])
    await lake.nextSecond()
    const record = await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`, `${DAY},3,b`))
    expect(await table()).to.deep.equal(['1 a', '2 b', '3 b'])
    expect(record.status).to.equal('succeeded')
    expect(record.generations.map(({ number, rows, partition }) => [number, rows, partition])).to.deep.equal([
      [2, 3, { day: DAY }],
    ])
    const [location = ''] = (await lake.locations('orders')).values()
    expect(location).to.equal(`s3://${TRANSFORMED}/${record.generations[0]?.location}`)
  })

  it('a run twice, and an event twice, change nothing', async () => {
    const first = await lake.upload('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.load(first)
    const before = await lake.keys()
    const [location] = (await lake.locations('orders')).values()
    await lake.load({ ...first, execution: 'r1-again' })
    await lake.load({ ...first, force: true, execution: 'r2-again' })
    expect(await lake.keys()).to.deep.equal(before)
    expect([...(await lake.locations('orders')).values()]).to.deep.equal([location])
    expect(await table()).to.deep.equal(['1 a'])
  })

  it('tells the generation of a run that died before it could', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.nextSecond()
    const request = await lake.upload('orders', 'b.csv', csv(`${DAY},2,b`))
    const { clients } = lake.dyingAt('BatchUpdatePartitionCommand')
    const error: unknown = await lake.load(request, clients).catch((reason: unknown) => reason)
    for (const client of clients) client.destroy()
    expect(error).to.be.instanceOf(Error)
    const record = await lake.load({ ...request, execution: 'r1-again' })
    expect(record.generations.map(({ number, rows }) => [number, rows])).to.deep.equal([[2, 2]])
    expect(await table()).to.deep.equal(['1 a', '2 b'])
  })

  it('two runs of one file at once, and of different files at once', async () => {
    const a = await lake.upload('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
    await lake.nextSecond()
    const b = await lake.upload('orders', 'b.csv', csv(`${DAY},2,b`, `2026-01-02,1,b`))
    await lake.nextSecond()
    const c = await lake.upload('orders', 'c.csv', csv(`${DAY},3,c`, `2026-01-02,1,c`))
    const records = await Promise.all([
      lake.load(a),
      lake.load({ ...a, execution: 'o-x' }),
      lake.load(c),
      lake.load(b),
    ])
    expect(records.map(({ status }) => status)).to.deep.equal(Array(4).fill('succeeded'))
    // Whatever the order in which they arrived, the order of the uploads decides.
    expect(await table()).to.deep.equal(['1 a', '1 c', '2 b', '3 c'])
  })

  it('a corrected file replaces what its predecessor gave; rows of others come back', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
    await lake.nextSecond()
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`, `${DAY},3,b`, `2026-01-02,1,b`))
    expect(await table()).to.deep.equal(['1 a', '1 b', '2 b', '3 b'])
    await lake.nextSecond()
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},4,corrected`))
    expect(await table()).to.deep.equal(['1 a', '2 a', '4 corrected'])
    expect([...(await lake.locations('orders')).keys()], 'the emptied partition is gone').to.deep.equal([DAY])
    await lake.nextSecond()
    await lake.uploadAndLoad('orders', 'b.csv', csv(`2026-01-02,1,back`))
    expect(await table()).to.deep.equal(['1 a', '1 back', '2 a'])
  })

  it('an older version that arrives late never wins', async () => {
    const old = await lake.upload('orders', 'a.csv', csv(`${DAY},1,old`, `2026-01-02,1,old`))
    await lake.nextSecond()
    const current = await lake.upload('orders', 'a.csv', csv(`${DAY},1,new`))
    const [now, late] = await Promise.all([lake.load(current), lake.load(old)])
    expect([now.status, late.status]).to.deep.equal(['succeeded', 'superseded'])
    expect((await lake.load({ ...old, force: true })).status).to.equal('superseded')
    expect(await table()).to.deep.equal(['1 new'])
  })

  it('an older file that arrives late does not win over newer ones', async () => {
    const a = await lake.upload('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
    await lake.nextSecond()
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},1,b`))
    await lake.load(a)
    expect(await table()).to.deep.equal(['1 b', '2 a'])
  })

  it('rejects rows without a key', async () => {
    await lake.reset({ orders: { ...DATASET, rejects: { max: '50%' } } })
    const record = await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},,b`))
    expect([record.rowsAccepted, record.rowsRejected]).to.deep.equal([1, 1])
    const [, reject] = (await lake.text(record.rejects?.csv ?? '')).split('\n')
    expect(reject).to.contain('id: is empty, and part of the key')
  })

  it('a table without partitions', async () => {
    await lake.reset({ orders: { ...DATASET, partition: undefined } })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
    await lake.nextSecond()
    const b = await lake.upload('orders', 'b.csv', csv(`2026-01-02,1,b`, `${DAY},2,b`))
    await lake.load(b)
    expect(await table()).to.deep.equal(['1 a', '1 b', '2 b'])
    await lake.load({ ...b, force: true, execution: 'r1-b' })
    expect(await table()).to.deep.equal(['1 a', '1 b', '2 b'])
  })

  it('a table that gets its key later keeps what it has', async () => {
    await lake.reset({ orders: { ...DATASET, key: undefined } })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
    await lake.nextSecond()
    await lake.configure({ orders: DATASET })
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`))
    expect(await table()).to.deep.equal(['1 a', '2 b'])
  })

  it('what a load left half-way, the next load of the table ends', async () => {
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.nextSecond()
    const b = await lake.upload('orders', 'b.csv', csv(`${DAY},1,b`))
    const { clients, died } = lake.dyingAt('BatchUpdatePartitionCommand')
    await lake.load(b, clients).catch(() => undefined)
    for (const client of clients) client.destroy()
    expect(died()).to.equal('BatchUpdatePartitionCommand')
    expect(await table()).to.deep.equal(['1 a'])
    await lake.uploadAndLoad('orders', 'c.csv', csv(`2026-01-09,1,c`))
    expect(await table()).to.deep.equal(['1 b', '1 c'])
  })

  it('readers never see half a load', async () => {
    const ids = [1, 2, 3, 4, 5, 6, 7, 8]
    const file = (value: string) => csv(...ids.map((id) => `${DAY},${id},${value}`))
    await lake.uploadAndLoad('orders', 'a.csv', file('v0'))
    let isOver = false
    const seen: string[] = []
    const reader = (async () => {
      while (!isOver) {
        const rows = await lake.read('orders')
        expect(rows.map(({ id }) => id).sort(), 'every key once').to.deep.equal(ids)
        const values = new Set(rows.map(({ value }) => String(value)))
        expect([...values], 'all rows of one load').to.have.length(1)
        seen.push([...values].join())
      }
    })()
    const loads = (async () => {
      for (let n = 1; n <= 6; n++) {
        await lake.nextSecond()
        await lake.uploadAndLoad('orders', n % 2 === 0 ? 'a.csv' : 'b.csv', file(`v${n}`))
      }
    })().finally(() => {
      isOver = true
    })
    await Promise.all([reader, loads])
    expect(new Set(seen).size).to.be.greaterThan(3)
    expect(new Set(await table())).to.deep.equal(new Set(ids.map((id) => `${id} v6`)))
  })
})
