import { expect } from 'chai'
import { StatesError } from '../../src/local/asl/errors.js'
import type { TaskHandler } from '../../src/local/asl/interpreter.js'
import type { Json } from '../../src/local/asl/json.js'
import { runTiers, SIZE_TIERS, type RunTier } from '../../src/pipeline/size-tiers.js'
import { workerDefinition } from '../../src/pipeline/state-machines/worker.js'
import { DATA_ERROR_EXIT_CODE } from '../../src/transform/exit-codes.js'
import { entered, run } from '../local/asl/run.js'
import { EventClock } from '../local/asl/event-clock.js'
import { VirtualClock } from '../local/asl/virtual-clock.js'
import { answering, KEYS, type Recorded } from './answering.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()
const RUN_TASK = 'arn:aws:states:::ecs:runTask.sync'
const SEND = 'arn:aws:states:::sqs:sendMessage'
const PUBLISH = 'arn:aws:states:::sns:publish'

function stopped(report: Record<string, Json>): StatesError {
  return new StatesError(
    'States.TaskFailed',
    JSON.stringify({ Containers: [{ Name: 'transform' }], ...report }),
  )
}

const SUCCESS = { TaskArn: 'task-1', Containers: [{ ExitCode: 0 }] }
const DIED = stopped({ StopCode: 'EssentialContainerExited', Containers: [{ ExitCode: 137 }] })
const BAD_DATA = stopped({
  StopCode: 'EssentialContainerExited',
  Containers: [{ ExitCode: DATA_ERROR_EXIT_CODE }],
})
const input = { bucket: 'raw', key: 'inbox/t/a.csv', size: 100, versionId: 'v1', source: 's3-event' }

function worker(tiers?: readonly RunTier[], tells = false): object {
  return workerDefinition({
    env: 'dev',
    tiers,
    clusterArn: names.arn('ecs', `cluster/${names.cluster}`),
    taskFamilyArn: names.arn('ecs', `task-definition/${names.taskFamily}`),
    container: 'transform',
    subnetIds: ['subnet-a'],
    securityGroupIds: ['sg-task'],
    assignPublicIp: true,
    failedQueueUrl: 'https://sqs/failed',
    topicArn: 'topic',
    onSuccess: tells ? { resultsBucket: 'transformed', account: '111122223333' } : undefined,
  })
}

async function work(runTask: TaskHandler, options: { tiers?: readonly RunTier[]; input?: Json } = {}) {
  const [send, publish, clock] = [answering(), answering(), new VirtualClock()]
  const outcome = await run(worker(options.tiers), options.input ?? input, {
    handlers: { [RUN_TASK]: runTask, [SEND]: send, [PUBLISH]: publish },
    name: 'o-1',
    clock,
  })
  return { outcome, states: entered(outcome), send, publish, slept: clock.slept }
}

const START_STATES = ['Begin', 'ChooseSize', 'Small']
const END_STATES = ['ToFailedQueue', 'Notify', 'Failed']
const RETRY_STATES = ['Diagnose', 'ReadReport', 'WhatFailed', 'CountAttempt', 'WaitBeforeRetry', 'Transform']

const HOUR = 3_600_000

