/** Wall-clock time and timers, so that tests can pause a process without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs the action once, later, without keeping the process alive for it. */
  after(ms: number, action: () => void): { cancel(): void }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
}
