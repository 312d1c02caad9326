import type { GlueClient } from '@aws-sdk/client-glue'
import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { compact } from '../../../src/operate/compact/compact.js'
import { inWorkshop } from '../../../src/operate/lake.js'
import { planRollback } from '../../../src/operate/rollback/plan.js'
import { rollback } from '../../../src/operate/rollback/rollback.js'
import { signal } from '../../operate/support.js'
import { ALL_FAULTS, faultPositions } from '../../support/faults.js'
import { TestLake, TRANSFORMED, type LoadRequest } from './support.js'

type Clients = [S3Client, GlueClient]

const MERGED = {
  columns: { day: 'date', id: 'integer', value: 'string' },
  partition: 'day',
  key: ['day', 'id'],
}
const APPENDED = { ...MERGED, key: undefined }
const DAY = '2026-01-01'
const NEXT = '2026-01-02'
const csv = (...rows: string[]) => `day,id,value\n${rows.map((row) => `${row}\n`).join('')}`
const DAY_MS = 86_400_000

interface Scenario {
  name: string
  dataset: object
  prepare: () => Promise<void>
  act: (clients: Clients, attempt: 'first' | 'again') => Promise<unknown>
  /** Rows of the first partition that readers may see after the first attempt. */
  during: string[][]
  after: string[]
  /** Calls that are died at in any case. */
  at: string[]
}

