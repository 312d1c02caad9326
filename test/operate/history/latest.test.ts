import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { history } from '../../../src/operate/history/history.js'
import { runKey } from '../../../src/transform/layout.js'
import type { RunRecord } from '../../../src/transform/record.js'
import { TestLake, TRANSFORMED } from '../../transform/merge/support.js'
import { signal } from '../support.js'

describe('the latest of many runs', function () {
  this.timeout(120_000)
  let lake: TestLake
  let calls = 0
  before(async () => {
    lake = await TestLake.start()
    await lake.reset({})
    lake.aws.clients.onCall = ({ operation }) => {
      if (operation === 'GetObject') calls++
    }
  })
  after(() => lake.stop())

  const write = async (runId: string, finishedAt: string, status: RunRecord['status'] = 'succeeded') => {
    const body: RunRecord = {
      schemaVersion: 1,
      runId,
      dataset: 'orders',
      status,
      source: { bucket: 'b', key: `inbox/orders/${runId}`, versionId: runId, bytes: 1, sha256: null },
      rowsIn: 1,
      rowsAccepted: 1,
      rowsOut: 1,
      rowsRejected: 0,
      outputs: [],
      generations: [],
      rejects: null,
      drift: [],
      checks: [],
      startedAt: finishedAt,
      finishedAt,
      durationMs: 0,
      engine: 'e',
      datapipe: '0',
    }
    await lake.s3.send(
      new PutObjectCommand({
        Bucket: TRANSFORMED,
        Key: runKey('orders', runId, runId),
        Body: JSON.stringify(body),
      }),
    )
  }
  const latest = async (limit: number) =>
    (await history(lake.aws, { limit }, signal)).runs.map(({ runId }) => runId)

  it('is told by when they ended, and by their ids; not by when their records were written', async () => {
    const now = Date.now()
    const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString()
    for (let n = 0; n < 20; n++) await write(`new-${String(n).padStart(2, '0')}`, ago(1))
    // Written last, as records of loads are that were rolled back.
    for (let n = 0; n < 40; n++) await write(`old-${n}`, ago(100 + n), 'rolled_back')
    expect(await latest(3)).to.deep.equal(['new-00', 'new-01', 'new-02'])
    expect(await latest(19)).to.have.length(19)
    expect((await latest(22)).slice(19)).to.deep.equal(['new-19', 'old-0', 'old-1'])
  })

  it('is found without reading all, where the records are as old as the runs', async () => {
    await lake.reset({})
    await write('a', new Date(Date.now() + 60_000).toISOString())
    for (let n = 0; n < 60; n++) await write(`b-${n}`, new Date(Date.now() - 60_000).toISOString())
    await lake.nextSecond()
    await write('z', new Date(Date.now() + 120_000).toISOString())
    calls = 0
    expect(await latest(1)).to.deep.equal(['z'])
    expect(calls).to.be.lessThan(10)
  })
})