describe('the worker, run', () => {
  it('succeeds, and tells nobody', async () => {
    const { outcome, publish, send, states } = await work(answering(SUCCESS))
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(states).to.deep.equal([...START_STATES, 'Transform', 'Done'])
    expect([send.calls, publish.calls]).to.deep.equal([[], []])
  })

  for (const tier of SIZE_TIERS) {
    it(`gives ${tier.state} files their size`, async () => {
      const index = SIZE_TIERS.indexOf(tier)
      const smallest = index === 0 ? 0 : SIZE_TIERS[index - 1]!.below!
      for (const size of [smallest, (tier.below ?? 5e12) - 1]) {
        const runTask = answering(SUCCESS)
        const { states } = await work(runTask, { input: { ...input, size } })
        expect(states).to.deep.equal(['Begin', 'ChooseSize', tier.state, 'Transform', 'Done'])
        expect(runTask.calls[0]).to.deep.nested.include({
          'Overrides.Cpu': String(tier.cpu),
          'Overrides.Memory': String(tier.memoryMiB),
          'Overrides.EphemeralStorage.SizeInGiB': tier.ephemeralGiB,
        })
      }
    })
  }

  it('gives what the account cannot start the largest size that it can', async () => {
    const runTask = answering(SUCCESS)
    await work(runTask, { tiers: runTiers({ onDemandVcpu: 6 }, false), input: { ...input, size: 1e11 } })
    expect(runTask.calls[0]).to.deep.nested.include({
      'Overrides.Cpu': '4096',
      'Overrides.Memory': '30720',
      'Overrides.EphemeralStorage.SizeInGiB': 200,
    })
  })

  for (const [what, unsized] of [
    ['absent', { bucket: 'raw', key: 'k.csv', versionId: 'v', source: 'run' }],
    ['unknown', { ...input, size: -1 }],
  ] as const) {
    it(`gives an ${what} size the middle tier`, async () => {
      const runTask = answering(SUCCESS)
      const { outcome } = await work(runTask, { input: unsized })
      expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
      expect(runTask.calls[0]).to.deep.nested.include({ 'Overrides.Cpu': '2048' })
    })
  }

  for (const key of KEYS) {
    it(`hands ${key} over as it is, to the task and when it fails`, async () => {
      const runTask = answering(BAD_DATA)
      const { publish, send } = await work(runTask, { input: { ...input, key } })
      expect(runTask.calls[0]).to.have.deep.nested.property('Overrides.ContainerOverrides[0].Environment', [
        { Name: 'DP_BUCKET', Value: 'raw' },
        { Name: 'DP_KEY', Value: key },
        { Name: 'DP_VERSION_ID', Value: 'v1' },
        { Name: 'DP_SIZE', Value: '100' },
        { Name: 'DP_MEMORY_MB', Value: '2048' },
        { Name: 'DP_EXECUTION', Value: 'o-1' },
      ])
      expect(send.calls).to.have.nested.property('[0].MessageBody.key', key)
      const told = publish.calls[0] as { Subject: string; Message: string }
      expect(told.Message).to.contain(`s3://raw/${key}\n`)
      expect(told.Subject).to.match(/^[ -~]{1,100}$/)
      expect(told.Subject).not.to.contain(key)
    })
  }

  it('waits for its turn while ECS throttles: longer and longer, never more than five minutes', async () => {
    const throttled = new StatesError('ECS.AmazonECSException', 'Rate exceeded')
    const refusals = Array.from({ length: 50 }, () => throttled)
    const runTask = answering(...refusals, SUCCESS)
    const { outcome, send, slept } = await work(runTask)
    expect([outcome.status, runTask.calls.length, send.calls]).to.deep.equal(['SUCCEEDED', 51, []])
    for (const [index, ms] of slept.entries()) expect(ms).to.be.at.most(Math.min(15 * 2 ** index, 300) * 1000)
  })

  for (const refusal of [
    new StatesError('AmazonECS.Unknown', '{"Failures":[{"Reason":"RESOURCE:CPU"}]}'),
    new StatesError('AmazonECS.Unknown', 'Capacity is unavailable at this time'),
    new StatesError('ECS.AmazonECSException', "You've reached the limit on the number of vCPUs you can run"),
    new StatesError('ECS.ClientException', "You've reached the limit on the number of vCPUs"),
    new StatesError('ECS.InvalidParameterException', 'Request limit exceeded.'),
    stopped({ StopCode: 'TaskFailedToStart', StoppedReason: 'Capacity is unavailable at this time.' }),
    stopped({
      StopCode: 'TaskFailedToStart',
      StoppedReason: 'The specified subnet does not have enough free addresses to satisfy the request.',
    }),
  ]) {
    it(`waits most of a day and more, at random, for: ${refusal.error} ${refusal.cause.slice(0, 60)}`, async () => {
      const { outcome, send, slept } = await work(answering(refusal))
      expect(outcome).to.include({ status: 'FAILED', error: refusal.error })
      expect(send.calls).to.have.length(1)
      expect(sum(slept)).to.be.greaterThan(16 * HOUR)
      for (const ms of slept) expect(ms).to.be.at.most(300_000)
      // Refused together, they do not come back together.
      expect(new Set(slept).size).to.be.greaterThan(100)
      expect(outcome.history.length).to.be.lessThan(25_000)
    })

    it(`gives up before the execution's own time-out loses the file: ${refusal.cause.slice(0, 60)}`, async () => {
      const random = Math.random
      Math.random = () => 0.999_999
      try {
        const { outcome, send, slept } = await work(answering(refusal))
        expect([outcome.status, send.calls.length]).to.deep.equal(['FAILED', 1])
        expect(sum(slept)).to.be.lessThan(72 * HOUR)
      } finally {
        Math.random = random
      }
    })
  }

  for (const refusal of [
    new StatesError('ECS.ClientException', "You've reached the limit on the number of vCPUs you can run"),
    stopped({ StopCode: 'TaskFailedToStart', StoppedReason: 'Capacity is unavailable at this time.' }),
  ]) {
    it(`takes its place when there is one: ${refusal.error}`, async () => {
      const { outcome, slept, states } = await work(answering(refusal, refusal, refusal, refusal, SUCCESS))
      expect(outcome.status).to.equal('SUCCEEDED')
      expect(states.filter((state) => state === 'WaitForCapacity')).to.have.length(4)
      for (const [index, ms] of slept.entries()) expect(ms).to.be.within(1000, 15_000 * 2 ** index)
    })
  }

  it('lets 500 files that arrive at once through a quota of 20 tasks, and loses none', async () => {
    const clock = new EventClock()
    const began = clock.now().getTime()
    let [running, most, refused] = [0, 0, 0]
    const runTask: TaskHandler = async ({ signal }) => {
      if (running >= 20) {
        refused++
        throw new StatesError('ECS.AmazonECSException', "You've reached the limit on the number of vCPUs")
      }
      most = Math.max(most, ++running)
      await clock.sleep(60_000, signal)
      running--
      return SUCCESS
    }
    const send = answering()
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, (_, n) =>
        run(
          worker(),
          { ...input, key: `inbox/t/${n}.csv` },
          {
            handlers: { [RUN_TASK]: runTask, [SEND]: send, [PUBLISH]: answering() },
            name: `o-${n}`,
            clock,
          },
        ),
      ),
    )
    expect(outcomes.map(({ status }) => status)).to.deep.equal(outcomes.map(() => 'SUCCEEDED'))
    expect([most, send.calls]).to.deep.equal([20, []])
    expect(refused).to.be.greaterThan(500)
    // 25 minutes of work for 20 places. What waits longest has its place soon after one is free.
    expect(clock.now().getTime() - began).to.be.within(25 * 60_000, 4 * HOUR)
  })

  it('does not repeat a call that can never succeed, whatever the file is called', async () => {
    const runTask = answering(new StatesError('ECS.ClientException', 'TaskDefinition is inactive'))
    const { send, states } = await work(runTask, {
      input: { ...input, key: 'inbox/Capacity is unavailable.csv' },
    })
    expect(states).to.deep.equal([...START_STATES, 'Transform', 'Diagnose', ...END_STATES])
    expect(runTask.calls).to.have.length(1)
    expect(send.calls).to.have.length(1)
  })

  it('tries a task that died three times, with growing random waits between, then reports it', async () => {
    const runTask = answering(DIED)
    const { outcome, publish, send, slept, states } = await work(runTask)
    expect(states).to.deep.equal([
      ...START_STATES,
      'Transform',
      ...RETRY_STATES,
      ...RETRY_STATES,
      ...RETRY_STATES.slice(0, 3),
      ...END_STATES,
    ])
    expect(runTask.calls).to.have.length(3)
    expect(slept).to.have.length(2)
    expect(slept[0]).to.be.within(1000, 30_000)
    expect(slept[1]).to.be.within(1000, 60_000)
    expect(outcome).to.include({ status: 'FAILED', error: 'States.TaskFailed', cause: DIED.cause })
    expect(send.calls).to.deep.equal([
      {
        QueueUrl: 'https://sqs/failed',
        MessageBody: {
          schema: 1,
          bucket: 'raw',
          key: 'inbox/t/a.csv',
          versionId: 'v1',
          execution: 'arn:aws:states:us-east-1:111122223333:execution:dp-dev-test:o-1',
          error: 'States.TaskFailed',
          cause: DIED.cause,
        },
      },
    ])
    expect(publish.calls).to.have.length(1)
  })

  it('succeeds when a later attempt does', async () => {
    const { outcome, send } = await work(answering(DIED, DIED, SUCCESS))
    expect([outcome.status, send.calls]).to.deep.equal(['SUCCEEDED', []])
  })

  it('never repeats a data error', async () => {
    const runTask = answering(BAD_DATA)
    const { outcome, send, states } = await work(runTask)
    expect(runTask.calls).to.have.length(1)
    expect(states).to.include('DataError')
    expect(outcome).to.include({ status: 'FAILED', error: 'datapipe.DataError' })
    expect(send.calls).to.have.nested.property('[0].MessageBody.error', 'datapipe.DataError')
  })

  it('does not repeat what took too long', async () => {
    const clock = new VirtualClock()
    const calls: Json[] = []
    const send = answering()
    const outcome = await run(worker(), input, {
      clock,
      handlers: {
        [RUN_TASK]: async ({ parameters, signal }) => {
          calls.push(parameters)
          await clock.sleep(1_801_000, signal)
          return {}
        },
        [SEND]: send,
        [PUBLISH]: answering(),
      },
    })
    expect(outcome).to.include({ status: 'FAILED', error: 'States.Timeout' })
    expect([calls.length, send.calls.length]).to.deep.equal([1, 1])
  })
})

