import pLimit from 'p-limit'
import { AbortedError, runtimeError } from './errors.js'
import { inputOf } from './data-flow.js'
import { fillIn } from './evaluate.js'
import { resolve } from './path.js'
import type { MapState, ParallelState } from './definition.js'
import type { Json } from './json.js'
import type { MachineRun, Visit } from './machine-run.js'

/** Runs the branches of a Parallel state at once, all with the same input; the results keep the order of the branches. */
export function runParallel(state: ParallelState, visit: Visit, run: MachineRun): Promise<Json> {
  const scope = inputOf(state, visit)
  const input = state.Parameters === undefined ? scope.data : fillIn(state.Parameters, scope)
  return together(
    visit.signal,
    Infinity,
    state.Branches.map((branch) => (signal) => run.machine(branch, input, visit.context, signal)),
  )
}

/** Runs an inline Map state (distributed-map.ts has the other kind): one run of the processor for each item, the results in the order of the items. */
export function runMap(state: MapState, visit: Visit, run: MachineRun): Promise<Json> {
  const scope = inputOf(state, visit)
  const items = state.ItemsPath === undefined ? scope.data : resolve(state.ItemsPath, scope, 'ItemsPath')
  if (!Array.isArray(items)) {
    throw runtimeError(`Reference path '${state.ItemsPath ?? '$'}' must point to array.`)
  }
  const processor = state.ItemProcessor ?? state.Iterator
  if (processor === undefined) throw runtimeError('The Map state has no ItemProcessor.')
  const template = state.ItemSelector ?? state.Parameters
  return together(
    visit.signal,
    state.MaxConcurrency === undefined || state.MaxConcurrency === 0 ? Infinity : state.MaxConcurrency,
    items.map((value, index) => (signal) => {
      const context = { ...visit.context, Map: { Item: { Index: index, Value: value } } }
      const input = template === undefined ? value : fillIn(template, { data: scope.data, context })
      return run.machine(processor, input, context, signal)
    }),
  )
}

/** The first that fails stops the others, and its error is the error of all. */
async function together(
  parent: AbortSignal,
  concurrency: number,
  runs: ((signal: AbortSignal) => Promise<Json>)[],
): Promise<Json[]> {
  const stop = new AbortController()
  const limit = pLimit(concurrency)
  const end = (): void => {
    stop.abort()
  }
  const failures: unknown[] = []
  parent.addEventListener('abort', end, { once: true })
  const results = await Promise.all(
    runs.map((run) =>
      limit(async () => {
        try {
          if (stop.signal.aborted) throw new AbortedError()
          return await run(stop.signal)
        } catch (error) {
          failures.push(error)
          end()
          return null
        }
      }),
    ),
  )
  parent.removeEventListener('abort', end)
  if (failures.length > 0) throw failures[0]
  return results
}
