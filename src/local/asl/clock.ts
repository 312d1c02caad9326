import { sleep } from '../../engine/wait.js'

/** The time that executions live in, so that tests need not wait for it. */
export interface Clock {
  now(): Date
  /** Lets time pass. Rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls back when this much time has passed, unless cancelled before. */
  after(ms: number, callback: () => void): { cancel(): void }
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep,
  after(ms, callback) {
    // Longer than setTimeout can count, which would fire at once: 24 days are enough for any execution on one machine.
    const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1))
    return {
      cancel: () => {
        clearTimeout(timer)
      },
    }
  },
}

/** The same clock, on which nobody ever waits longer than this; time-outs stay as they are. */
export function impatient(clock: Clock, longestMs: number): Clock {
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(Math.min(ms, longestMs), signal),
    after: (ms, callback) => clock.after(ms, callback),
  }
}
