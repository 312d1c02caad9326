import { createHash } from 'node:crypto'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import type { AwsContext } from '../../../../src/aws/context.js'
import type { Execution, Orchestrator, WorkerInput } from '../../../../src/operate/orchestrator.js'
import { listFailed, purgeFailed } from '../../../../src/operate/run/dlq/list.js'
import { redrive, type Redriven, type RedriveRequest } from '../../../../src/operate/run/dlq/redrive.js'
import { resetMoto, startMoto, type Moto } from '../../../support/moto.js'
import { createVersionedBucket, emulatedContext, failure, signal } from '../../support.js'

/** Remembers what was started; executions end when they are watched. */
class FakeOrchestrator implements Orchestrator {
  readonly started: { name: string; input: WorkerInput }[] = []
  readonly executions = new Map<string, Execution>()

  start(name: string, input: WorkerInput): Promise<'started' | 'exists'> {
    if (this.executions.has(name)) return Promise.resolve('exists')
    this.started.push({ name, input })
    this.executions.set(name, { name, status: 'RUNNING' })
    return Promise.resolve('started')
  }

  describe(name: string): Promise<Execution | undefined> {
    return Promise.resolve(this.executions.get(name))
  }

  watch(name: string): Promise<Execution> {
    return Promise.resolve({ name, status: 'FAILED', error: 'datapipe.DataError' })
  }
}

