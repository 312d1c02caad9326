import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { StatesError } from '../../src/local/asl/errors.js'
import type { TaskHandler } from '../../src/local/asl/interpreter.js'
import type { Json } from '../../src/local/asl/json.js'
import { MapRuns, type ItemCounts } from '../../src/local/asl/map-runs.js'
import { repeatedName } from '../../src/operate/run/work.js'
import { backfillDefinition, childDefinition } from '../../src/pipeline/state-machines/backfill.js'
import { dispatchDefinition } from '../../src/pipeline/state-machines/dispatch.js'
import { entered, run } from '../local/asl/run.js'
import { VirtualClock } from '../local/asl/virtual-clock.js'
import { answering, KEYS } from './answering.js'

const START = 'arn:aws:states:::states:startExecution'
const SEND = 'arn:aws:states:::sqs:sendMessage'
const START_SYNC = 'arn:aws:states:::states:startExecution.sync:2'
const HEAD = 'arn:aws:states:::aws-sdk:s3:headObject'
const DESCRIBE_MAP = 'arn:aws:states:::aws-sdk:sfn:describeMapRun'

describe('the dispatcher, run', () => {
  const definition = dispatchDefinition('worker-arn', 'https://sqs/failed')
  const event = (object: Record<string, Json>): Json => ({ detail: { bucket: { name: 'raw' }, object } })
  const dispatch = (start: TaskHandler, object: Record<string, Json>) =>
    run(definition, event(object), { handlers: { [START]: start }, name: 'd-1', clock: new VirtualClock() })

  for (const key of KEYS) {
    it(`names the worker of ${key} after its version`, async () => {
      const start = answering()
      const outcome = await dispatch(start, { key, size: 6_000_000_000, 'version-id': 'v1' })
      expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
      expect(start.calls).to.have.length(1)
      expect(start.calls[0]).to.deep.include({ Name: nameOf(key) })
      expect(start.calls[0]).to.have.nested.property('Input.size', 6_000_000_000)
      expect(start.calls[0]).to.have.nested.property('Input.key', key)
    })
  }

  it('takes a duplicate event for done, at once', async () => {
    const start = answering(new StatesError('StepFunctions.ExecutionAlreadyExistsException', 'exists'))
    const outcome = await dispatch(start, { key: 'k.csv', size: 1, 'version-id': 'v1' })
    expect([outcome.status, entered(outcome).at(-1), start.calls.length]).to.deep.equal([
      'SUCCEEDED',
      'Duplicate',
      1,
    ])
  })

  it('passes on that a size is absent', async () => {
    const start = answering()
    const outcome = await dispatch(start, { key: 'k.csv', 'version-id': 'v1' })
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(start.calls[0]).to.have.nested.property('Input.size', -1)
  })

  it('waits for a day and more while Step Functions takes no more, then gives the file to the failed-files queue', async () => {
    for (const [error, hours] of [
      ['StepFunctions.ExecutionLimitExceededException', 20],
      ['StepFunctions.AWSStepFunctionsException', 1],
    ] as const) {
      const start = answering(new StatesError(error, 'Rate exceeded'))
      const [send, clock] = [answering(), new VirtualClock()]
      const outcome = await run(definition, event({ key: KEYS[3]!, size: 1, 'version-id': 'v1' }), {
        handlers: { [START]: start, [SEND]: send },
        name: 'd-1',
        clock,
      })
      expect(outcome).to.include({ status: 'FAILED', error })
      expect(sum(clock.slept)).to.be.within(hours * 3_600_000, 5 * 86_400_000)
      expect(outcome.history.length).to.be.lessThan(25_000)
      expect(send.calls).to.deep.equal([
        {
          QueueUrl: 'https://sqs/failed',
          MessageBody: {
            schema: 1,
            bucket: 'raw',
            key: KEYS[3]!,
            versionId: 'v1',
            execution: 'arn:aws:states:us-east-1:111122223333:execution:dp-dev-test:d-1',
            error,
            cause: 'Rate exceeded',
          },
        },
      ])
    }
  })

  it('tries again what may pass', async () => {
    const start = answering(new StatesError('StepFunctions.ExecutionLimitExceededException', ''), {})
    expect((await dispatch(start, { key: 'k.csv', size: 1, 'version-id': 'v1' })).status).to.equal(
      'SUCCEEDED',
    )
    expect(start.calls).to.have.length(2)
  })
})

