import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import type { BackfillProgress, BackfillRunner, Execution } from '../../../src/operate/orchestrator.js'
import { backfill, backfillExitCode, type BackfillRequest } from '../../../src/operate/run/backfill.js'
import { executionNames } from '../../../src/operate/run/work.js'
import type { BackfillInput } from '../../../src/pipeline/state-machines/backfill.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { createVersionedBucket, emulatedContext, failure, signal } from '../support.js'

const PROGRESS: BackfillProgress = { total: 4, pending: 0, running: 0, processed: 4, failed: 0 }

describe('run --backfill', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let started: { name: string; input: BackfillInput }[]
  let workers: Map<string, Execution>
  let ended: Partial<Execution>

  before(async () => {
    moto = await startMoto()
  })
  after(() => moto.stop())
  beforeEach(async () => {
    await resetMoto(moto.endpoint)
    aws = emulatedContext(moto.endpoint)
    await createVersionedBucket(aws, aws.names.bucket('raw'))
    await createVersionedBucket(aws, aws.names.bucket('transformed'))
    started = []
    workers = new Map()
    ended = { status: 'SUCCEEDED' }
  })
  afterEach(() => aws.clients.destroy())

  async function arrives(key: string): Promise<string> {
    const bucket = aws.names.bucket('raw')
    const { VersionId: versionId = '' } = await aws.clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' }))
    return executionNames({ bucket, key, versionId, bytes: 1 }).next().value as string
  }

  function go(request: Partial<BackfillRequest> = {}, stop = signal, watch?: BackfillRunner['watch']) {
    const runner: BackfillRunner = {
      start: (name, input) => Promise.resolve(void started.push({ name, input })),
      watch:
        watch ??
        ((name, _, onProgress) => {
          onProgress(PROGRESS)
          return Promise.resolve({ name, status: 'SUCCEEDED', ...ended })
        }),
    }
    const orchestrator = {
      start: () => Promise.reject(new Error('the backfill starts workers, not this')),
      describe: (name: string) => Promise.resolve(workers.get(name)),
      watch: () => Promise.reject(new Error('nobody asked for one worker')),
    }
    const opened = {
      orchestrator,
      backfill: runner,
      concurrency: 1,
      inProcess: false,
      close: () => Promise.resolve(),
    }
    return backfill(aws, { all: false, ...request }, stop, undefined, () => Promise.resolve(opened))
  }

  it('starts nothing when nothing is pending, nor for what the machine would pass over', async () => {
    await arrives('inbox/a/notes.docx')
    const result = await go()
    expect(result).to.deep.equal({ backfill: null, executions: [] })
    expect([started, backfillExitCode(result)]).to.deep.equal([[], 0])
  })

  it('asks for what it was asked for', async () => {
    await arrives('inbox/a/1.csv')
    await arrives('inbox/b/1.csv')
    const since = new Date('2001-09-09T01:46:40.900Z')
    expect((await go({ dataset: 'a', since, all: true })).executions).to.have.length(1)
    expect((await go({})).executions).to.have.length(2)
    expect(started.map(({ input }) => input)).to.deep.equal([
      { prefix: 'inbox/a/', since: 1_000_000_000, again: true },
      { prefix: 'inbox/' },
    ])
    const later = new Date(Date.now() + 3_600_000)
    expect((await go({ since: later })).backfill).to.equal(null)
  })

  it('says of each file how it ended, and fails when one did', async () => {
    const failed = await arrives('inbox/a/1.csv')
    workers.set(failed, { name: failed, status: 'FAILED', error: 'ECS.ClientException', cause: 'full' })
    const other = await arrives('inbox/a/2.csv')
    workers.set(other, { name: other, status: 'RUNNING' })
    await arrives('inbox/a/3.csv')
    const result = await go()
    expect(result.executions.map(({ error, status }) => [status, error])).to.deep.equal([
      ['failed', 'ECS.ClientException: full'],
      ['running', undefined],
      ['failed', 'No worker was started for this version; datapipe run shows whether it is pending'],
    ])
    expect(result.backfill).to.deep.include({ status: 'SUCCEEDED', progress: PROGRESS })
    expect(backfillExitCode(result)).to.equal(1)
  })

  it('fails when the backfill itself did', async () => {
    await arrives('inbox/a/1.csv')
    ended = { status: 'FAILED', error: 'datapipe.BackfillIncomplete', cause: 'Some files' }
    const result = await go()
    expect(result.backfill).to.include({ error: 'datapipe.BackfillIncomplete: Some files' })
    expect(backfillExitCode({ ...result, executions: [] })).to.equal(1)
  })

  it('interrupted, says that it goes on', async () => {
    await arrives('inbox/a/1.csv')
    const stop = new AbortController()
    const error = await failure(
      go({}, stop.signal, (_, __, onProgress) => {
        onProgress({ ...PROGRESS, processed: 1 })
        stop.abort()
        return Promise.reject(new Error('stopped'))
      }),
    )
    expect(error).to.include({ code: 'INTERRUPTED', exitCode: 130 })
    expect(error.message).to.include('1 of 4')
    expect(error.suggestions.join()).to.include('goes on in AWS')
  })
})
