import { expect } from 'chai'
import { StatesError } from '../../../src/local/asl/errors.js'
import type { TaskHandler } from '../../../src/local/asl/interpreter.js'
import type { Json } from '../../../src/local/asl/json.js'
import { entered, machine, run } from './run.js'
import { VirtualClock } from './virtual-clock.js'

/** Fails with these errors, one after the other, and then succeeds with the number of its calls. */
function failing(...errors: string[]): TaskHandler {
  let calls = 0
  return async () => {
    const error = errors[calls++]
    if (error !== undefined) throw new StatesError(error, `call ${calls}`)
    return { calls }
  }
}

function task(state: object, next?: Record<string, object>): ReturnType<typeof machine> {
  return machine({ Work: { Type: 'Task', Resource: 'work', End: true, ...state }, ...next })
}

const handle = { Handled: { Type: 'Pass', End: true } }

async function caught(thrown: string, caughtBy: string): Promise<boolean> {
  const outcome = await run(
    task({ End: undefined, Next: 'Handled', Catch: [{ ErrorEquals: [caughtBy], Next: 'Handled' }] }, handle),
    {},
    { handlers: { work: failing(thrown) } },
  )
  return outcome.status === 'SUCCEEDED'
}

describe('Retry', () => {
  it('backs off exponentially up to the longest delay', async () => {
    const clock = new VirtualClock()
    const Retry = [
      {
        ErrorEquals: ['States.ALL'],
        IntervalSeconds: 2,
        BackoffRate: 3,
        MaxDelaySeconds: 30,
        MaxAttempts: 4,
      },
    ]
    const handlers = { work: failing('A', 'B', 'C', 'D') }
    const outcome = await run(task({ Retry }), {}, { handlers, clock })
    expect(outcome.output).to.deep.equal({ calls: 5 })
    expect(clock.slept).to.deep.equal([2000, 6000, 18_000, 30_000])
  })

  it('tries three times, after 1, 2 and 4 s, when nothing else is said', async () => {
    const clock = new VirtualClock()
    const handlers = { work: failing('A', 'A', 'A', 'A') }
    const outcome = await run(task({ Retry: [{ ErrorEquals: ['A'] }] }), {}, { handlers, clock })
    expect(outcome).to.include({ status: 'FAILED', error: 'A', cause: 'call 4' })
    expect(clock.slept).to.deep.equal([1000, 2000, 4000])
  })

  it('never waits longer with full jitter than without', async () => {
    const clock = new VirtualClock()
    const Retry = [{ ErrorEquals: ['A'], IntervalSeconds: 10, MaxAttempts: 2, JitterStrategy: 'FULL' }]
    await run(task({ Retry }), {}, { handlers: { work: failing('A', 'A') }, clock })
    expect(clock.slept).to.have.length(2)
    expect(clock.slept[0]).to.be.within(0, 10_000)
    expect(clock.slept[1]).to.be.within(0, 20_000)
  })

  it('lets the first retrier that covers the error decide, each with its own count', async () => {
    const Retry = [
      { ErrorEquals: ['Never'], MaxAttempts: 0 },
      { ErrorEquals: ['A'], MaxAttempts: 1 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 2 },
    ]
    const attempts = async (...errors: string[]) =>
      (await run(task({ Retry }), {}, { handlers: { work: failing(...errors) } })).status
    expect(await attempts('Never')).to.equal('FAILED')
    expect(await attempts('A', 'A')).to.equal('FAILED')
    expect(await attempts('A', 'B', 'B')).to.equal('SUCCEEDED')
    expect(await attempts('A', 'B', 'B', 'B')).to.equal('FAILED')
  })

  it('counts retries in the context object and in the history', async () => {
    const counts: Json[] = []
    const outcome = await run(
      task({ Retry: [{ ErrorEquals: ['A'] }], Parameters: { 'retries.$': '$$.State.RetryCount' } }),
      {},
      {
        handlers: {
          work: async ({ parameters }) => {
            counts.push((parameters as { retries: number }).retries)
            if (counts.length < 3) throw new StatesError('A', '')
            return null
          },
        },
      },
    )
    expect(counts).to.deep.equal([0, 1, 2])
    expect(outcome.history.map(({ type }) => type)).to.deep.equal([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskFailed',
      'RetryScheduled',
      'TaskScheduled',
      'TaskFailed',
      'RetryScheduled',
      'TaskScheduled',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })
})

describe('Catch', () => {
  it('gives the error to the next state, beside the raw input', async () => {
    const outcome = await run(
      task(
        {
          InputPath: '$.part',
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Work' },
            { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Handled' },
          ],
        },
        handle,
      ),
      { part: { n: 1 } },
      { handlers: { work: failing('Boom') } },
    )
    expect(outcome.output).to.deep.equal({ part: { n: 1 }, error: { Error: 'Boom', Cause: 'call 1' } })
  })

  it('comes after the retries, and can throw the error away', async () => {
    const outcome = await run(
      task(
        {
          Retry: [{ ErrorEquals: ['Boom'], MaxAttempts: 1 }],
          Catch: [{ ErrorEquals: ['Boom'], ResultPath: null, Next: 'Handled' }],
        },
        handle,
      ),
      { kept: true },
      { handlers: { work: failing('Boom', 'Boom') } },
    )
    expect(outcome.output).to.deep.equal({ kept: true })
  })

  it('knows the wildcards', async () => {
    expect(await caught('Anything', 'States.ALL')).to.equal(true)
    expect(await caught('Anything', 'States.TaskFailed')).to.equal(true)
    expect(await caught('Anything', 'Something')).to.equal(false)
    expect(await caught('States.Timeout', 'States.ALL')).to.equal(true)
    expect(await caught('States.Timeout', 'States.TaskFailed')).to.equal(false)
    expect(await caught('States.HeartbeatTimeout', 'States.Timeout')).to.equal(true)
    expect(await caught('States.DataLimitExceeded', 'States.ALL')).to.equal(false)
    expect(await caught('States.DataLimitExceeded', 'States.DataLimitExceeded')).to.equal(true)
    expect(await caught('States.Runtime', 'States.ALL')).to.equal(false)
    expect(await caught('States.Runtime', 'States.Runtime')).to.equal(false)
  })

  it('handles bad arguments of intrinsic functions, never a path that leads nowhere', async () => {
    const state = (parameter: string) =>
      task(
        { Parameters: { 'a.$': parameter }, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Handled' }] },
        handle,
      )
    const handlers = { work: failing() }
    const bad = await run(state("States.StringToJson('{')"), {}, { handlers })
    expect(bad.output).to.have.property('Error', 'States.IntrinsicFailure')
    expect(await run(state('$.missing'), {}, { handlers })).to.include({
      status: 'FAILED',
      error: 'States.Runtime',
    })
  })

  it('takes an exception of a handler for a failed task, and an unknown resource for a defect of the machine', async () => {
    const thrown = await run(task({}), {}, { handlers: { work: () => Promise.reject(new Error('no disk')) } })
    expect(thrown).to.include({ status: 'FAILED', error: 'States.TaskFailed', cause: 'no disk' })
    expect(await run(task({ Resource: 'toString' }), {})).to.include({ error: 'States.Runtime' })
  })
})

describe('time', () => {
  it('fails a task that takes too long, after its handler has been told to end', async () => {
    const clock = new VirtualClock()
    let told = false
    const slow: TaskHandler = async ({ signal }) => {
      signal.addEventListener('abort', () => {
        told = true
      })
      await clock.sleep(61_000, signal)
      return null
    }
    const outcome = await run(
      task(
        {
          TimeoutSecondsPath: '$.timeout',
          Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.error', Next: 'Handled' }],
        },
        handle,
      ),
      { timeout: 60 },
      { handlers: { work: slow }, clock },
    )
    expect(told).to.equal(true)
    expect(outcome.output).to.have.nested.property('error.Error', 'States.Timeout')
    expect(outcome.history.map(({ type }) => type)).to.contain('TaskTimedOut')
  })

  it('ends an execution that takes too long, whatever it could catch', async () => {
    const definition = {
      ...machine({ Wait: { Type: 'Wait', Seconds: 11, Next: 'Done' }, Done: { Type: 'Succeed' } }),
      TimeoutSeconds: 10,
    }
    const outcome = await run(definition, {})
    expect(outcome).to.include({ status: 'TIMED_OUT', error: 'States.Timeout' })
    expect((await run({ ...definition, TimeoutSeconds: 12 }, {})).status).to.equal('SUCCEEDED')
  })

  it('waits for seconds, for a path, until a moment', async () => {
    const waited = async (state: object) => {
      const clock = new VirtualClock()
      const input = { s: 5, at: '2026-01-01T00:01:00Z' }
      const outcome = await run(machine({ Wait: { Type: 'Wait', ...state, End: true } }), input, { clock })
      return outcome.status === 'SUCCEEDED' ? clock.slept : outcome.error
    }
    expect(await waited({ Seconds: 3 })).to.deep.equal([3000])
    expect(await waited({ SecondsPath: '$.s' })).to.deep.equal([5000])
    expect(await waited({ Timestamp: '2026-01-01T00:00:30Z' })).to.deep.equal([30_000])
    expect(await waited({ TimestampPath: '$.at' })).to.deep.equal([60_000])
    expect(await waited({ Timestamp: '2025-01-01T00:00:00Z' })).to.deep.equal([0])
    expect(await waited({ SecondsPath: '$.at' })).to.equal('States.Runtime')
  })

  it('stops when told to, without touching a Catch', async () => {
    const stop = new AbortController()
    const outcome = await run(
      task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Handled' }] }, handle),
      {},
      {
        signal: stop.signal,
        handlers: {
          work: async () => {
            stop.abort()
            throw new Error('killed')
          },
        },
      },
    )
    expect(outcome.status).to.equal('ABORTED')
    expect(entered(outcome)).to.deep.equal(['Work'])
  })
})

describe('Fail, Parallel and Map', () => {
  it('fails with literals, paths and functions', async () => {
    const fail = async (state: object) =>
      run(machine({ Stop: { Type: 'Fail', ...state } }), { e: 'E', c: { n: 1 } })
    expect(await fail({ Error: 'A', Cause: 'b' })).to.include({ status: 'FAILED', error: 'A', cause: 'b' })
    expect(await fail({ ErrorPath: '$.e', CausePath: 'States.JsonToString($.c)' })).to.include({
      error: 'E',
      cause: '{"n":1}',
    })
    expect(await fail({ ErrorPath: '$.c' })).to.include({ error: 'States.Runtime' })
    expect(await fail({ CausePath: '$.missing' })).to.include({ error: 'States.Runtime' })
  })

  it('runs branches with the same input and keeps their order', async () => {
    const outcome = await run(
      machine({
        Both: {
          Type: 'Parallel',
          Branches: [
            machine({
              Slow: { Type: 'Wait', Seconds: 5, Next: 'A' },
              A: { Type: 'Pass', Result: 'a', End: true },
            }),
            machine({ B: { Type: 'Pass', InputPath: '$.n', End: true } }),
          ],
          ResultSelector: { 'first.$': '$[0]', 'second.$': '$[1]' },
          End: true,
        },
      }),
      { n: 2 },
    )
    expect(outcome.output).to.deep.equal({ first: 'a', second: 2 })
  })

  it('fails as its first failed branch, which stops the others', async () => {
    const outcome = await run(
      machine({
        Both: {
          Type: 'Parallel',
          Branches: [
            machine({ Boom: { Type: 'Fail', Error: 'Boom', Cause: 'c' } }),
            machine({ Work: { Type: 'Task', Resource: 'endless', End: true } }),
          ],
          Catch: [{ ErrorEquals: ['Boom'], Next: 'Handled' }],
          End: true,
        },
        ...handle,
      }),
      {},
      {
        handlers: {
          endless: ({ signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(new Error('stopped'))
              })
            }),
        },
      },
    )
    expect(outcome.output).to.deep.equal({ Error: 'Boom', Cause: 'c' })
  })

  it('maps items with a selector, a limit and their index', async () => {
    let now = 0
    let most = 0
    const outcome = await run(
      machine({
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemSelector: {
            'item.$': '$$.Map.Item.Value',
            'index.$': '$$.Map.Item.Index',
            'all.$': '$.factor',
          },
          MaxConcurrency: 2,
          ItemProcessor: machine({ Work: { Type: 'Task', Resource: 'times', End: true } }),
          ResultPath: '$.results',
          End: true,
        },
      }),
      { items: [1, 2, 3, 4], factor: 10 },
      {
        handlers: {
          times: async ({ parameters }) => {
            most = Math.max(most, ++now)
            await new Promise((resolve) => setImmediate(resolve))
            now--
            const { all, index, item } = parameters as { all: number; index: number; item: number }
            return item * all + index
          },
        },
      },
    )
    expect(outcome.output).to.have.deep.property('results', [10, 21, 32, 43])
    expect(most).to.equal(2)
  })
})

describe('what the interpreter does not run', () => {
  const cases: [definition: object, reason: string][] = [
    [{ StartAt: 'A' }, 'has no StartAt and States'],
    [machine({ A: { Type: 'Pass', Assign: { x: 1 }, End: true } }), 'the state A has the field Assign'],
    [{ ...machine({ A: { Type: 'Succeed' } }), QueryLanguage: 'JSONata' }, 'is written in "JSONata"'],
    [machine({ A: { Type: 'Task', Resource: 'x.waitForTaskToken', End: true } }), 'waits for a task token'],
    [
      machine({
        A: {
          Type: 'Map',
          ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...machine({ B: { Type: 'Succeed' } }) },
          End: true,
        },
      }),
      'the state A is a distributed map',
    ],
    [machine({ A: { Type: 'Loop' } }), 'the state A has no known Type'],
  ]
  for (const [definition, reason] of cases) {
    it(reason, () => {
      expect(() => void run(definition, {}))
        .to.throw(reason)
        .with.property('code', 'UNSUPPORTED_DEFINITION')
    })
  }
})