describe('the failed-files queue', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let orchestrator: FakeOrchestrator
  let closed: number
  let url: string

  before(async () => {
    moto = await startMoto()
  })
  after(() => moto.stop())
  afterEach(() => aws.clients.destroy())
  beforeEach(async () => {
    await resetMoto(moto.endpoint)
    aws = emulatedContext(moto.endpoint)
    orchestrator = new FakeOrchestrator()
    closed = 0
    await createVersionedBucket(aws, aws.names.bucket('raw'))
    await createVersionedBucket(aws, aws.names.bucket('transformed'))
    const created = await aws.clients
      .of(SQSClient)
      .send(new CreateQueueCommand({ QueueName: aws.names.queue('failed') }))
    url = created.QueueUrl ?? ''
  })

  const send = (body: string) =>
    aws.clients.of(SQSClient).send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }))

  /** Uploads a file and lets its first execution have failed. */
  async function fails(key: string): Promise<{ versionId: string; hash: string }> {
    const bucket = aws.names.bucket('raw')
    const { VersionId: versionId = '' } = await aws.clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: '12345' }))
    const arn = aws.names.arn('states', `execution:${aws.names.stateMachine('worker')}:o-x`)
    const cause = JSON.stringify({
      Containers: [{ ExitCode: 64 }],
      StoppedReason: 'Essential container exited',
    })
    await send(
      JSON.stringify({
        ...{ schema: 1, bucket, key, versionId, execution: arn },
        ...{ error: 'datapipe.DataError', cause },
      }),
    )
    return { versionId, hash: createHash('sha256').update(`${bucket}/${key}/${versionId}`).digest('hex') }
  }

  const list = async () => (await listFailed(aws, signal)).messages
  const again = (request: RedriveRequest = {}, inProcess = false): Promise<Redriven[]> =>
    redrive(aws, request, signal, undefined, () =>
      Promise.resolve({
        orchestrator,
        concurrency: 1,
        inProcess,
        close: () => Promise.resolve(void closed++),
      }),
    )

  it('is listed with the reasons, more than a batch of it, as often as one likes', async () => {
    for (let n = 0; n < 12; n++) await fails(`inbox/a/"${n}" ü=1.csv`)
    await send('by hand')
    for (let attempt = 0; attempt < 2; attempt++) {
      const messages = await list()
      expect(messages).to.have.length(13)
      expect(new Set(messages.map(({ file }) => file?.key))).to.include('inbox/a/"11" ü=1.csv')
      expect(messages.filter(({ file }) => file === null).map(({ body }) => body)).to.deep.equal(['by hand'])
      expect(messages.find(({ file }) => file !== null)!.file!.reason).to.equal(
        'datapipe.DataError: the task ended with exit code 64; Essential container exited',
      )
    }
  })

  it('is given back when reading it is interrupted', async () => {
    await fails('inbox/a/1.csv')
    const stop = new AbortController()
    aws.clients.onCall = ({ operation }) => {
      if (operation === 'ReceiveMessage') stop.abort()
    }
    expect((await failure(listFailed(aws, stop.signal))).code).to.equal('INTERRUPTED')
    expect(await list()).to.have.length(1)
  })

  it('is processed again under a new name, with the size of the file, and is empty then', async () => {
    const { hash, versionId } = await fails('inbox/a/1.csv')
    const redriven = await again()
    expect(redriven).to.have.length(1)
    expect(redriven[0]).to.deep.include({ status: 'started', key: 'inbox/a/1.csv', execution: `r1-${hash}` })
    expect(orchestrator.started).to.deep.equal([
      {
        name: `r1-${hash}`,
        input: {
          bucket: aws.names.bucket('raw'),
          key: 'inbox/a/1.csv',
          versionId,
          size: 5,
          source: 'redrive',
        },
      },
    ])
    expect(await list()).to.deep.equal([])
    expect(await again()).to.deep.equal([])
    expect(closed).to.equal(2)
  })

  it('joins a try that is under way, and starts nothing beside it', async () => {
    const { hash } = await fails('inbox/a/1.csv')
    orchestrator.executions.set(`o-${hash}`, { name: `o-${hash}`, status: 'RUNNING' })
    orchestrator.executions.set(`r1-${hash}`, { name: `r1-${hash}`, status: 'FAILED' })
    orchestrator.executions.set(`r2-${hash}`, { name: `r2-${hash}`, status: 'RUNNING' })
    expect(await again()).to.have.nested.property('[0].status', 'joined')
    expect(orchestrator.started).to.deep.equal([])
    expect(await list()).to.deep.equal([])
  })

  it('does not take the dying execution of a message for a new try', async () => {
    const bucket = aws.names.bucket('raw')
    const { hash, versionId } = await fails('inbox/a/1.csv')
    await purgeFailed(aws)
    const dying = `r1-${hash}`
    orchestrator.executions.set(dying, { name: dying, status: 'RUNNING' })
    const execution = `arn:aws:states:us-east-1:123456789012:execution:worker:${dying}`
    const error = 'States.TaskFailed'
    await send(
      JSON.stringify({ schema: 1, bucket, key: 'inbox/a/1.csv', versionId, execution, error, cause: '' }),
    )
    expect(await again()).to.have.nested.property('[0].execution', `r2-${hash}`)
  })

  it('keeps what it cannot start, and the messages that were not asked for', async () => {
    const one = await fails('inbox/a/1.csv')
    await fails('inbox/a/2.csv')
    await send('by hand')
    const bucket = aws.names.bucket('raw')
    const gone = {
      schema: 1,
      bucket,
      key: 'inbox/a/3.csv',
      versionId: 'v',
      execution: 'x',
      error: '',
      cause: '',
    }
    await send(JSON.stringify(gone))
    expect(await again({ file: `s3://${bucket}/inbox/a/1.csv` })).to.have.nested.property(
      '[0].execution',
      `r1-${one.hash}`,
    )
    expect(await list()).to.have.length(3)
    const statuses = (await again()).map(({ status }) => status).sort()
    expect(statuses).to.deep.equal(['gone', 'started', 'unreadable'])
    expect((await list()).map(({ file }) => file?.key)).to.have.members([undefined, 'inbox/a/3.csv'])
  })

  it('keeps the message when the file cannot be started', async () => {
    await fails('inbox/a/1.csv')
    orchestrator.start = () => Promise.reject(new Error('no permission'))
    const error: unknown = await again().catch((reason: unknown) => reason)
    expect(error).to.be.an('error').with.property('message', 'no permission')
    expect(await list()).to.have.length(1)
    expect(closed).to.equal(1)
  })

  it('says when there is no such message', async () => {
    const error = await failure(again({ file: 'inbox/a/9.csv' }))
    expect(error.code).to.equal('NOT_IN_QUEUE')
    expect(error.suggestions.at(-1)).to.equal(
      'Process the file anyway: datapipe run --file inbox/a/9.csv --env dev',
    )
    expect((await failure(again({ id: 'x' }))).exitCode).to.equal(2)
  })

  it('follows to the end what ends with this process', async () => {
    await fails('inbox/a/1.csv')
    const [redriven] = await again({}, true)
    expect(redriven!.outcome).to.deep.include({ status: 'failed', error: 'datapipe.DataError' })
  })

  it('is empty after a purge', async () => {
    await fails('inbox/a/1.csv')
    await fails('inbox/a/2.csv')
    expect(await purgeFailed(aws)).to.deep.equal({ purged: 2 })
    expect(await list()).to.deep.equal([])
  })

  it('without an environment says how to make one', async () => {
    await resetMoto(moto.endpoint)
    expect((await failure(listFailed(aws, signal))).code).to.equal('ENVIRONMENT_NOT_UP')
  })
})