describe('the worker on Spot, run', () => {
  const tiers = runTiers({}, true)
  const providers = ({ calls }: Recorded) =>
    calls.map(
      (call) =>
        (call as { CapacityProviderStrategy: { CapacityProvider: string }[] }).CapacityProviderStrategy[0]!
          .CapacityProvider,
    )

  it('succeeds on Spot alone', async () => {
    const runTask = answering(SUCCESS)
    const { states } = await work(runTask, { tiers })
    expect(states).to.deep.equal([...START_STATES, 'TransformOnSpot', 'Done'])
    expect(providers(runTask)).to.deep.equal(['FARGATE_SPOT'])
  })

  for (const [what, failure] of [
    ['interrupted', stopped({ StopCode: 'SpotInterruption', Containers: [{ ExitCode: 143 }] })],
    ['told to end', stopped({ StopCode: 'TerminationNotice', Containers: [{ ExitCode: 137 }] })],
    ['not placed', stopped({ StopCode: 'TaskFailedToStart', StoppedReason: 'Capacity is unavailable' })],
    ['refused', new StatesError('AmazonECS.Unknown', 'Capacity is unavailable at this time.')],
    ['over the quota', new StatesError('ECS.ClientException', 'limit on the number of vCPUs')],
  ] as const) {
    it(`goes to on-demand capacity at once when it is ${what}, and has all its attempts there`, async () => {
      const runTask = answering(failure, DIED, DIED, SUCCESS)
      const { outcome, slept } = await work(runTask, { tiers })
      expect(outcome.status).to.equal('SUCCEEDED')
      expect(providers(runTask)).to.deep.equal(['FARGATE_SPOT', 'FARGATE', 'FARGATE', 'FARGATE'])
      expect(slept).to.have.length(2)
    })
  }

  it('counts a task that died on Spot as one of three', async () => {
    const runTask = answering(DIED)
    const { outcome, send } = await work(runTask, { tiers })
    expect(providers(runTask)).to.deep.equal(['FARGATE_SPOT', 'FARGATE', 'FARGATE'])
    expect(outcome.status).to.equal('FAILED')
    expect(send.calls).to.have.length(1)
  })

  it('never repeats a data error', async () => {
    const runTask = answering(BAD_DATA)
    const { outcome, send } = await work(runTask, { tiers })
    expect([runTask.calls.length, send.calls.length]).to.deep.equal([1, 1])
    expect(outcome.error).to.equal('datapipe.DataError')
  })

  it('does not go to Spot with a size above its quota', async () => {
    const runTask = answering(SUCCESS)
    await work(runTask, { tiers: runTiers({ spotVcpu: 4 }, true), input: { ...input, size: 1e12 } })
    expect(providers(runTask)).to.deep.equal(['FARGATE'])
  })
})

