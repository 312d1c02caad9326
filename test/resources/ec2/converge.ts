import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Change } from '../../../src/engine/change.js'
import type { Operation } from '../../../src/engine/operation.js'
import type { Deletion, Resource } from '../../../src/engine/resource.js'
import { testOperation } from '../../support/resource.js'

export interface Outcome {
  action: 'create' | 'update' | 'replace' | 'unchanged'
  changes: Change[]
}

/** What the engine does with one resource: look, decide, act. */
export async function ensure(resource: Resource, op: Operation = testOperation()): Promise<Outcome> {
  const seen = await resource.read(op)
  if (seen === undefined) {
    resource.resolve(await resource.create(op))
    return { action: 'create', changes: [] }
  }
  resource.resolve(seen.attributes)
  const changes = resource.diff(seen)
  if (changes.some((change) => change.replaces)) return { action: 'replace', changes }
  if (changes.length === 0) return { action: 'unchanged', changes }
  resource.resolve(await resource.update(seen, changes, op))
  return { action: 'update', changes }
}

/** What differs now. */
export async function drift(resource: Resource): Promise<Change[]> {
  const seen = await resource.read(testOperation())
  if (seen === undefined) throw new Error(`${resource.id} is absent`)
  return resource.diff(seen)
}

export async function remove(resource: Resource, op: Operation = testOperation()): Promise<Deletion> {
  const seen = await resource.read(op)
  return seen === undefined ? { status: 'absent' } : resource.delete(seen, op)
}

/** Runs something that waits, with a clock that jumps from wait to wait. */
export async function withoutWaiting<T>(run: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  try {
    let settled = false
    const result = run().finally(() => {
      settled = true
    })
    result.catch(() => undefined)
    while (!settled) {
      await setImmediate()
      mock.timers.tick(1000)
    }
    return await result
  } finally {
    mock.timers.reset()
  }
}
