import { ListObjectVersionsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { HistoryResult } from '../../../src/operate/history/history.js'
import type { UpResult } from '../../../src/operate/provision/up.js'
import type { RollbackResult } from '../../../src/operate/rollback/rollback.js'
import type { RunExecution } from '../../../src/operate/run/execution.js'
import type { UploadResult } from '../../../src/operate/upload/upload.js'
import { ALL_FAULTS } from '../../support/faults.js'
import { Cloud, type Ended, type Machine } from './cloud.js'

const UPLOADS = ALL_FAULTS ? 10 : 4
const RUNS = ALL_FAULTS ? 20 : 4
const FILES = ['a.csv', 'b.csv', 'c.csv']
const CONFIG = `project: sensors
datasets:
  orders:
    match: "*.csv"
    columns: { day: date, id: integer, value: string }
    partition: day
    key: [day, id]
`

describe('many commands on the data of one environment at once', function () {
  this.timeout(600_000)
  let cloud: Cloud
  let one: Machine
  let another: Machine
  let outputs: UpResult['outputs']
  let s3: S3Client

  before(async () => {
    cloud = await Cloud.start()
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    s3 = new S3Client({
      endpoint: cloud.moto.endpoint,
      region: 'eu-north-1',
      credentials,
      forcePathStyle: true,
    })
    one = await cloud.machine()
    another = await cloud.machine()
    for (const { user } of [one, another]) await user.write('datapipe.yaml', CONFIG)
    const up = await one.run<UpResult>('up', '--env', 'dev')
    expect(up.code, up.error?.message).to.equal(0)
    outputs = up.result.outputs
  })
  after(async () => {
    s3.destroy()
    await cloud.stop()
  })

  const write = async (name: string, content: string) => {
    for (const { user } of [one, another]) await user.write(name, content)
  }
  const csv = (id: number) => `day,id,value\n2026-01-0${id},${id},x${id}\n`
  const versions = async (name: string) => {
    const Prefix = `inbox/orders/${name}`
    const { Versions = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: outputs.rawBucket, Prefix }),
    )
    return Versions.map(({ VersionId }) => VersionId)
  }
  const times = <R>(count: number, run: (at: number) => Promise<Ended<R>>) =>
    Promise.all(Array.from({ length: count }, (_one, at) => run(at)))
  const upload = (machine: Machine, name: string) => machine.run<UploadResult>('upload', name, '--env', 'dev')
  const statuses = (ended: Ended<UploadResult>[]) =>
    ended.flatMap(({ result }) => result?.files.map(({ status }) => status) ?? [])
  const table = async () => {
    const { error, result } = await one.run<{ rows: unknown[][] }>(
      ...['query', 'select id, value from orders order by id', '--env', 'dev'],
    )
    return result?.rows ?? expect.fail(error?.message)
  }

  it(`${UPLOADS} uploads of one file from two machines: one object, sent once`, async () => {
    await write('a.csv', csv(1))
    const ended = await times(UPLOADS, (at) => upload(at % 2 === 0 ? one : another, 'a.csv'))
    expect(statuses(ended).filter((status) => status === 'uploaded')).to.have.length(1)
    expect(await versions('a.csv')).to.have.length(1)
    for (const { code, error } of ended) {
      expect([0, 4], error?.message).to.include(code)
      if (code === 4) expect(error?.code).to.equal('UPLOAD_IN_PROGRESS')
    }
    expect(statuses([await upload(another, 'a.csv')])).to.deep.equal(['skipped'])
  })

  it('uploads of different files into one folder do not get in each other’s way', async () => {
    const names = Array.from({ length: UPLOADS }, (_name, at) => (at === 0 ? 'b.csv' : `other-${at}.csv`))
    for (const [at, name] of names.entries()) await write(name, at === 0 ? csv(2) : csv(2 + (at % 7)))
    const ended = await times(UPLOADS, (at) => upload(at % 2 === 0 ? one : another, names[at]!))
    expect(ended.map(({ code }) => code)).to.deep.equal(names.map(() => 0))
    expect(statuses(ended)).to.deep.equal(names.map(() => 'uploaded'))
    for (const name of names) expect(await versions(name), name).to.have.length(1)
  })

  it(`${RUNS} runs at once: each file is loaded once, and all of them end well`, async () => {
    await write('c.csv', csv(3))
    expect((await upload(one, 'c.csv')).code).to.equal(0)
    const files = FILES.length + UPLOADS - 1
    const ended = await times(RUNS, (at) =>
      (at % 2 === 0 ? one : another).run<{ executions: RunExecution[] }>('run', '--watch', '--env', 'dev'),
    )
    expect(
      ended.map(({ code }) => code),
      JSON.stringify(ended.map(({ error }) => error)),
    ).to.deep.equal(ended.map(() => 0))
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({
        Bucket: outputs.rawBucket.replace('-raw-', '-artifacts-'),
        Prefix: 'executions/worker/',
      }),
    )
    expect(Contents.map(({ Key }) => Key)).to.have.length(files)
    const { result } = await one.run<HistoryResult>('history', '--env', 'dev')
    expect(result.runs.map(({ status }) => status)).to.deep.equal(Array(files).fill('succeeded'))
    const rows = await table()
    expect(rows.slice(0, 3)).to.deep.equal([1, 2, 3].map((id) => [id, `x${id}`]))
  })

  it('compactions and roll-backs at once: each done once, none fails', async () => {
    const before = await table()
    const compactions = await times(2, () => one.run('compact', 'orders', '--env', 'dev'))
    expect(compactions.map(({ code, error }) => [code, error])).to.deep.equal([
      [0, undefined],
      [0, undefined],
    ])
    expect(await table()).to.deep.equal(before)
    const { result } = await one.run<HistoryResult>('history', '--env', 'dev')
    const to = result.runs[1]?.runId ?? expect.fail('too few runs')
    const rollback = () => one.run<RollbackResult>('rollback', 'orders', '--to', to, '--yes', '--env', 'dev')
    const backs = await times(2, rollback)
    expect(backs.map(({ code, error }) => [code, error])).to.deep.equal([
      [0, undefined],
      [0, undefined],
    ])
    expect((await rollback()).result.sources).to.deep.equal([])
  })
})
