import { runtimeError } from './errors.js'
import { secondsAt } from './data-flow.js'
import { resolve, type Scope } from './path.js'
import type { Clock } from './clock.js'
import type { WaitState } from './definition.js'

/** Lets the time of a Wait state pass. */
export async function waitUntil(
  state: WaitState,
  scope: Scope,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const ms = Math.max(0, milliseconds(state, scope, clock))
  await clock.sleep(ms, signal)
}

function milliseconds(state: WaitState, scope: Scope, clock: Clock): number {
  if (state.Seconds !== undefined) return state.Seconds * 1000
  if (state.SecondsPath !== undefined) return secondsAt(state.SecondsPath, scope, 'SecondsPath') * 1000
  const timestamp =
    state.TimestampPath === undefined ? state.Timestamp : resolve(state.TimestampPath, scope, 'TimestampPath')
  const until = typeof timestamp === 'string' ? Date.parse(timestamp) : NaN
  if (Number.isNaN(until)) throw runtimeError(`The TimestampPath parameter does not reference a timestamp.`)
  return until - clock.now().getTime()
}
