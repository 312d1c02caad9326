import { expect } from 'chai'
import type { BackfillResult } from '../../src/operate/run/backfill.js'
import { User } from '../support/cli.js'

const FILES = 30
const BAD = 17
const CONFIG = `
project: sensors
environments: { local: {} }
backfill: true
notify: { onSuccess: true }
datasets:
  meters: { match: "meters*.csv", columns: { id: integer, reading: double } }
  others: { match: "others*.csv" }
`

describe('run --backfill through the built CLI', function () {
  this.timeout(300_000)
  let user: User
  const local = <R>(...args: string[]) => user.json<R>(...args, '--env', 'local')
  const rows = async () =>
    (await local<{ rows: unknown[][] }>('query', 'select count(*), sum(id) from meters')).result.rows

  before(async () => {
    user = await User.create()
    await user.write('datapipe.yaml', CONFIG)
    await user.startLocal()
    const up = await user.run('up', '--env', 'local')
    expect(up.code, up.stderr).to.equal(0)
    const names = Array.from({ length: FILES }, (_, n) => `meters-${n}.csv`)
    for (const [n, name] of names.entries()) {
      const body = n === BAD ? 'no,number\nx,y\n' : `${n},1.5\n`
      await user.write(name, `id,reading\n${body}`)
    }
    await user.write('others.csv', 'a\n1\n')
    expect((await local('upload', ...names, 'others.csv')).code).to.equal(0)
  })
  after(() => user.leave())

  it('processes everything pending of a dataset; a bad file is reported and stops no other', async () => {
    const { code, result } = await local<BackfillResult>('run', '--backfill', '--dataset', 'meters')
    expect(code, JSON.stringify(result)).to.equal(5)
    expect(result.backfill).to.deep.include({
      status: 'SUCCEEDED',
      progress: { total: FILES, pending: 0, running: 0, processed: FILES - 1, failed: 1 },
    })
    expect(result.executions).to.have.length(FILES)
    for (const { name, source, status } of result.executions) {
      expect(status, source.key).to.equal(source.key.includes(`-${BAD}.`) ? 'rejected' : 'succeeded')
      expect(name).to.match(/^o-[0-9a-f]{64}$/)
    }
    expect(await rows()).to.deep.equal([[FILES - 1, (FILES * (FILES - 1)) / 2 - BAD]])
  })

  it('leaves what failed alone, and finds the rest', async () => {
    const { code, result, warnings } = await local<BackfillResult>('run', '--backfill')
    expect(code).to.equal(0)
    expect(result.executions.map(({ source }) => source.key)).to.deep.equal(['inbox/others/others.csv'])
    expect(warnings.join()).to.include(`meters-${BAD}.csv`)
    const nothing = await local<BackfillResult>('run', '--backfill')
    expect([nothing.code, nothing.result]).to.deep.equal([0, { backfill: null, executions: [] }])
  })

  it('loads again what is loaded when it is told to, and the rows stay the same', async () => {
    const before = await rows()
    const none = await local<BackfillResult>('run', '--backfill', '--all', '--since', '2999-01-01')
    expect(none.result.backfill).to.equal(null)
    const { code, result } = await local<BackfillResult>('run', '--backfill', '--all', '--dataset', 'others')
    expect(code, JSON.stringify(result)).to.equal(0)
    expect(result.executions).to.have.length(1)
    expect(result.executions[0]).to.include({ status: 'succeeded', rowsIn: 1 })
    expect(result.executions[0]!.name).to.match(/^b-[0-9a-f]{64}$/)
    expect(await rows()).to.deep.equal(before)
  })

  it('refuses a dataset and a date that it does not know', async () => {
    for (const [flags, expected] of [
      [['--dataset', 'nobody'], 'UNKNOWN_DATASET'],
      [['--since', 'yesterday'], 'BAD_DATE'],
    ] as const) {
      const { code, error } = await local('run', '--backfill', ...flags)
      expect([code, error?.code]).to.deep.equal([2, expected])
    }
  })
})
