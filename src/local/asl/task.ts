import { AbortedError, runtimeError, StatesError } from './errors.js'
import { inputOf, secondsAt } from './data-flow.js'
import { fillIn } from './evaluate.js'
import { messageOf } from '../../errors.js'
import type { TaskState } from './definition.js'
import type { Json } from './json.js'
import type { RunServices, Visit } from './machine-run.js'

/**
 * Calls the handler of a Task state once and enforces its time-out: the handler's signal is aborted, and when the handler
 * has settled the state fails with States.Timeout.
 */
export async function runTask(state: TaskState, visit: Visit, services: RunServices): Promise<Json> {
  const { clock, handlers, history } = services
  const handler = Object.hasOwn(handlers, state.Resource) ? handlers[state.Resource] : undefined
  if (handler === undefined) throw runtimeError(`There is no handler for the resource '${state.Resource}'.`)
  const scope = inputOf(state, visit)
  const parameters = state.Parameters === undefined ? scope.data : fillIn(state.Parameters, scope)
  const seconds =
    state.TimeoutSecondsPath === undefined
      ? state.TimeoutSeconds
      : secondsAt(state.TimeoutSecondsPath, scope, 'TimeoutSecondsPath')
  const about = { state: visit.name, resource: state.Resource }
  const stop = new AbortController()
  const end = (): void => {
    stop.abort()
  }
  let timedOut = false
  const timer =
    seconds === undefined
      ? undefined
      : clock.after(seconds * 1000, () => {
          timedOut = true
          end()
        })
  visit.signal.addEventListener('abort', end, { once: true })
  history.add('TaskScheduled', { ...about, input: parameters })
  try {
    const call = { resource: state.Resource, parameters, signal: stop.signal, context: visit.context }
    const result = plain(await handler(call))
    if (visit.signal.aborted) throw new AbortedError()
    // Done is done, even when the time ran out in the same moment.
    history.add('TaskSucceeded', { ...about, output: result })
    return result
  } catch (error) {
    if (visit.signal.aborted) throw new AbortedError()
    if (timedOut) {
      const timeout = new StatesError(
        'States.Timeout',
        `The task did not end within ${seconds ?? 0} seconds.`,
      )
      history.add('TaskTimedOut', { ...about, error: timeout.error, cause: timeout.cause })
      throw timeout
    }
    const failed =
      error instanceof StatesError ? error : new StatesError('States.TaskFailed', messageOf(error))
    history.add('TaskFailed', { ...about, error: failed.error, cause: failed.cause })
    throw failed
  } finally {
    timer?.cancel()
    visit.signal.removeEventListener('abort', end)
  }
}

/** As it would look after a journey as JSON: no undefined, no dates. */
function plain(value: Json | undefined): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json)
}
