import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import { inputOf } from './data-flow.js'
import { AbortedError, runtimeError, StatesError } from './errors.js'
import { fillIn } from './evaluate.js'
import { isObject, type Json, type JsonObject } from './json.js'
import type { MapState } from './definition.js'
import type { MachineRun, Visit } from './machine-run.js'
import type { MapRunCounter } from './map-runs.js'

export function isDistributed(state: MapState): boolean {
  return state.ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED'
}

/**
 * Runs a distributed Map: a child execution for each item of its reader, so many at once. Unlike in an inline map a child that
 * fails stops nothing: at the end the share of failed children decides. Its result is where the results are, which is all that
 * Step Functions gives when there is a ResultWriter; the results themselves are not written.
 * @throws StatesError States.ItemReaderFailed, States.ExceedToleratedFailureThreshold
 */
export async function runDistributedMap(state: MapState, visit: Visit, run: MachineRun): Promise<Json> {
  const scope = inputOf(state, visit)
  const items = await readItems(state, visit, run)
  const place = childPlace(state, visit.context)
  const count = run.services.mapRuns.start(place.mapRunArn, items.length)
  const limit = pLimit(
    state.MaxConcurrency === undefined || state.MaxConcurrency === 0 ? Infinity : state.MaxConcurrency,
  )
  let failed = 0
  await Promise.all(
    items.map((value, index) =>
      limit(async () => {
        const withItem = { ...visit.context, Map: { Item: { Index: index, Value: value } } }
        const input =
          state.ItemSelector === undefined
            ? value
            : fillIn(state.ItemSelector, { data: scope.data, context: withItem })
        if (!(await runChild(state, input, place.context(input), visit.signal, run, count))) failed++
      }),
    ),
  )
  if (visit.signal.aborted) throw new AbortedError()
  if (failed > (items.length * (state.ToleratedFailurePercentage ?? 0)) / 100) {
    throw new StatesError(
      'States.ExceedToleratedFailureThreshold',
      `The specified tolerated failure threshold was exceeded: ${failed} of ${items.length} items failed.`,
    )
  }
  const writer = isObject(state.ResultWriter?.Parameters) ? state.ResultWriter.Parameters : {}
  const { Bucket: bucket = null, Prefix: prefix } = writer
  const key = `${typeof prefix === 'string' ? prefix : ''}/${place.id}/manifest.json`
  return { MapRunArn: place.mapRunArn, ResultWriterDetails: { Bucket: bucket, Key: key } }
}

/** @returns whether it succeeded */
async function runChild(
  state: MapState,
  input: Json,
  context: JsonObject,
  signal: AbortSignal,
  run: MachineRun,
  count: MapRunCounter,
): Promise<boolean> {
  const { ItemProcessor: processor } = state
  if (processor === undefined) throw runtimeError('The Map state has no ItemProcessor.')
  if (signal.aborted) {
    count('pending', 'aborted')
    return false
  }
  count('pending', 'running')
  try {
    await run.child().machine(processor, input, context, signal)
    count('running', 'succeeded')
    return true
  } catch (error) {
    count('running', error instanceof AbortedError ? 'aborted' : 'failed')
    if (error instanceof StatesError || error instanceof AbortedError) return false
    throw error
  }
}

async function readItems(state: MapState, visit: Visit, run: MachineRun): Promise<Json[]> {
  const { Parameters: template = {}, Resource: resource = '' } = state.ItemReader ?? {}
  const handler = Object.hasOwn(run.services.handlers, resource) ? run.services.handlers[resource] : undefined
  if (handler === undefined) throw runtimeError(`There is no handler for the resource '${resource}'.`)
  const parameters = fillIn(template, inputOf(state, visit))
  try {
    const items = await handler({ resource, parameters, signal: visit.signal, context: visit.context })
    if (Array.isArray(items)) return items
  } catch (error) {
    if (!(error instanceof StatesError)) throw error
    throw new StatesError('States.ItemReaderFailed', error.cause)
  }
  throw new StatesError('States.ItemReaderFailed', 'The reader gave no list.')
}

/** Names of the map run and its children, `<machine>/<label>:<id>`. */
function childPlace(state: MapState, context: JsonObject) {
  const machine = isObject(context.StateMachine) ? context.StateMachine.Id : ''
  const label = `${typeof machine === 'string' ? machine : ''}/${state.Label ?? 'Map'}`
  const id = randomUUID()
  return {
    id,
    mapRunArn: `${label.replace(':stateMachine:', ':mapRun:')}:${id}`,
    context: (input: Json): JsonObject => {
      const name = randomUUID()
      const own = {
        Id: `${label.replace(':stateMachine:', ':execution:')}:${name}`,
        Name: name,
        Input: input,
      }
      return { ...context, Execution: { ...(isObject(context.Execution) ? context.Execution : {}), ...own } }
    },
  }
}
