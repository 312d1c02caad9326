import { AbortedError, runtimeError, StatesError } from './errors.js'
import { isObject, type Json, type JsonObject } from './json.js'
import { checkSize, inputOf, locate, outputOf, resultOf } from './data-flow.js'
import { evaluate, fillIn } from './evaluate.js'
import { holds } from './choice.js'
import { catcherFor, Retries } from './retry.js'
import { runMap, runParallel } from './concurrent.js'
import { isDistributed, runDistributedMap } from './distributed-map.js'
import { runTask } from './task.js'
import { waitUntil } from './wait-state.js'
import type { Clock } from './clock.js'
import type {
  ChoiceState,
  FailState,
  MapState,
  ParallelState,
  State,
  StateMachine,
  TaskState,
} from './definition.js'
import { History } from './history.js'
import type { MapRuns } from './map-runs.js'
import type { TaskHandler } from './interpreter.js'

/** What the states of one execution share. */
export interface RunServices {
  clock: Clock
  history: History
  handlers: Record<string, TaskHandler>
  mapRuns: MapRuns
}

/** One visit of a state. */
export interface Visit {
  name: string
  /** The state's input as it came, which ResultPath puts results into. */
  raw: Json
  context: JsonObject
  signal: AbortSignal
}

interface Step {
  output: Json
  /** undefined: the machine ends here. */
  next?: string
}

type WorkingState = TaskState | ParallelState | MapState

/** Walks through the states of a machine; branches and map items are machines of their own within the same execution. */
export class MachineRun {
  constructor(readonly services: RunServices) {}

  /** For a child execution of a distributed map: it has a history of its own, which nobody reads. */
  child(): MachineRun {
    return new MachineRun({ ...this.services, history: new History(this.services.clock, undefined) })
  }

  /** @throws StatesError when it fails, AbortedError when it is stopped */
  async machine(machine: StateMachine, input: Json, context: JsonObject, signal: AbortSignal): Promise<Json> {
    let name = machine.StartAt
    let raw = input
    for (;;) {
      if (signal.aborted) throw new AbortedError()
      const state = machine.States[name]
      if (state === undefined) throw runtimeError(`There is no state '${name}'.`)
      const step = await this.#enter(name, state, { name, raw, context, signal })
      if (step.next === undefined) return step.output
      name = step.next
      raw = step.output
    }
  }

  async #enter(name: string, state: State, visit: Visit): Promise<Step> {
    const { clock, history } = this.services
    const entered = history.add(`${state.Type}StateEntered`, { state: name, input: visit.raw })
    const context = {
      ...visit.context,
      State: { Name: name, EnteredTime: clock.now().toISOString(), RetryCount: 0 },
    }
    try {
      const step = await this.#step(state, { ...visit, context }, entered)
      checkSize(step.output, name)
      history.add(`${state.Type}StateExited`, { state: name, output: step.output })
      return step
    } catch (error) {
      if (visit.signal.aborted) throw new AbortedError()
      throw locate(error, name, entered)
    }
  }

  async #step(state: State, visit: Visit, entered: number): Promise<Step> {
    switch (state.Type) {
      case 'Task':
      case 'Parallel':
      case 'Map':
        return this.#work(state, visit, entered)
      case 'Pass': {
        const scope = inputOf(state, visit)
        const parameters = state.Parameters === undefined ? scope.data : fillIn(state.Parameters, scope)
        const result = state.Result ?? parameters
        const output = outputOf(state, resultOf(state, visit.raw, result), visit.context)
        return { output, next: state.Next }
      }
      case 'Choice': {
        const scope = inputOf(state, visit)
        return { output: outputOf(state, scope.data, visit.context), next: choose(state, visit, scope) }
      }
      case 'Wait': {
        const scope = inputOf(state, visit)
        await waitUntil(state, scope, this.services.clock, visit.signal)
        return { output: outputOf(state, scope.data, visit.context), next: state.Next }
      }
      case 'Succeed':
        return { output: outputOf(state, inputOf(state, visit).data, visit.context) }
      case 'Fail':
        throw failure(state, visit)
    }
  }

  async #work(state: WorkingState, visit: Visit, entered: number): Promise<Step> {
    const retries = new Retries(state.Retry ?? [])
    for (;;) {
      const context = withRetryCount(visit.context, retries.count)
      try {
        const result = await this.#execute(state, { ...visit, context })
        const selected =
          state.ResultSelector === undefined
            ? result
            : fillIn(state.ResultSelector, { data: result, context })
        const output = outputOf(state, resultOf(state, visit.raw, selected), context)
        checkSize(output, visit.name)
        return { output, next: state.Next }
      } catch (thrown) {
        if (visit.signal.aborted) throw new AbortedError()
        const error = locate(thrown, visit.name, entered)
        if (!(error instanceof StatesError)) throw error
        const delay = retries.next(error)
        if (delay !== undefined) {
          await this.#pause(delay, retries.count, visit, error)
          continue
        }
        const catcher = catcherFor(state.Catch ?? [], error)
        if (catcher === undefined) throw error
        const output = { Error: error.error, Cause: error.cause }
        return { output: resultOf(catcher, visit.raw, output), next: catcher.Next }
      }
    }
  }

  #execute(state: WorkingState, visit: Visit): Promise<Json> {
    switch (state.Type) {
      case 'Task':
        return runTask(state, visit, this.services)
      case 'Parallel':
        return runParallel(state, visit, this)
      case 'Map':
        return isDistributed(state) ? runDistributedMap(state, visit, this) : runMap(state, visit, this)
    }
  }

  async #pause(delaySeconds: number, attempt: number, visit: Visit, error: StatesError): Promise<void> {
    this.services.history.add('RetryScheduled', {
      state: visit.name,
      attempt,
      delaySeconds,
      error: error.error,
      cause: error.cause,
    })
    await this.services.clock.sleep(delaySeconds * 1000, visit.signal)
  }
}

function choose(state: ChoiceState, visit: Visit, scope: { data: Json; context: JsonObject }): string {
  const next = state.Choices.find((rule) => holds(rule, scope))?.Next ?? state.Default
  if (next === undefined) {
    throw new StatesError('States.NoChoiceMatched', `No rule of the choice state '${visit.name}' matched.`)
  }
  return next
}

function failure(state: FailState, visit: Visit): StatesError {
  const scope = { data: visit.raw, context: visit.context }
  const text = (literal: string | undefined, path: string | undefined, field: string): string => {
    if (path === undefined) return literal ?? ''
    const value = evaluate(path, scope, field)
    if (typeof value !== 'string') throw runtimeError(`The value for the field '${field}' must be a string.`)
    return value
  }
  return new StatesError(
    text(state.Error, state.ErrorPath, 'ErrorPath'),
    text(state.Cause, state.CausePath, 'CausePath'),
  )
}

function withRetryCount(context: JsonObject, count: number): JsonObject {
  const { State: state } = context
  return { ...context, State: { ...(isObject(state) ? state : {}), RetryCount: count } }
}
