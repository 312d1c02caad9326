/** Time and timers, so that tests can pause a process without waiting. */
export interface Clock {
  /** Milliseconds since the epoch, by a clock that people and services may set. */
  now(): number
  /** Milliseconds from any origin, by a clock that nobody sets; it may stand still while the machine sleeps. */
  steady(): number
  /** Runs the action once, later, without keeping the process alive for it. */
  after(ms: number, action: () => void): { cancel(): void }
  /** Keeps the process alive meanwhile. */
  sleep(ms: number): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/** A moment by both clocks. */
export interface Moment {
  now: number
  steady: number
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), steady: clock.steady() }
}

/** Never too little: one clock does not count the sleep of the machine, and the other one may have been set back. */
export function elapsedSince(moment: Moment, clock: Clock): number {
  return Math.max(clock.now() - moment.now, clock.steady() - moment.steady)
}