describe('the backfill, run', () => {
  const settings = {
    workerArn: 'worker-arn',
    rawBucket: 'raw',
    artifactsBucket: 'artifacts',
    account: '111122223333',
    maxConcurrency: 3,
  }
  const version = { VersionId: 'v1', ContentLength: 7 }

  async function child(
    key: string,
    handlers: Record<string, TaskHandler> = {},
    size = 7,
    more: Record<string, Json> = {},
  ) {
    const [head, start, clock] = [answering(version), answering({ Output: {} }), new VirtualClock()]
    const outcome = await run(
      childDefinition(settings),
      {
        bucket: 'raw',
        key,
        size,
        since: 0,
        again: false,
        run: 'b1',
        item: { LastModified: 1000 },
        ...more,
      },
      { handlers: { [HEAD]: head, [START_SYNC]: start, ...handlers }, name: 'c-1', clock },
    )
    return { outcome, last: entered(outcome).at(-1), head, start, slept: clock.slept }
  }

  for (const key of KEYS) {
    it(`gives ${key} the name that the dispatcher gives its current version`, async () => {
      const { head, last, outcome, start } = await child(key)
      expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
      expect(last).to.equal('Run')
      expect(head.calls).to.deep.equal([{ Bucket: 'raw', Key: key, ExpectedBucketOwner: '111122223333' }])
      expect(start.calls).to.deep.equal([
        {
          StateMachineArn: 'worker-arn',
          Name: nameOf(key),
          Input: {
            bucket: 'raw',
            key,
            size: 7,
            versionId: 'v1',
            source: 'backfill',
            AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID:
              'arn:aws:states:us-east-1:111122223333:execution:dp-dev-test:c-1',
          },
        },
      ])
    })
  }

  for (const [what, key, size] of [
    ['a folder marker', 'inbox/t/', 0],
    ['an empty file', 'inbox/t/a.csv', 0],
    ['an ending that no event starts', 'inbox/t/a.docx', 5],
  ] as const) {
    it(`skips ${what}`, async () => {
      const { head, last, start } = await child(key, {}, size)
      expect(last).to.equal('Skipped')
      expect([head.calls, start.calls]).to.deep.equal([[], []])
    })
  }

  it('skips what was processed, runs or failed already, at once', async () => {
    const exists = answering(new StatesError('StepFunctions.ExecutionAlreadyExistsException', ''))
    const { last, outcome, slept } = await child('inbox/t/a.csv', { [START_SYNC]: exists })
    expect([outcome.status, last, exists.calls.length, slept]).to.deep.equal(['SUCCEEDED', 'Skipped', 1, []])
  })

  it('skips what was deleted since it was listed', async () => {
    const head = answering(new StatesError('S3.NoSuchKeyException', ''))
    const { last, start } = await child('inbox/t/a.csv', { [HEAD]: head })
    expect(last).to.equal('Skipped')
    expect(start.calls).to.deep.equal([])
  })

  it('skips what was uploaded before the time that is asked for, and takes what was uploaded then', async () => {
    const { last, start } = await child('inbox/t/a.csv', {}, 7, { since: 1001 })
    expect([last, start.calls]).to.deep.equal(['Skipped', []])
    expect((await child('inbox/t/a.csv', {}, 7, { since: 1000 })).last).to.equal('Run')
    expect((await child('inbox/t/a.csv', {}, 7, { since: 1001, item: {} })).last).to.equal('Run')
  })

  it('gives what is to be loaded again names of this backfill alone', async () => {
    const object = { bucket: 'raw', key: KEYS[2]!, versionId: 'v1', bytes: 7 }
    const { start } = await child(object.key, {}, 7, { again: true })
    expect(start.calls).to.have.nested.property('[0].Name', repeatedName('b1', object))
    const other = await child(object.key, {}, 7, { again: true, run: 'b2' })
    expect(other.start.calls).to.have.nested.property('[0].Name', repeatedName('b2', object))
  })

  it('leaves a failed worker to its own report, and does not start it again', async () => {
    const failed = answering(new StatesError('States.TaskFailed', '{}'))
    const { last, outcome } = await child('inbox/t/a.csv', { [START_SYNC]: failed })
    expect([outcome.status, last, failed.calls.length]).to.deep.equal(['SUCCEEDED', 'Reported', 1])
  })

  it('waits when there are too many executions, and fails when it cannot start one at all', async () => {
    const full = new StatesError('StepFunctions.ExecutionLimitExceededException', '')
    const start = answering(...Array.from({ length: 30 }, () => full), {})
    expect((await child('inbox/t/a.csv', { [START_SYNC]: start })).outcome.status).to.equal('SUCCEEDED')
    expect(start.calls).to.have.length(31)
    const denied = answering(new StatesError('StepFunctions.AccessDeniedException', 'no'))
    expect((await child('inbox/t/a.csv', { [START_SYNC]: denied })).outcome.status).to.equal('FAILED')
  })

  const LIST = 'arn:aws:states:::s3:listObjectsV2'

  async function sweep(input: Json, startsFail: (call: number) => boolean = () => false) {
    let running = 0
    let most = 0
    const names: string[] = []
    const start: TaskHandler = async ({ parameters }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      const call = names.push((parameters as { Name: string }).Name)
      if (startsFail(call)) throw new StatesError('StepFunctions.AccessDeniedException', 'no')
      return {}
    }
    const progress: ItemCounts[] = []
    const mapRuns = new MapRuns((counts) => progress.push(counts))
    const list = answering(
      Array.from({ length: 10 }, (_, n) => ({ Key: `inbox/t/${n}.csv`, Size: n, LastModified: n })),
    )
    const outcome = await run(backfillDefinition(settings), input, {
      handlers: {
        [LIST]: list,
        [HEAD]: answering(version),
        [START_SYNC]: start,
        [DESCRIBE_MAP]: ({ parameters }) =>
          Promise.resolve(mapRuns.describe((parameters as { MapRunArn: string }).MapRunArn)),
      },
      name: 'b1',
      mapRuns,
    })
    return { outcome, most, names, list, progress }
  }
  const named = (from: number) =>
    Array.from({ length: 10 - from }, (_, n) => nameOf(`inbox/t/${n + from}.csv`)).sort()

  it('starts every file that is one, so many at once: the others wait', async () => {
    const { list, most, names: started, outcome, progress } = await sweep({ prefix: 'inbox/t/' })
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(list.calls).to.deep.equal([{ Bucket: 'raw', Prefix: 'inbox/t/' }])
    expect(started.sort()).to.deep.equal(named(1))
    expect(most).to.equal(3)
    expect(progress[0]).to.deep.include({ total: 10, pending: 10 })
    expect(progress.at(-1)).to.deep.equal({
      total: 10,
      pending: 0,
      running: 0,
      succeeded: 10,
      failed: 0,
      aborted: 0,
    })
    for (const { running } of progress) expect(running).to.be.at.most(3)
  })

  it('starts only what was uploaded since then', async () => {
    const { names: started } = await sweep({ prefix: 'inbox/', since: 6 })
    expect(started.sort()).to.deep.equal(named(6))
  })

  it('starts everything again under names of its own', async () => {
    const { names: started } = await sweep({ prefix: 'inbox/', again: true })
    expect(started.sort()).to.deep.equal(
      Array.from({ length: 9 }, (_, n) =>
        repeatedName('b1', { bucket: 'raw', key: `inbox/t/${n + 1}.csv`, versionId: 'v1', bytes: 1 }),
      ).sort(),
    )
  })

  it('starts the others, and fails in the end, when files could not be handed over', async () => {
    const { names: started, outcome } = await sweep({ prefix: 'inbox/' }, (call) => call === 2)
    expect(outcome).to.include({ status: 'FAILED', error: 'datapipe.BackfillIncomplete' })
    expect(started).to.have.length(9)
  })
})

function nameOf(key: string): string {
  return `o-${createHash('sha256').update(`raw/${key}/v1`).digest('hex')}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
