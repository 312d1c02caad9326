import type { EngineListener } from '../../engine/events.js'
import type { Operation } from '../../engine/operation.js'
import type { Resource } from '../../engine/resource.js'

/** An operation on a resource outside of an engine run, reported like one inside. */
export function operationFor(
  resource: Resource,
  { onEvent, signal }: { signal: AbortSignal; onEvent: EngineListener },
): Operation {
  const started = Date.now()
  return {
    signal,
    waiting: (message) => {
      onEvent({ type: 'resource.waiting', id: resource.id, message, elapsedMs: Date.now() - started })
    },
  }
}
