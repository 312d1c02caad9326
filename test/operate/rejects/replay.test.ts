import { DeleteObjectCommand, GetObjectTaggingCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { datasetSchema, type Dataset } from '../../../src/config/dataset.js'
import { replay, replayExitCode, type ReplayRequest } from '../../../src/operate/rejects/replay.js'
import { findWork } from '../../../src/operate/run/work.js'
import { RAW, TestLake, type LoadRequest } from '../../transform/merge/support.js'
import { failure, signal } from '../support.js'
import { LakeOrchestrator } from './support.js'

const STRICT = { columns: { day: 'date', value: 'integer' }, partition: 'day', rejects: { max: 1 } }
const LENIENT = { ...STRICT, columns: { day: 'date', value: 'string' } }
const DAY = '2026-01-01'
const BAD = `day,value\n${DAY},1\n${DAY},n/a\n2026-01-02,2\n${DAY},none\n`
const KEY = 'inbox/meters/a.csv'
const ALL = ['1', '2', 'n/a', 'none']

describe('replaying rejected rows', function () {
  this.timeout(120_000)
  let lake: TestLake
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())
  beforeEach(() => lake.reset({ meters: STRICT }))

  const tagsOf = async ({ key, versionId }: LoadRequest) => {
    const { TagSet = [] } = await lake.s3.send(
      new GetObjectTaggingCommand({ Bucket: RAW, Key: key, VersionId: versionId }),
    )
    return Object.fromEntries(TagSet.map(({ Key = '', Value }) => [Key, Value]))
  }
  const table = async () => (await lake.read('meters')).map(({ value }) => String(value)).sort()
  const local = (config: object): Record<string, Dataset> => ({ meters: datasetSchema.parse(config) })
  const replayed = async (
    request: Partial<ReplayRequest>,
    workers = new LakeOrchestrator(lake),
    config: object = LENIENT,
  ) => replay(lake.aws, { watch: true, ...request }, local(config), signal, undefined, workers.open)

  it('a file over the limit is quarantined, and published once when its rows pass', async () => {
    const version = await lake.upload('meters', 'a.csv', BAD)
    await lake.s3.send(
      new PutObjectTaggingCommand({
        Bucket: RAW,
        Key: KEY,
        Tagging: { TagSet: [{ Key: 'owner', Value: 'plant 7' }] },
      }),
    )
    const record = await lake.load(version)
    expect([record.status, record.rowsRejected, record.quarantined]).to.deep.equal(['rejected', 2, true])
    expect(await tagsOf(version)).to.deep.equal({ owner: 'plant 7', 'datapipe:quarantine': record.runId })

    const workers = new LakeOrchestrator(lake)
    const still = await replayed({ dataset: 'meters' }, workers, STRICT)
    expect(still.files.map(({ outcome, after }) => [outcome, after?.rowsRejected])).to.deep.equal([
      ['rejected', 2],
    ])
    expect(replayExitCode(still)).to.equal(5)
    const [again = ''] = workers.started
    expect(again).to.match(/^r1-/)
    expect((await tagsOf(version))['datapipe:quarantine']).to.equal(again)

    await lake.configure({ meters: LENIENT })
    const { files, notDeployed } = await replayed({ dataset: 'meters' })
    expect(notDeployed).to.deep.equal([])
    expect(
      files.map(({ outcome, before, after }) => [outcome, before.rowsOut, after?.rowsOut]),
    ).to.deep.equal([['succeeded', 0, 4]])
    expect(replayExitCode({ files, notDeployed })).to.equal(0)
    expect(await table()).to.deep.equal(ALL)
    expect(await tagsOf(version)).to.deep.equal({ owner: 'plant 7' })
    expect(await lake.keys('datapipe_rejects'), 'nobody needs the rows any more').to.deep.equal([])

    const keys = await lake.keys()
    const twice = await replayed({ source: 'meters/a.csv' })
    expect(twice.files.map(({ outcome }) => outcome)).to.deep.equal(['nothing-rejected'])
    expect((await replayed({ all: true })).files).to.deep.equal([])
    expect(await lake.keys()).to.deep.equal(keys)
    expect(await table()).to.deep.equal(ALL)
  })

  it('nothing loads a quarantined version by itself, until a newer one comes', async () => {
    const version = await lake.upload('meters', 'a.csv', BAD)
    const record = await lake.load(version)
    await lake.configure({ meters: LENIENT })
    expect(await lake.load({ ...version, execution: 'o-swept' }), 'a sweep').to.deep.equal(record)
    expect(await lake.record('meters', version)).to.deep.equal(record)
    const pending = await findWork(lake.aws, { retryFailed: false }, signal)
    expect(pending.work).to.deep.equal([])
    expect(pending.failedBefore.map(({ runId }) => runId)).to.deep.equal([record.runId])

    await lake.nextSecond()
    const newer = await lake.upload('meters', 'a.csv', `day,value\n${DAY},7\n`)
    expect(
      (await findWork(lake.aws, { retryFailed: false }, signal)).work.map(({ object }) => object.versionId),
    ).to.deep.equal([newer.versionId])
    expect((await lake.load(newer)).status).to.equal('succeeded')
    expect(await table()).to.deep.equal(['7'])
    const old = await replayed({ run: record.runId })
    expect(old.files.map(({ outcome }) => outcome)).to.deep.equal(['superseded'])
    expect(await table()).to.deep.equal(['7'])
  })

  it('what was published within the limit gets the rows that pass now, once', async () => {
    const bounded = (max: number) => ({
      ...STRICT,
      columns: { day: 'date', value: { type: 'integer', max } },
      rejects: { max: '50%' },
    })
    await lake.configure({ meters: bounded(2) })
    await lake.uploadAndLoad('meters', 'a.csv', `day,value\n${DAY},1\n${DAY},7\n2026-01-02,2\n2026-01-03,9\n`)
    await lake.uploadAndLoad('meters', 'other.csv', `day,value\n${DAY},0\n`)
    expect(await table()).to.deep.equal(['0', '1', '2'])
    await lake.configure({ meters: bounded(8) })
    for (const before of [2, 1]) {
      const { files } = await replayed({ dataset: 'meters' }, new LakeOrchestrator(lake), bounded(8))
      expect(
        files.map(({ outcome, before: { rowsRejected }, after }) => [
          outcome,
          rowsRejected,
          after?.rowsRejected,
        ]),
      ).to.deep.equal([['succeeded', before, 1]])
      expect(await table()).to.deep.equal(['0', '1', '2', '7'])
      await lake.nextSecond()
    }
  })

  it('a newer version that comes while it runs is what counts, and what was published stays until then', async () => {
    await lake.configure({ meters: { ...STRICT, rejects: { max: '50%' } } })
    const old = await lake.uploadAndLoad('meters', 'a.csv', BAD)
    await lake.nextSecond()
    const overtake = async () => {
      await lake.upload('meters', 'a.csv', `day,value\n${DAY},7\n`)
    }
    const { files } = await replayed({ dataset: 'meters' }, new LakeOrchestrator(lake, overtake))
    expect(files.map(({ outcome, after }) => [outcome, after])).to.deep.equal([['superseded', null]])
    expect(await table()).to.deep.equal(['1', '2'])
    expect(await lake.record('meters', { key: KEY, versionId: old.source.versionId })).to.deep.equal(old)
  })

  it('two replays at once process the file once', async () => {
    await lake.load(await lake.upload('meters', 'a.csv', BAD))
    await lake.configure({ meters: LENIENT })
    const workers = new LakeOrchestrator(lake)
    const both = await Promise.all([replayed({ all: true }, workers), replayed({ all: true }, workers)])
    for (const { files } of both)
      expect(files.map(({ outcome, after }) => [outcome, after?.rowsOut])).to.deep.equal([['succeeded', 4]])
    expect(workers.started).to.have.length(1)
    expect(await table()).to.deep.equal(ALL)
  })

  it('two jobs of two replays at once publish the rows once', async () => {
    const version = await lake.upload('meters', 'a.csv', BAD)
    await lake.load(version)
    await lake.configure({ meters: LENIENT })
    const records = await Promise.all(
      ['r1-a', 'r2-a'].map((execution) => lake.load({ ...version, execution, force: true })),
    )
    expect(records.map(({ status }) => status)).to.deep.equal(['succeeded', 'succeeded'])
    expect(await table()).to.deep.equal(ALL)
    expect(await tagsOf(version)).to.deep.equal({})
  })

  it('killed before any of its calls, and done again: every row once, and out of quarantine', async () => {
    const killedAt: (string | undefined)[] = []
    for (let calls = 0; ; calls++) {
      await lake.reset({ meters: STRICT })
      const version = await lake.upload('meters', 'a.csv', BAD)
      await lake.load(version)
      await lake.configure({ meters: LENIENT })
      const { clients, died } = lake.dying(calls)
      await lake.load({ ...version, execution: 'r1-killed', force: true }, clients).catch(() => undefined)
      for (const client of clients) client.destroy()
      killedAt.push(died())
      const { files } = await replayed({ source: KEY })
      const [outcome] = files.map((file) => file.outcome)
      expect(outcome, `killed at ${String(died())}`).to.equal(
        died() === undefined ? 'nothing-rejected' : 'succeeded',
      )
      expect(await table(), `killed at ${String(died())}`).to.deep.equal(ALL)
      expect(await tagsOf(version), `killed at ${String(died())}`).to.deep.equal({})
      if (died() === undefined) break
    }
    expect(killedAt).to.include.members([
      'PutObjectCommand',
      'DeleteObjectTaggingCommand',
      'DeleteObjectCommand',
    ])
    expect(killedAt.length).to.be.greaterThan(10)
  }).timeout(300_000)

  it('says that a version is gone, and where its rows are', async () => {
    const version = await lake.upload('meters', 'a.csv', BAD)
    const { runId } = await lake.load(version)
    await lake.s3.send(new DeleteObjectCommand({ Bucket: RAW, Key: KEY, VersionId: version.versionId }))
    const error = await failure(replayed({ source: KEY }))
    expect(error.code).to.equal('SOURCE_GONE')
    expect(error.suggestions[0]).to.contain(`datapipe rejects export ${runId}`)
    const all = await replayed({ all: true })
    expect(all.files.map(({ outcome }) => outcome)).to.deep.equal(['gone'])
    expect(replayExitCode(all)).to.equal(1)
  })

  it('says that the configuration here is not the one that is deployed', async () => {
    await lake.load(await lake.upload('meters', 'a.csv', BAD))
    const { notDeployed, files } = await replayed({ dataset: 'meters' })
    expect(notDeployed).to.deep.equal(['meters'])
    expect(files.map(({ outcome }) => outcome)).to.deep.equal(['rejected'])
  })

  it('refuses to guess what is meant', async () => {
    for (const request of [{}, { dataset: 'meters', all: true }])
      expect((await failure(replayed(request))).code).to.equal('REPLAY_WHAT')
    expect((await failure(replayed({ source: 'meters/b.csv' }))).code).to.equal('RUN_NOT_FOUND')
  })
})
