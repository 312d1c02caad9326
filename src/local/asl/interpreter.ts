import { systemClock, type Clock } from './clock.js'
import { AbortedError, StatesError } from './errors.js'
import { History, type HistoryEvent } from './history.js'
import { MachineRun } from './machine-run.js'
import { MapRuns } from './map-runs.js'
import type { StateMachine } from './definition.js'
import type { Json, JsonObject } from './json.js'

/** One call of a Task state. */
export interface TaskCall {
  resource: string
  /** The state's input after InputPath and Parameters. */
  parameters: Json
  /** Aborted on a time-out and when the execution is stopped; the handler ends its work and settles soon after. */
  signal: AbortSignal
  /** The context object, `$$`. */
  context: JsonObject
}

/** Does the work of a resource. Throws StatesError with the error name that AWS would give; anything else is a States.TaskFailed. */
export type TaskHandler = (call: TaskCall) => Promise<Json>

export interface InterpretOptions {
  stateMachineArn: string
  /** Name of the execution. */
  name: string
  input: Json
  /** By the Resource of Task states. */
  handlers: Record<string, TaskHandler>
  signal: AbortSignal
  clock?: Clock
  /** Told of distributed maps, so that a handler can tell of them. */
  mapRuns?: MapRuns
  onEvent?: (event: HistoryEvent) => void
}

export interface Outcome {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'
  output?: Json
  error?: string
  cause?: string
  history: HistoryEvent[]
}

/** The ARN of an execution of a state machine. */
export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
}

/**
 * Runs a state machine to its end in this process, with the semantics that Step Functions (STANDARD, JSONPath) has. How it
 * ended is in the outcome; only a defect throws.
 */
export async function interpret(machine: StateMachine, options: InterpretOptions): Promise<Outcome> {
  const clock = options.clock ?? systemClock
  const history = new History(clock, options.onEvent)
  const stop = new AbortController()
  const end = (): void => {
    stop.abort()
  }
  let timedOut = false
  const timer =
    machine.TimeoutSeconds === undefined
      ? undefined
      : clock.after(machine.TimeoutSeconds * 1000, () => {
          timedOut = true
          end()
        })
  if (options.signal.aborted) end()
  options.signal.addEventListener('abort', end, { once: true })
  history.add('ExecutionStarted', { input: options.input })
  const run = new MachineRun({
    clock,
    history,
    handlers: options.handlers,
    mapRuns: options.mapRuns ?? new MapRuns(),
  })
  try {
    const output = await run.machine(machine, options.input, contextOf(options, clock), stop.signal)
    history.add('ExecutionSucceeded', { output })
    return { status: 'SUCCEEDED', output, history: history.events }
  } catch (error) {
    if (timedOut) {
      history.add('ExecutionTimedOut', { error: 'States.Timeout' })
      return { status: 'TIMED_OUT', error: 'States.Timeout', history: history.events }
    }
    if (error instanceof AbortedError) {
      history.add('ExecutionAborted')
      return { status: 'ABORTED', history: history.events }
    }
    if (!(error instanceof StatesError)) throw error
    const failure = { error: error.error, cause: error.cause }
    history.add('ExecutionFailed', failure)
    return { status: 'FAILED', ...failure, history: history.events }
  } finally {
    timer?.cancel()
    options.signal.removeEventListener('abort', end)
  }
}

function contextOf({ input, name, stateMachineArn }: InterpretOptions, clock: Clock): JsonObject {
  return {
    Execution: {
      Id: executionArn(stateMachineArn, name),
      Input: input,
      Name: name,
      StartTime: clock.now().toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: stateMachineArn, Name: stateMachineArn.split(':').at(-1) ?? '' },
  }
}