describe('the worker that tells of what was loaded, run', () => {
  const READ = 'arn:aws:states:::aws-sdk:s3:getObject'
  const RESULT = { outcome: 'succeeded', rowsIn: 10, rowsOut: 80, rowsRejected: 2, seconds: 3 }
  const stored = (result: Json): Json => ({ Body: JSON.stringify(result) })

  async function load(read: Recorded, publish = answering(), key = input.key) {
    const runTask = answering(SUCCESS)
    const outcome = await run(
      worker(undefined, true),
      { ...input, key },
      {
        handlers: { [RUN_TASK]: runTask, [READ]: read, [PUBLISH]: publish },
        name: 'o-1',
      },
    )
    const told = publish.calls as { Message: string }[]
    return { outcome, runTask, told: told.map(({ Message }) => Message) }
  }

  it('tells the task where to leave its numbers, reads them there, and says them', async () => {
    const read = answering(stored(RESULT))
    const { outcome, runTask, told } = await load(read, answering(), KEYS[2])
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    const [{ Overrides }] = runTask.calls as [
      { Overrides: { ContainerOverrides: { Environment: object[] }[] } },
    ]
    expect(Overrides.ContainerOverrides[0]!.Environment).to.deep.include({
      Name: 'DP_RESULT_KEY',
      Value: 'datapipe_results/o-1.json',
    })
    expect(read.calls).to.deep.equal([
      { Bucket: 'transformed', Key: 'datapipe_results/o-1.json', ExpectedBucketOwner: '111122223333' },
    ])
    expect(told).to.have.length(1)
    expect(told[0]).to.include(`s3://raw/${KEYS[2]!}\n`)
    expect(told[0]).to.match(/Rows in: +10\nRows out: +80\nRows rejected: 2\nDuration: +3 s$/)
  })

  for (const [what, answer] of [
    ['there are none', new StatesError('S3.NoSuchKeyException', 'no such key')],
    ['it may not see whether there are any', new StatesError('S3.S3Exception', 'Access Denied')],
    ['they cannot be read', new StatesError('S3.SdkClientException', 'no answer')],
    ['they are no JSON', { Body: '{' }],
    ['they are no object', stored([1])],
    ['one is missing', stored({ ...RESULT, rowsOut: null })],
    ['they are of another release', stored({ outcome: 'succeeded', rows: 3 })],
  ] as const) {
    it(`says it without numbers when ${what}`, async () => {
      const { outcome, told } = await load(answering(answer))
      expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
      expect(told).to.have.length(1)
      expect(told[0]).to.include('datapipe status --env dev').and.not.include('Duration')
    })
  }

  for (const result of ['superseded', 'already-loaded']) {
    it(`says nothing of a version that was ${result}`, async () => {
      const { outcome, told } = await load(answering(stored({ ...RESULT, outcome: result })))
      expect([outcome.status, told]).to.deep.equal(['SUCCEEDED', []])
    })
  }

  it('succeeds also when nobody can be told', async () => {
    const dead = answering(new StatesError('SNS.AuthorizationErrorException', 'no'))
    expect((await load(answering(stored(RESULT)), dead)).outcome.status).to.equal('SUCCEEDED')
  })
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
