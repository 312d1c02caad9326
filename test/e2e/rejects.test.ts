import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ExportResult } from '../../src/operate/rejects/export.js'
import type { RejectsList } from '../../src/operate/rejects/list.js'
import type { ReplayResult } from '../../src/operate/rejects/replay.js'
import type { ShownRejects } from '../../src/operate/rejects/show.js'
import type { RunResult } from '../../src/operate/run/run.js'
import { User } from '../support/cli.js'

const KEY = 'inbox/meters/20260101_meters.csv'
const config = (type: string) => `
project: sensors
datasets:
  meters:
    match: "*meters.csv"
    columns: { day: date, value: ${type} }
    partition: day
    rejects: { max: 20 }
`
const rows = [
  ...Array.from({ length: 75 }, (_, index) => `2026-01-01,${index}`),
  ...Array.from({ length: 25 }, (_, index) => `2026-01-02,${index}.5`),
]

describe('a file with too many bad rows, through the built CLI', function () {
  this.timeout(180_000)
  let user: User
  const local = <R>(...args: string[]) => user.json<R>(...args, '--env', 'local')
  const query = async (sql: string) => {
    const document = await local<{ rows: unknown[][] }>('query', sql)
    expect(document.code, JSON.stringify(document.error)).to.equal(0)
    return document.result.rows
  }

  before(async () => {
    user = await User.create()
    await user.write('datapipe.yaml', config('integer'))
    await user.startLocal()
    expect((await user.run('up', '--env', 'local')).code).to.equal(0)
    await user.write('20260101_meters.csv', ['day,value', ...rows, ''].join('\n'))
  })
  after(() => user.leave())

  it('publishes nothing, and leaves the file alone', async () => {
    expect((await local('upload', '20260101_meters.csv')).code).to.equal(0)
    const run = await local<RunResult>('run', '--watch')
    expect(run.code).to.equal(5)
    expect(run.result.executions[0]).to.include({ status: 'rejected', rowsIn: 100, rowsRejected: 25 })
    const again = await local<RunResult>('run', '--watch')
    expect([again.code, again.result.executions]).to.deep.equal([0, []])
    expect((await user.run('history', '--env', 'local')).stdout).to.contain('quarantined')
    expect((await user.run('status', '--env', 'local')).stdout).to.contain('quarantined')
  })

  it('tells which rows, and why', async () => {
    const { result } = await local<RejectsList>('rejects', 'list')
    expect(result.sources).to.have.length(1)
    expect(result.sources[0]).to.deep.include({ state: 'quarantined', rowsIn: 100, rowsRejected: 25 })
    const shown = await local<ShownRejects>('rejects', 'show', 'meters/20260101_meters.csv', '--limit', '2')
    expect(shown.result.rows.map(({ line, column, raw }) => [line, column, raw])).to.deep.equal([
      [77, 'value', '2026-01-02,0.5'],
      [78, 'value', '2026-01-02,1.5'],
    ])
    expect(await query('select count(*), min(line), max(line) from datapipe_rejects')).to.deep.equal([
      [25, 77, 101],
    ])
    const exported = await local<ExportResult>('rejects', 'export', KEY, '--out', 'bad.csv')
    expect(exported.code, JSON.stringify(exported.error)).to.equal(0)
    expect(await readFile(join(user.folder, 'bad.csv'), 'utf8')).to.equal(
      ['day,value', ...rows.slice(75), ''].join('\n'),
    )
  })

  it('loads it when the reason is gone, once', async () => {
    await user.write('datapipe.yaml', config('double'))
    const early = await local<ReplayResult>('rejects', 'replay', '--source', KEY, '--watch')
    expect(early.code, 'the deployed configuration decides').to.equal(5)
    expect(early.result.notDeployed).to.deep.equal(['meters'])
    expect(early.warnings.join()).to.contain('datapipe up --env local')

    expect((await user.run('up', '--env', 'local')).code).to.equal(0)
    const replay = await local<ReplayResult>('rejects', 'replay', 'meters', '--watch')
    expect(replay.code, JSON.stringify(replay)).to.equal(0)
    expect(
      replay.result.files.map(({ outcome, before, after }) => [outcome, before.rowsRejected, after]),
    ).to.deep.equal([['succeeded', 25, { status: 'succeeded', rowsIn: 100, rowsOut: 100, rowsRejected: 0 }]])
    const counts = 'select day, count(*), sum(value) from meters group by 1 order by 1'
    const loaded = await query(counts)
    expect(loaded.map(([, count, sum]) => [count, sum])).to.deep.equal([
      [75, 2775],
      [25, 312.5],
    ])
    const twice = await local<ReplayResult>('rejects', 'replay', '--source', KEY, '--watch')
    expect([twice.code, twice.result.files.map(({ outcome }) => outcome)]).to.deep.equal([
      0,
      ['nothing-rejected'],
    ])
    const forced = await local<RunResult>('run', '--file', KEY)
    expect(forced.code).to.equal(0)
    expect(await query(counts)).to.deep.equal(loaded)
    expect((await local<RejectsList>('rejects', 'list')).result.sources).to.deep.equal([])
  })
})
