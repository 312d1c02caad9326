import { createHash } from 'node:crypto'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import type {
  BackfillRunner,
  Execution,
  Orchestrator,
  StateEntered,
  WorkerInput,
} from '../../../src/operate/orchestrator.js'
import { backfillNotDeployed } from '../../../src/operate/run/backfill-errors.js'
import { runRecords } from '../../../src/operate/records.js'
import type { RunExecution } from '../../../src/operate/run/execution.js'
import { run, runExitCode, type RunEvent, type RunRequest } from '../../../src/operate/run/run.js'
import { runKey, sourceId } from '../../../src/transform/layout.js'
import type { RunRecord, runRecordSchema } from '../../../src/transform/record.js'
import type { z } from 'zod'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { createVersionedBucket, emulatedContext, failure, signal } from '../support.js'

type StoredRecord = z.input<typeof runRecordSchema>

/** What an execution leaves: a record, or without one its own end. */
interface Ending {
  record?: Partial<StoredRecord>
  execution?: Partial<Execution>
}

/** Runs workers that end as told: with a record, or without one. */
class ScriptedOrchestrator implements Orchestrator {
  readonly started: { name: string; input: WorkerInput }[] = []
  readonly executions = new Map<string, Execution>()
  running = 0
  mostRunning = 0
  concurrency = 2
  inProcess = true
  backfill: BackfillRunner | undefined
  closed = 0

  constructor(
    readonly aws: AwsContext,
    public ending: (input: WorkerInput, name: string) => Ending,
  ) {}

  start(name: string, input: WorkerInput): Promise<'started' | 'exists'> {
    if (this.executions.has(name)) return Promise.resolve('exists')
    this.started.push({ name, input })
    this.executions.set(name, { name, status: 'RUNNING', startedAt: '2026-01-01T00:00:00.000Z' })
    return Promise.resolve('started')
  }

  describe(name: string): Promise<Execution | undefined> {
    return Promise.resolve(this.executions.get(name))
  }

  async watch(name: string, onState: (entered: StateEntered) => void, stop: AbortSignal): Promise<Execution> {
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    onState({ execution: name, state: 'Transform' })
    stop.throwIfAborted()
    const input = this.started.find((one) => one.name === name)!.input
    const ending = this.ending(input, name)
    if (ending.record !== undefined) await putRecord(this.aws, input, { runId: name, ...ending.record })
    const failed = ending.record?.status === 'rejected' || ending.record?.status === 'failed'
    const ended: Execution = {
      name,
      status: failed ? 'FAILED' : 'SUCCEEDED',
      startedAt: '2026-01-01T00:00:00.000Z',
      stoppedAt: '2026-01-01T00:00:04.000Z',
      ...ending.execution,
    }
    this.executions.set(name, ended)
    this.running--
    return ended
  }
}

function recordOf(
  source: Pick<WorkerInput, 'bucket' | 'key' | 'versionId'>,
  record: Partial<StoredRecord>,
): StoredRecord {
  const dataset = source.key.split('/')[1]!
  return {
    schemaVersion: 1,
    runId: 'o-1',
    dataset,
    status: 'succeeded',
    source: {
      bucket: source.bucket,
      key: source.key,
      versionId: source.versionId,
      bytes: 3,
      sha256: 'a'.repeat(64),
    },
    rowsIn: 10,
    rowsAccepted: 8,
    rowsOut: 80,
    rowsRejected: 2,
    outputs: [{ table: dataset, key: `${dataset}/x.parquet`, rows: 80, bytes: 100, partition: {} }],
    rejects: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:03.000Z',
    durationMs: 3000,
    engine: 'duckdb',
    datapipe: '0.1.0',
    ...record,
  }
}

async function putRecord(
  aws: AwsContext,
  source: Pick<WorkerInput, 'bucket' | 'key' | 'versionId'>,
  record: Partial<StoredRecord>,
): Promise<void> {
  const complete = recordOf(source, record)
  await aws.clients.of(S3Client).send(
    new PutObjectCommand({
      Bucket: aws.names.bucket('transformed'),
      Key: runKey(complete.dataset, sourceId(`${source.bucket}/${source.key}`), source.versionId),
      Body: JSON.stringify(complete),
    }),
  )
}

