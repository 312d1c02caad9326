import { covers, type StatesError } from './errors.js'
import type { Catcher, Retrier } from './definition.js'

/** The Retry field of one state, for one visit: each retrier counts its own attempts. */
export class Retries {
  readonly #attempts: number[]

  constructor(
    readonly retriers: readonly Retrier[],
    /** A number in [0, 1) for full jitter. */
    readonly random: () => number = Math.random,
  ) {
    this.#attempts = retriers.map(() => 0)
  }

  /** Retries made so far, `$$.State.RetryCount`. */
  get count(): number {
    return this.#attempts.reduce((sum, attempts) => sum + attempts, 0)
  }

  /** Seconds to wait before trying again; undefined when the error is to be handed on. The first retrier that covers it decides. */
  next({ error }: StatesError): number | undefined {
    const index = this.retriers.findIndex((retrier) => covers(retrier.ErrorEquals, error))
    const retrier = this.retriers[index]
    if (retrier === undefined) return undefined
    const made = this.#attempts[index] ?? 0
    if (made >= (retrier.MaxAttempts ?? 3)) return undefined
    this.#attempts[index] = made + 1
    const interval = (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** made
    const delay = Math.min(interval, retrier.MaxDelaySeconds ?? Infinity)
    return retrier.JitterStrategy === 'FULL' ? this.random() * delay : delay
  }
}

/** The catcher that takes an error: the first that covers it. */
export function catcherFor(catchers: readonly Catcher[], { error }: StatesError): Catcher | undefined {
  return catchers.find((catcher) => covers(catcher.ErrorEquals, error))
}
