import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { StatesError } from '../../src/local/asl/errors.js'
import type { TaskHandler } from '../../src/local/asl/interpreter.js'
import type { Json } from '../../src/local/asl/json.js'
import { backfillDefinition, childDefinition } from '../../src/pipeline/state-machines/backfill.js'
import { dispatchDefinition } from '../../src/pipeline/state-machines/dispatch.js'
import { entered, run } from '../local/asl/run.js'
import { VirtualClock } from '../local/asl/virtual-clock.js'
import { answering, KEYS } from './answering.js'

const START = 'arn:aws:states:::states:startExecution'
const START_SYNC = 'arn:aws:states:::states:startExecution.sync:2'
const HEAD = 'arn:aws:states:::aws-sdk:s3:headObject'
const DESCRIBE_MAP = 'arn:aws:states:::aws-sdk:sfn:describeMapRun'

describe('the dispatcher, run', () => {
  const definition = dispatchDefinition('worker-arn')
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

  async function child(key: string, handlers: Record<string, TaskHandler> = {}, size = 7) {
    const [head, start, clock] = [answering(version), answering({ Output: {} }), new VirtualClock()]
    const outcome = await run(
      childDefinition(settings),
      { bucket: 'raw', key, size },
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
    ['an ending that no event starts', 'inbox/t/a.xlsx', 5],
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

  /** The same machine with an inline map over given items: what a distributed map does with a listing of them. */
  function inline(): object {
    const definition = structuredClone(backfillDefinition(settings)) as {
      States: { Backfill: Record<string, unknown> & { ItemProcessor: Record<string, unknown> } }
    }
    const map = definition.States.Backfill
    for (const field of ['ItemReader', 'ResultWriter', 'Label', 'ToleratedFailurePercentage'])
      Reflect.deleteProperty(map, field)
    map.ItemProcessor.ProcessorConfig = { Mode: 'INLINE' }
    Object.assign(map, { ItemsPath: '$.items', ResultPath: null })
    return definition
  }

  async function sweep(counts: Record<string, number>) {
    let running = 0
    let most = 0
    const names: string[] = []
    const start: TaskHandler = async ({ parameters }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      names.push((parameters as { Name: string }).Name)
      return {}
    }
    const items = Array.from({ length: 10 }, (_, n) => ({ Key: `inbox/t/${n}.csv`, Size: n }))
    const outcome = await run(
      inline(),
      { prefix: 'inbox/', items, MapRunArn: 'map-run' },
      {
        handlers: {
          [HEAD]: answering(version),
          [START_SYNC]: start,
          [DESCRIBE_MAP]: answering({
            ItemCounts: { Total: 10, Failed: 0, TimedOut: 0, Aborted: 0, ...counts },
          }),
        },
      },
    )
    return { outcome, most, names }
  }

  it('starts every file that is one, so many at once: the others wait', async () => {
    const { most, names: started, outcome } = await sweep({})
    expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
    expect(started.sort()).to.deep.equal(
      Array.from({ length: 9 }, (_, n) => nameOf(`inbox/t/${n + 1}.csv`)).sort(),
    )
    expect(most).to.equal(3)
  })

  it('fails in the end when files could not be handed over', async () => {
    const { outcome } = await sweep({ Failed: 1 })
    expect(outcome).to.include({ status: 'FAILED', error: 'datapipe.BackfillIncomplete' })
  })
})

function nameOf(key: string): string {
  return `o-${createHash('sha256').update(`raw/${key}/v1`).digest('hex')}`
}