describe('run', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let orchestrator: ScriptedOrchestrator
  let events: RunEvent[]

  before(async () => {
    moto = await startMoto()
  })

  after(() => moto.stop())

  beforeEach(async () => {
    await resetMoto(moto.endpoint)
    aws = emulatedContext(moto.endpoint)
    await createVersionedBucket(aws, aws.names.bucket('raw'))
    await createVersionedBucket(aws, aws.names.bucket('transformed'))
    orchestrator = new ScriptedOrchestrator(aws, () => ({ record: {} }))
    events = []
  })

  afterEach(() => aws.clients.destroy())

  /** @returns its version */
  async function arrives(key: string, body = 'x'): Promise<string> {
    const { VersionId: version = '' } = await aws.clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: aws.names.bucket('raw'), Key: key, Body: body }))
    return version
  }

  async function go(request: Partial<RunRequest> = {}, stop = signal): Promise<RunExecution[]> {
    const { executions } = await run(
      aws,
      { retryFailed: false, watch: true, ...request },
      stop,
      (event) => events.push(event),
      () =>
        Promise.resolve({
          orchestrator,
          concurrency: orchestrator.concurrency,
          backfill: orchestrator.backfill,
          inProcess: orchestrator.inProcess,
          close: () => Promise.resolve(void orchestrator.closed++),
        }),
    )
    return executions
  }

  function hashOf(key: string, version: string): string {
    return createHash('sha256')
      .update(`${aws.names.bucket('raw')}/${key}/${version}`)
      .digest('hex')
  }

  it('processes what is pending, under the name that the dispatcher gives it, and counts', async () => {
    const version = await arrives('inbox/a/1.csv', 'abc')
    const [execution] = await go()
    const bucket = aws.names.bucket('raw')
    expect(execution).to.deep.equal({
      name: `o-${hashOf('inbox/a/1.csv', version)}`,
      status: 'succeeded',
      source: { bucket, key: 'inbox/a/1.csv', versionId: version },
      rowsIn: 10,
      rowsOut: 80,
      rowsRejected: 2,
      outputs: [{ table: 'a', key: 'a/x.parquet', rows: 80, bytes: 100 }],
      durationMs: 4000,
    })
    expect(orchestrator.started[0]!.input).to.deep.equal({
      bucket,
      key: 'inbox/a/1.csv',
      versionId: version,
      size: 3,
      source: 'run',
    })
    expect(events.map(({ type }) => type)).to.deep.equal([
      'run.found',
      'run.started',
      'run.state',
      'run.finished',
    ])
    expect(orchestrator.closed).to.equal(1)
    expect(await go()).to.deep.equal([])
  })

  it('takes the current versions only, and neither folders nor empty files', async () => {
    await arrives('inbox/a/1.csv', 'old')
    const version = await arrives('inbox/a/1.csv', 'new')
    await arrives('inbox/a/', '')
    await arrives('inbox/a/empty.csv', '')
    await arrives('other/b.csv')
    const executions = await go()
    expect(executions.map(({ source }) => [source.key, source.versionId])).to.deep.equal([
      ['inbox/a/1.csv', version],
    ])
  })

  it('finds everything, however many pages there are', async () => {
    const page = (next: (args: object) => Promise<object>) => (args: object) => {
      const { input } = args as { input: { Prefix?: string; MaxKeys?: number } }
      if (input.Prefix !== undefined) input.MaxKeys = 2
      return next(args)
    }
    aws.clients.of(S3Client).middlewareStack.add(page as never, { step: 'initialize', name: 'smallPages' })
    for (const name of ['1', '2', '3', '4', '5']) await arrives(`inbox/a/${name}.csv`)
    expect(await go()).to.have.lengthOf(5)
    expect(await runRecords(aws)).to.have.lengthOf(5)
    expect(await go()).to.deep.equal([])
  })

  it('runs no more at once than it may', async () => {
    for (const name of ['1', '2', '3', '4', '5']) await arrives(`inbox/a/${name}.csv`)
    await go()
    expect(orchestrator.mostRunning).to.equal(2)
  })

  it('joins an execution that an upload set going', async () => {
    const version = await arrives('inbox/a/1.csv')
    const name = `o-${hashOf('inbox/a/1.csv', version)}`
    await orchestrator.start(name, {
      bucket: aws.names.bucket('raw'),
      key: 'inbox/a/1.csv',
      versionId: version,
      source: 's3-event',
    })
    const [execution] = await go()
    expect(execution).to.include({ name, status: 'succeeded' })
    expect(orchestrator.started).to.have.lengthOf(1)
  })

  it('only starts in the cloud when nobody watches', async () => {
    orchestrator.inProcess = false
    await arrives('inbox/a/1.csv')
    const [execution] = await go({ watch: false })
    expect(execution).to.include({ status: 'running', rowsIn: null, durationMs: null })
    expect(orchestrator.running).to.equal(0)
    expect(runExitCode([execution!])).to.equal(0)
  })

  describe('with more files than places, when nobody watches', () => {
    beforeEach(async () => {
      for (const name of ['1', '2', '3', '4', '5', '6']) await arrives(`inbox/a/${name}.csv`)
      orchestrator.inProcess = false
    })

    it('starts the next one when one has ended, all of them, and then leaves the last', async () => {
      let [alive, most] = [0, 0]
      orchestrator.start = (name, input) => {
        most = Math.max(most, ++alive)
        orchestrator.started.push({ name, input })
        return Promise.resolve('started')
      }
      orchestrator.watch = async (name, _, until) => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        until.throwIfAborted()
        alive--
        return { name, status: 'SUCCEEDED' }
      }
      const executions = await go({ watch: false, concurrency: 2 })
      expect(orchestrator.started).to.have.lengthOf(6)
      expect(most).to.equal(2)
      expect(executions.filter(({ status }) => status === 'running')).to.have.lengthOf(2)
      expect(events).to.deep.include({ type: 'run.waiting', concurrency: 2 })
    })

    function backfill(start: BackfillRunner['start']): BackfillRunner {
      return { start, watch: () => Promise.reject(new Error('nobody watches')) }
    }

    it('hands them over where there is a backfill', async () => {
      const inputs: object[] = []
      orchestrator.backfill = backfill((_, input) => Promise.resolve(void inputs.push(input)))
      expect(await go({ watch: false, concurrency: 2 })).to.deep.equal([])
      expect([inputs, orchestrator.started]).to.deep.equal([[{ prefix: 'inbox/' }], []])
    })

    it('does not hand over what fits, nor what is to be processed again', async () => {
      orchestrator.backfill = backfill(() => Promise.reject(new Error('not this')))
      expect(await go({ watch: false, concurrency: 6 })).to.have.lengthOf(6)
      expect(await go({ watch: false, concurrency: 2, retryFailed: true })).to.have.lengthOf(6)
    })

    for (const refusal of [
      backfillNotDeployed('dev'),
      Object.assign(new Error('not yours'), { name: 'AccessDeniedException' }),
    ]) {
      it(`starts them itself where there is none: ${refusal.message}`, async () => {
        orchestrator.backfill = backfill(() => Promise.reject(refusal))
        expect(await go({ watch: false, concurrency: 2 })).to.have.lengthOf(6)
        expect(orchestrator.started).to.have.lengthOf(6)
      })
    }
  })

  it('reports a rejected file with its counts and exit code 5', async () => {
    await arrives('inbox/a/1.csv')
    await arrives('inbox/a/2.csv')
    orchestrator.ending = ({ key }) =>
      key.endsWith('1.csv')
        ? {
            record: {
              status: 'rejected',
              rowsOut: 0,
              outputs: [],
              error: { code: 'TOO_MANY_REJECTS', message: '2 of 10 rows' },
            },
          }
        : { record: {} }
    const executions = await go()
    const rejected = executions.find(({ status }) => status === 'rejected')
    expect(rejected).to.deep.include({
      rowsIn: 10,
      rowsOut: 0,
      rowsRejected: 2,
      outputs: [],
      error: '2 of 10 rows',
    })
    expect(executions.map(({ status }) => status).sort()).to.deep.equal(['rejected', 'succeeded'])
    expect(runExitCode(executions)).to.equal(5)
  })

  it('leaves what failed alone, and says so, until it is asked for', async () => {
    const version = await arrives('inbox/a/1.csv')
    const hash = hashOf('inbox/a/1.csv', version)
    orchestrator.ending = () => ({
      record: { status: 'failed', rowsOut: 0, outputs: [], error: { code: 'X', message: 'bad' } },
    })
    const [first] = await go()
    expect(first).to.include({ status: 'failed', error: 'bad' })
    expect(runExitCode([first!])).to.equal(1)
    events = []
    expect(await go()).to.deep.equal([])
    const [found] = events
    expect(found).to.deep.include({ type: 'run.found', pending: 0 })
    expect(
      (found as { failedBefore: RunRecord[] }).failedBefore.map(({ source }) => source.key),
    ).to.deep.equal(['inbox/a/1.csv'])
    const [again] = await go({ retryFailed: true })
    expect(again).to.include({ name: `r1-${hash}`, status: 'failed' })
    orchestrator.ending = () => ({ record: {} })
    const [named] = await go({ file: `s3://${aws.names.bucket('raw')}/inbox/a/1.csv` })
    expect(named).to.include({ name: `r2-${hash}`, status: 'succeeded' })
    expect(await go({ retryFailed: true })).to.deep.equal([])
  })

  it('says why an execution died before it left a record, and leaves it alone too', async () => {
    const version = await arrives('inbox/a/1.csv')
    orchestrator.ending = () => ({
      execution: { status: 'FAILED', error: 'ECS.AccessDenied', cause: 'no image' },
    })
    for (let attempt = 0; attempt < 2; attempt++) {
      const executions = await go()
      expect(executions).to.have.lengthOf(1)
      expect(executions[0]).to.include({
        name: `o-${hashOf('inbox/a/1.csv', version)}`,
        status: 'failed',
        rowsIn: null,
        error: 'ECS.AccessDenied: no image',
      })
    }
    expect(orchestrator.started).to.have.lengthOf(1)
    orchestrator.ending = () => ({ record: {} })
    const [again] = await go({ retryFailed: true })
    expect(again).to.include({ name: `r1-${hashOf('inbox/a/1.csv', version)}`, status: 'succeeded' })
  })

  it('does not take the record of an earlier execution for its own', async () => {
    const version = await arrives('inbox/a/1.csv')
    const source = { bucket: aws.names.bucket('raw'), key: 'inbox/a/1.csv', versionId: version }
    await putRecord(aws, source, { runId: 'o-earlier', status: 'rejected' })
    orchestrator.ending = () => ({ execution: { status: 'FAILED', error: 'States.Timeout' } })
    const [execution] = await go({ retryFailed: true })
    expect(execution).to.include({ status: 'failed', rowsIn: null, error: 'States.Timeout' })
  })

  for (const status of ['ABORTED', 'SUCCEEDED'] as const) {
    it(`repeats what was ${status.toLowerCase()} without a record`, async () => {
      const version = await arrives('inbox/a/1.csv')
      const name = `o-${hashOf('inbox/a/1.csv', version)}`
      orchestrator.executions.set(name, { name, status })
      const [execution] = await go()
      expect(execution).to.include({ name: name.replace('o-', 'r1-'), status: 'succeeded' })
    })
  }

  it('follows as many files of the cloud at once as the configuration says, and all of them', async () => {
    for (const name of ['1', '2', '3', '4', '5', '6']) await arrives(`inbox/a/${name}.csv`)
    orchestrator.inProcess = false
    orchestrator.concurrency = 6
    expect(await go({ watch: true, concurrency: 3 })).to.have.lengthOf(6)
    expect(orchestrator.mostRunning).to.equal(3)
  })

  it('takes an execution that ends well without a record for a failure', async () => {
    await arrives('inbox/a/1.csv')
    orchestrator.ending = () => ({})
    const [execution] = await go()
    expect(execution).to.include({
      status: 'failed',
      error: 'The execution ended well but left no run record.',
    })
  })

  it('of a file that is not there names those of the same name', async () => {
    await arrives('inbox/a/1.csv')
    const error = await failure(go({ file: 'inbox/b/1.csv' }))
    expect(error.code).to.equal('FILE_NOT_FOUND')
    expect(error.message).to.equal(`There is no inbox/b/1.csv in bucket ${aws.names.bucket('raw')}.`)
    expect(error.exitCode).to.equal(2)
    expect(error.suggestions[0]).to.equal('Did you mean inbox/a/1.csv?')
    expect(orchestrator.started).to.deep.equal([])
  })

  it('without an environment says how to make one', async () => {
    await resetMoto(moto.endpoint)
    const error = await failure(go())
    expect(error.code).to.equal('ENVIRONMENT_NOT_UP')
    expect(error.suggestions).to.deep.equal(['Create it: datapipe up --env dev'])
  })

  it('starts nothing more when it is interrupted, and tells what is done', async () => {
    for (const name of ['1', '2', '3', '4', '5']) await arrives(`inbox/a/${name}.csv`)
    const stop = new AbortController()
    orchestrator.concurrency = 1
    orchestrator.ending = ({ key }) => {
      if (key.endsWith('2.csv')) stop.abort()
      return { record: {} }
    }
    const error = await failure(go({}, stop.signal))
    expect(error.code).to.equal('INTERRUPTED')
    expect(error.message).to.match(/^Interrupted: [12] of 5 files are done\.$/)
    expect(orchestrator.started).to.have.lengthOf(2)
    expect(orchestrator.closed).to.equal(1)
  })

  it('stops when executions cannot be started', async () => {
    for (const name of ['1', '2', '3']) await arrives(`inbox/a/${name}.csv`)
    orchestrator.concurrency = 1
    let calls = 0
    orchestrator.start = () => {
      calls++
      return Promise.reject(new Error('no permission'))
    }
    const error: unknown = await go().catch((reason: unknown) => reason)
    expect(error).to.be.an('error').with.property('message', 'no permission')
    expect(calls).to.equal(1)
    expect(orchestrator.closed).to.equal(1)
  })
})

