import type { Execution, Orchestrator, WorkerInput } from '../orchestrator.js'
import { executionNames, firstName, type Work } from './work.js'

/** `running`: started now or by someone else. `over`: it failed before, and again was not asked for. */
export type Launched = { state: 'running'; name: string } | { state: 'over'; execution: Execution }

/**
 * Starts the worker for one file, unless it runs already: a name that is taken belongs to an execution of this very
 * version of the file. One that runs is joined. One that is over is repeated under the next free name when that was asked
 * for, when it was stopped before it could judge the file, or when it ended well and its record is gone.
 */
export async function launch(
  orchestrator: Orchestrator,
  { again, object, repeated = false }: Work,
): Promise<Launched> {
  const { bucket, bytes, key, versionId } = object
  const input: WorkerInput = { bucket, key, versionId, size: bytes, source: 'run' }
  for (const name of executionNames(object)) {
    // Step Functions frees the first name after 90 days, but its task would leave alone what has a record.
    const isFirst = name === firstName(object)
    if (isFirst && repeated && (await orchestrator.describe(name)) === undefined) continue
    if ((await orchestrator.start(name, input)) === 'started') return { state: 'running', name }
    const execution = await orchestrator.describe(name)
    if (execution === undefined) continue
    if (execution.status === 'RUNNING') return { state: 'running', name }
    if (!again && (execution.status === 'FAILED' || execution.status === 'TIMED_OUT'))
      return { state: 'over', execution }
  }
  throw new Error('unreachable: names never end')
}