describe('killed before a call, and run again', function () {
  this.timeout(ALL_FAULTS ? 1_800_000 : 240_000)
  let lake: TestLake
  let request: LoadRequest
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())

  const rows = async () =>
    (await lake.read('orders')).map(({ id, value }) => `${String(id)} ${String(value)}`).sort()
  const firstDay = async () => (await rows()).filter((row) => !row.startsWith('3'))
  const compacted = (clients: Clients, now = new Date()) =>
    inWorkshop(signal, (workshop) =>
      compact(
        lake.lake(clients),
        { dataset: 'orders', tables: ['orders'], olderThanMs: 0, dryRun: false, now },
        workshop,
      ),
    )
  const own = (): Clients => [lake.s3, lake.glue]

  /** What no manifest and no pointer mentions, and parts of uploads that nobody ends. */
  const orphans = async () => {
    const keys = await lake.keys()
    const texts = await Promise.all(
      keys.filter((key) => /^datapipe_(manifests|sources)\/.*\.json$/.test(key)).map((key) => lake.text(key)),
    )
    const files = keys.filter((key) => /^(datapipe_(generations|sources)|orders)\/.*\.parquet$/.test(key))
    const { Uploads = [] } = await lake.s3.send(new ListMultipartUploadsCommand({ Bucket: TRANSFORMED }))
    return [...files.filter((key) => !texts.some((text) => text.includes(JSON.stringify(key)))), ...Uploads]
  }

  const scenarios: Scenario[] = [
    {
      name: 'a load that merges',
      dataset: MERGED,
      prepare: async () => {
        await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${DAY},2,a`))
        // In the same second the name decides: b comes after a.
        request = await lake.upload('orders', 'b.csv', csv(`${DAY},2,b`, `${NEXT},3,b`))
      },
      act: (clients, attempt) =>
        lake.load(attempt === 'first' ? request : { ...request, execution: 'o-again' }, clients),
      during: [
        ['1 a', '2 a'],
        ['1 a', '2 b'],
      ],
      after: ['1 a', '2 b', '3 b'],
      at: ['PutObjectCommand', 'BatchUpdatePartitionCommand', 'BatchCreatePartitionCommand'],
    },
    {
      name: 'a load that appends a correction',
      dataset: APPENDED,
      prepare: async () => {
        await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`, `${NEXT},2,a`))
        request = await lake.upload('orders', 'a.csv', csv(`${DAY},1,b`))
      },
      act: (clients, attempt) =>
        lake.load(attempt === 'first' ? request : { ...request, execution: 'o-again' }, clients),
      during: [['1 a', '2 a'], ['1 b', '2 a'], ['1 b']],
      after: ['1 b'],
      at: ['PutObjectCommand', 'DeleteObjectCommand', 'BatchDeletePartitionCommand'],
    },
    {
      name: 'compact',
      dataset: APPENDED,
      prepare: async () => {
        await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
        await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`))
      },
      act: (clients) => compacted(clients),
      during: [['1 a', '2 b']],
      after: ['1 a', '2 b'],
      at: ['PutObjectCommand', 'BatchUpdatePartitionCommand', 'DeleteObjectsCommand'],
    },
    ...(
      [
        [
          'a roll-back of a table that is merged',
          MERGED,
          ['PutObjectCommand', 'BatchUpdatePartitionCommand'],
        ],
        ['a roll-back of a table that is appended', APPENDED, ['CopyObjectCommand', 'DeleteObjectCommand']],
      ] as const
    ).map(([name, dataset, at]): Scenario => {
      return {
        name,
        dataset,
        prepare: async () => {
          await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
          request = await lake.upload('orders', 'a.csv', csv(`${DAY},1,b`, `${NEXT},3,b`))
          await lake.load(request)
        },
        act: async (clients) => {
          if ((await lake.record('orders', request)).status === 'rolled_back') return
          const plan = await planRollback(lake.aws, 'orders', undefined, signal)
          await inWorkshop(signal, (workshop) => rollback(lake.lake(clients), plan, workshop))
        },
        during: [['1 a'], ['1 b']],
        after: ['1 a'],
        at: [...at],
      }
    }),
  ]

  for (const scenario of scenarios) {
    it(`${scenario.name}: the table is right, and nothing is left for good`, async () => {
      const killedAt: (string | undefined)[] = []
      /** @returns whether it died */
      const dies = async (clients: Clients, died: () => string | undefined) => {
        await lake.reset({ orders: scenario.dataset })
        await scenario.prepare()
        const error: unknown = await scenario.act(clients, 'first').then(
          () => undefined,
          (reason: unknown) => reason,
        )
        for (const client of clients) client.destroy()
        const where = `killed at ${String(died())}`
        expect(scenario.during, where).to.deep.include(await firstDay())
        await scenario.act(own(), 'again')
        expect(await rows(), where).to.deep.equal(scenario.after)
        await compacted(own(), new Date(Date.now() + 2 * DAY_MS))
        expect(await orphans(), where).to.deep.equal([])
        expect(await rows(), `${where}, and swept`).to.deep.equal(scenario.after)
        if (error !== undefined) killedAt.push(died())
        return error !== undefined
      }
      for (const command of scenario.at) {
        const { clients, died } = lake.dyingAt(command)
        expect(await dies(clients, died), `${command} is called`).to.equal(true)
      }
      for (const calls of faultPositions(scenario.name, 12)) {
        const { clients, died } = lake.dying(calls)
        if (!(await dies(clients, died))) break
      }
      expect(killedAt.length).to.be.greaterThan(ALL_FAULTS ? 20 : scenario.at.length)
    })
  }

  it('compact, while a load had missed that it began', async () => {
    await lake.reset({ orders: APPENDED })
    await lake.uploadAndLoad('orders', 'a.csv', csv(`${DAY},1,a`))
    await lake.uploadAndLoad('orders', 'b.csv', csv(`${DAY},2,b`))
    let isDead = false
    const clients = lake.interrupted(
      (command, { Key = '' }) => {
        // The manifest is the last that it writes.
        if (isDead && command !== 'PutObjectCommand') throw new Error('killed')
        return command === 'PutObjectCommand' && Key.startsWith('datapipe_manifests/')
      },
      async () => {
        await lake.uploadAndLoad('orders', 'c.csv', csv(`${DAY},4,c`))
        isDead = true
      },
    )
    const error: unknown = await compacted(clients).catch((reason: unknown) => reason)
    expect(String(error)).to.equal('Error: killed')
    expect(await lake.keys('datapipe_manifests/')).to.have.length(1)
    expect(await rows()).to.deep.equal(['1 a', '2 b', '4 c'])
    await lake.uploadAndLoad('orders', 'd.csv', csv(`${NEXT},3,d`))
    expect(await rows()).to.deep.equal(['1 a', '2 b', '3 d', '4 c'])
    await compacted(own())
    expect(await rows()).to.deep.equal(['1 a', '2 b', '3 d', '4 c'])
    for (const client of clients) client.destroy()
  })
})
