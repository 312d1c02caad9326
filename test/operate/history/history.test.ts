import { GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue'
import { expect } from 'chai'
import { history } from '../../../src/operate/history/history.js'
import { findRun } from '../../../src/operate/history/show.js'
import { duckdbQuery } from '../../../src/operate/query/duckdb.js'
import { DATABASE, TestLake } from '../../transform/merge/support.js'
import { failure, scratchFolder, signal } from '../support.js'

describe('history', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
    await lake.reset({ orders: { columns: { id: 'integer' }, rejects: { max: '50%' } } })
    for (const [name, body] of [
      ['a', 'id\n1\n2\n'],
      ['b', 'id\n3\nx\n'],
      ['c', 'wrong\n1\n'],
    ] as const) {
      const request = await lake.upload('orders', `${name}.csv`, body)
      await lake.nextSecond()
      await lake.load({ ...request, execution: `o-${name}` })
    }
  })
  after(() => lake.stop())

  it('is the loads, the latest first, as many as asked for', async () => {
    const { runs } = await history(lake.aws, { limit: 2 }, signal)
    expect(runs.map(({ runId, status }) => [runId, status])).to.deep.equal([
      ['o-c', 'failed'],
      ['o-b', 'succeeded'],
    ])
    const succeeded = await history(lake.aws, { dataset: 'orders', limit: 9, status: 'succeeded' }, signal)
    expect(succeeded.runs.map(({ runId }) => runId)).to.deep.equal(['o-b', 'o-a'])
    expect((await history(lake.aws, { dataset: 'others', limit: 9 }, signal)).runs).to.deep.equal([])
  })

  it('finds one run by its id, its beginning, its file', async () => {
    expect((await findRun(lake.aws, 'o-a', signal)).source.key).to.equal('inbox/orders/a.csv')
    expect((await findRun(lake.aws, 'inbox/orders/b.csv', signal)).runId).to.equal('o-b')
    expect((await failure(findRun(lake.aws, 'o-', signal))).code).to.equal('RUN_AMBIGUOUS')
    expect((await failure(findRun(lake.aws, 'o-z', signal))).code).to.equal('RUN_NOT_FOUND')
  })

  async function ask(sql: string): Promise<unknown[]> {
    const folder = await scratchFolder()
    const context = { signal, onProgress: () => undefined }
    const stream = await duckdbQuery(lake.aws, sql, context, { folder: `${folder.path}/objects` })
    const rows = []
    for await (const batch of stream.batches) rows.push(...batch)
    await stream.close()
    await folder.remove()
    return rows
  }

  it('is a table', async () => {
    const rows = await ask(
      `select run_id, status, source.key, cast(rows_in as integer), cast(rows_rejected as integer), error.code, cast(len(outputs) as integer)
         from datapipe_runs where started_at >= '2020-01-01' order by run_id`,
    )
    expect(rows).to.deep.equal([
      ['o-a', 'succeeded', 'inbox/orders/a.csv', 2, 0, null, 1],
      ['o-b', 'succeeded', 'inbox/orders/b.csv', 2, 1, null, 1],
      ['o-c', 'failed', 'inbox/orders/c.csv', 0, 0, 'MISSING_COLUMN', 0],
    ])
    expect(
      await ask('select source.versionid from datapipe_runs where source.versionid is null'),
    ).to.deep.equal([])
  })

  it('says in the table how files differed and what checks found, also in a table of an earlier release', async () => {
    const checks = [{ name: 'small', sql: 'id < 3', severity: 'warn' }]
    await lake.reset({ orders: { columns: undefined, checks } })
    const load = async (name: string, body: string) => {
      const request = await lake.upload('orders', `${name}.csv`, body)
      await lake.nextSecond()
      await lake.load({ ...request, execution: `o-${name}` })
    }
    await load('a', 'id\n1\n2\n')
    const { glue } = lake
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name: 'datapipe_runs' }))
    const Columns = Table?.StorageDescriptor?.Columns?.filter(
      ({ Name }) => Name !== 'drift' && Name !== 'checks',
    )
    const { Name, PartitionKeys, Parameters, TableType } = Table ?? {}
    const StorageDescriptor = { ...Table?.StorageDescriptor, Columns }
    await glue.send(
      new UpdateTableCommand({
        DatabaseName: DATABASE,
        TableInput: { Name, PartitionKeys, Parameters, TableType, StorageDescriptor },
      }),
    )
    await load('b', 'id,note\n3,x\n')
    expect(
      await ask(
        `select run_id, cast(len(drift) as integer), drift[1].change, drift[1]."column", checks[1].passed, cast(checks[1].failed as integer)
           from datapipe_runs order by run_id`,
      ),
    ).to.deep.equal([
      ['o-a', 0, null, null, true, 0],
      ['o-b', 1, 'added', 'note', false, 1],
    ])
  })
})
