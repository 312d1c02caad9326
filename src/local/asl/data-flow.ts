import { runtimeError, StatesError } from './errors.js'
import { lookUp, place, resolve, type Scope } from './path.js'
import type { Json, JsonObject } from './json.js'
import type { Visit } from './machine-run.js'

/** The most that may pass from one state to the next, in bytes of UTF-8. */
const MAX_BYTES = 262_144

/** InputPath: what of its input a state looks at. `null` is nothing, an empty object. */
export function inputOf(state: { InputPath?: string | null }, visit: Visit): Scope {
  const scope = { data: visit.raw, context: visit.context }
  if (state.InputPath === undefined) return scope
  return { ...scope, data: state.InputPath === null ? {} : resolve(state.InputPath, scope, 'InputPath') }
}

/** ResultPath: where in the raw input the result goes. `null` discards it. */
export function resultOf(state: { ResultPath?: string | null }, raw: Json, result: Json): Json {
  if (state.ResultPath === null) return raw
  return place(raw, state.ResultPath ?? '$', result)
}

/** OutputPath: what of the result the next state gets. */
export function outputOf(state: { OutputPath?: string | null }, data: Json, context: JsonObject): Json {
  if (state.OutputPath === undefined) return data
  if (state.OutputPath === null) return {}
  return resolve(state.OutputPath, { data, context }, 'OutputPath')
}

/** A number at a path, for SecondsPath and its like. */
export function secondsAt(path: string, scope: Scope, field: string): number {
  const value = lookUp(path, scope)
  if (typeof value !== 'number' || value < 0) {
    throw runtimeError(
      `The ${field} parameter does not reference a number of seconds: '${path}' is ${JSON.stringify(value) ?? 'missing'}.`,
    )
  }
  return value
}

/** @throws StatesError States.DataLimitExceeded */
export function checkSize(output: Json, state: string): void {
  if (Buffer.byteLength(JSON.stringify(output)) > MAX_BYTES) {
    throw new StatesError(
      'States.DataLimitExceeded',
      `The state/task '${state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    )
  }
}

const INTERPRETER_ERRORS = [
  'States.Runtime',
  'States.NoChoiceMatched',
  'States.IntrinsicFailure',
  'States.ResultPathMatchFailure',
]

const PREFIX = 'An error occurred while executing the state '

/** Says in which state an error of the interpreter itself arose, in the words of Step Functions. */
export function locate(error: unknown, state: string, eventId: number): unknown {
  if (!(error instanceof StatesError) || !INTERPRETER_ERRORS.includes(error.error)) return error
  if (error.cause.startsWith(PREFIX)) return error
  return new StatesError(
    error.error,
    `${PREFIX}'${state}' (entered at the event id #${eventId}). ${error.cause}`,
  )
}
