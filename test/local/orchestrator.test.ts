import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { DeleteStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import { expect } from 'chai'
import { DatapipeError, InterruptedError } from '../../src/errors.js'
import { ExecutionStore } from '../../src/local/execution-store.js'
import { LocalOrchestrator } from '../../src/local/orchestrator.js'
import { identityOf, isAlive } from '../../src/local/process-identity.js'
import type { WorkerInput } from '../../src/operate/orchestrator.js'
import { resetMoto, startMoto, type Moto } from '../support/moto.js'
import { VirtualClock } from './asl/virtual-clock.js'
import { Deployment } from './deployment.js'

const TASK = fileURLToPath(new URL('fixtures/task.js', import.meta.url))
const forever = new AbortController().signal
const ignore = () => undefined

function nameOf({ bucket, key, versionId }: WorkerInput): string {
  return `o-${createHash('sha256').update(`${bucket}/${key}/${versionId}`).digest('hex')}`
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )
}

describe('LocalOrchestrator', () => {
  let moto: Moto
  let directory: string
  let deployment: Deployment
  let orchestrator: LocalOrchestrator
  let opened: LocalOrchestrator[] = []

  before(async function () {
    this.timeout(180_000)
    moto = await startMoto()
  })
  after(() => moto.stop())

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'datapipe-local-'))
    process.env.DATAPIPE_CACHE_DIR = directory
    await resetMoto(moto.endpoint)
    deployment = new Deployment(moto.endpoint)
    await deployment.create()
    orchestrator = open()
  })
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()))
    opened = []
    deployment.aws.clients.destroy()
    delete process.env.DATAPIPE_CACHE_DIR
    await rm(directory, { recursive: true, force: true })
  })

  function open(command = [process.execPath, TASK, join(directory, 'pid')]): LocalOrchestrator {
    const made = new LocalOrchestrator({ aws: deployment.aws, command, clock: new VirtualClock() })
    opened.push(made)
    return made
  }

  async function runToEnd(name: string, input: WorkerInput) {
    expect(await orchestrator.start(name, input)).to.equal('started')
    const states: string[] = []
    const execution = await orchestrator.watch(name, ({ state }) => states.push(state), forever)
    return { execution, states }
  }

  it('runs the deployed worker through the deployed dispatcher', async () => {
    const input = await deployment.upload(`inbox/day=1/Süd "q" o'hare.csv`)
    const name = nameOf(input)
    const { execution, states } = await runToEnd(name, input)
    expect(execution).to.include({ name, status: 'SUCCEEDED', error: undefined })
    expect(states).to.deep.equal(['Begin', 'ChooseSize', 'Small', 'Transform', 'Done'])
    expect(await orchestrator.describe(name)).to.deep.equal(execution)
    expect(await open().describe(name)).to.deep.equal(execution)
    expect(Date.parse(execution.stoppedAt ?? '')).to.be.at.least(Date.parse(execution.startedAt ?? ''))
  })

  it('gives the task the environment of the container, the way to the emulator, and nothing else', async () => {
    process.env.AWS_PROFILE = 'production'
    process.env.SECRET_OF_THE_SHELL = 'x'
    const input = await deployment.upload('inbox/a.csv')
    const name = nameOf(input)
    await runToEnd(name, input)
    delete process.env.AWS_PROFILE
    delete process.env.SECRET_OF_THE_SHELL
    const log = await readFile(join(directory, 'local', 'logs', 'dp-test', `${name}.log`), 'utf8')
    const environment = JSON.parse(log.split('\n').find((line) => line.startsWith('{')) ?? '') as object
    expect(environment).to.include({
      DP_ENV: 'test',
      DP_BUCKET: deployment.raw,
      DP_KEY: 'inbox/a.csv',
      DP_VERSION_ID: input.versionId,
      DP_SIZE: '8',
      DP_EXECUTION: name,
      AWS_REGION: 'eu-north-1',
      AWS_ENDPOINT_URL: moto.endpoint,
      AWS_ACCESS_KEY_ID: 'datapipe',
    })
    expect(environment).to.have.all.keys(
      ...['DP_ENV', 'DP_BUCKET', 'DP_KEY', 'DP_VERSION_ID', 'DP_SIZE', 'DP_EXECUTION', 'DP_MEMORY_MB'],
      ...['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_CONFIG_FILE'],
      ...['AWS_SHARED_CREDENTIALS_FILE', 'AWS_EC2_METADATA_DISABLED'],
      ...['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'PATH', 'HOME', 'TMPDIR'],
    )
  })

  it('writes what the task says to its log group', async () => {
    const input = await deployment.upload('inbox/a.csv')
    await runToEnd(nameOf(input), input)
    const logs = deployment.aws.clients.of(CloudWatchLogsClient)
    const logGroupName = deployment.aws.names.logGroup('ecs')
    const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }))
    expect(logStreams.map(({ logStreamName }) => logStreamName)).to.have.length(1)
    const logStreamName = logStreams[0]?.logStreamName ?? ''
    expect(logStreamName).to.match(/^transform\/transform\/[0-9a-f]{32}$/)
    const { events = [] } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName }))
    expect(events.map(({ message }) => message)).to.include('processing inbox/a.csv')
  })

  it('starts a name once for ever, whoever asks', async () => {
    const input = await deployment.upload('inbox/a.csv')
    const name = nameOf(input)
    const answers = await Promise.all([orchestrator.start(name, input), open().start(name, input)])
    expect(answers.sort()).to.deep.equal(['exists', 'started'])
    await orchestrator.close()
    expect(await open().start(name, input)).to.equal('exists')
    expect(await open().start(`r1-${name.slice(2)}`, input)).to.equal('started')
  })

  it('reports bad data: queue, topic, cause; and does not try it again', async () => {
    const input = await deployment.upload('inbox/bad-data.csv')
    const name = nameOf(input)
    const { execution, states } = await runToEnd(name, input)
    expect(execution).to.include({ status: 'FAILED', error: 'datapipe.DataError' })
    expect(states.filter((state) => state === 'Transform')).to.have.length(1)
    const cause = JSON.parse(execution.cause ?? '') as object
    expect(cause).to.include({ StopCode: 'EssentialContainerExited', LastStatus: 'STOPPED', Memory: '2048' })
    expect(cause).to.have.nested.property('Containers[0].ExitCode', 64)
    expect(cause).to.have.nested.property('Containers[0].Name', 'transform')
    expect(cause)
      .to.have.property('TaskArn')
      .that.matches(/^arn:aws:ecs:eu-north-1:123456789012:task\/dp-test\/[0-9a-f]{32}$/)
    const [message] = await deployment.failed()
    expect(message).to.include({
      bucket: deployment.raw,
      key: 'inbox/bad-data.csv',
      versionId: input.versionId,
      error: 'datapipe.DataError',
      cause: execution.cause,
      execution: `arn:aws:states:eu-north-1:123456789012:execution:dp-test-worker:${name}`,
    })
    const [alert] = await deployment.alerts()
    expect(alert?.Subject).to.equal('datapipe test: a file failed')
    expect(alert?.Message).to.contain('/inbox/bad-data.csv\n')
  })

  it('tries a task that died again, and reports how it died', async () => {
    const input = await deployment.upload('inbox/crash.csv')
    const { execution, states } = await runToEnd(nameOf(input), input)
    expect(execution).to.include({ status: 'FAILED', error: 'States.TaskFailed' })
    expect(states.filter((state) => state === 'Transform')).to.have.length(3)
    expect(JSON.parse(execution.cause ?? '')).to.have.nested.property('Containers[0].ExitCode', 137)
    expect(await deployment.failed()).to.have.length(1)
  })

  it('reports a program that cannot be run as a container that cannot be started', async () => {
    const missing = join(directory, 'no-such-program')
    orchestrator = new LocalOrchestrator({
      aws: deployment.aws,
      command: [missing],
      clock: new VirtualClock(),
    })
    const input = await deployment.upload('inbox/a.csv')
    const { execution } = await runToEnd(nameOf(input), input)
    expect(execution.status).to.equal('FAILED')
    const cause = JSON.parse(execution.cause ?? '') as object
    expect(cause).to.include({ StopCode: 'TaskFailedToStart' })
    expect(cause).to.have.nested.property('Containers[0].Reason').that.contains(missing)
  })

  it('stops the task when nobody watches any more, and says so', async () => {
    const input = await deployment.upload('inbox/endless.csv')
    const name = nameOf(input)
    const stop = new AbortController()
    await orchestrator.start(name, input)
    const watched = failureOf(orchestrator.watch(name, ignore, stop.signal))
    let pid = 0
    while (pid === 0) pid = Number(await readFile(join(directory, 'pid'), 'utf8').catch(() => ''))
    stop.abort()
    expect(await watched).to.be.instanceOf(InterruptedError)
    expect(isAlive(pid)).to.equal(false)
    expect(await open().describe(name)).to.include({ status: 'ABORTED' })
    expect(await deployment.failed()).to.deep.equal([])
  })

  it('takes an execution whose process is gone for aborted; it can be processed again', async () => {
    const input = await deployment.upload('inbox/a.csv')
    const name = nameOf(input)
    const owner = { ...(await identityOf(process.pid)), startedAt: 'before the restart' }
    await new ExecutionStore(deployment.aws, 'worker').create({
      schemaVersion: 1,
      name,
      arn: 'arn',
      status: 'RUNNING',
      input: {},
      startedAt: new Date().toISOString(),
      owner,
      states: ['Begin', 'Transform'],
    })
    expect(await orchestrator.describe(name)).to.include({ status: 'ABORTED' })
    expect(await orchestrator.start(name, input)).to.equal('exists')
    const states: string[] = []
    const watched = await orchestrator.watch(name, ({ state }) => states.push(state), forever)
    expect(watched.status).to.equal('ABORTED')
    expect(states).to.deep.equal(['Begin', 'Transform'])
    const { execution } = await runToEnd(`r1-${name.slice(2)}`, input)
    expect(execution.status).to.equal('SUCCEEDED')
  })

  it('follows an execution of another process to its end', async () => {
    const input = await deployment.upload('inbox/a.csv')
    const name = nameOf(input)
    await orchestrator.start(name, input)
    const states: string[] = []
    const execution = await open().watch(name, ({ state }) => states.push(state), forever)
    expect(execution.status).to.equal('SUCCEEDED')
    expect(states).to.deep.equal(['Begin', 'ChooseSize', 'Small', 'Transform', 'Done'])
  })

  it('knows nothing of executions that never were', async () => {
    expect(await orchestrator.describe('o-unknown')).to.equal(undefined)
    const error = await failureOf(orchestrator.watch('o-unknown', ignore, forever))
    expect(error).to.be.instanceOf(DatapipeError).with.property('code', 'EXECUTION_NOT_FOUND')
  })

  it('says what to do when nothing is deployed, and refuses a name that Step Functions would refuse', async () => {
    const input = await deployment.upload('inbox/a.csv')
    const bad = await failureOf(orchestrator.start('../escape', input))
    expect(bad).to.have.property('code', 'INVALID_EXECUTION_NAME')
    const stateMachineArn = deployment.aws.names.stateMachineArn('worker')
    await deployment.aws.clients.of(SFNClient).send(new DeleteStateMachineCommand({ stateMachineArn }))
    const missing = await failureOf(orchestrator.start(nameOf(input), input))
    expect(missing).to.include({ code: 'ENVIRONMENT_NOT_UP' })
    expect(await open().describe(nameOf(input))).to.equal(undefined)
  })
})