describe('run records', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext

  before(async () => {
    moto = await startMoto()
    aws = emulatedContext(moto.endpoint)
    await createVersionedBucket(aws, aws.names.bucket('transformed'))
    for (const [index, dataset] of ['a', 'b', 'a'].entries()) {
      await putRecord(
        aws,
        { bucket: 'raw', key: `inbox/${dataset}/${index}.csv`, versionId: 'v' },
        { finishedAt: `2026-01-0${index + 1}T00:00:00.000Z` },
      )
    }
  })

  after(async () => {
    aws.clients.destroy()
    await moto.stop()
  })

  it('come latest first, of all datasets or of one', async () => {
    const keys = async (query: Parameters<typeof runRecords>[1]) =>
      (await runRecords(aws, query)).map(({ source }) => source.key)
    expect(await keys({})).to.deep.equal(['inbox/a/2.csv', 'inbox/b/1.csv', 'inbox/a/0.csv'])
    expect(await keys({ dataset: 'a' })).to.deep.equal(['inbox/a/2.csv', 'inbox/a/0.csv'])
    expect(await keys({ limit: 3 })).to.have.lengthOf(3)
  })

  it('that are none are named', async () => {
    const Key = runKey('c', sourceId('raw/inbox/c/x.csv'), 'v')
    const s3 = aws.clients.of(S3Client)
    for (const Body of ['{"schemaVersion":1}', 'not json']) {
      await s3.send(new PutObjectCommand({ Bucket: aws.names.bucket('transformed'), Key, Body }))
      const error = await failure(runRecords(aws, { dataset: 'c' }))
      expect(error.code).to.equal('RECORD_INVALID')
      expect(error.message).to.equal(`s3://${aws.names.bucket('transformed')}/${Key} is not a run record.`)
    }
  })
})
