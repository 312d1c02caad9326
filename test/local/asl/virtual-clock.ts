import type { Clock } from '../../../src/local/asl/clock.js'

/** Time that passes only when someone sleeps, and then at once. Time-outs fall due on the way. */
export class VirtualClock implements Clock {
  readonly slept: number[] = []
  #now = Date.parse('2026-01-01T00:00:00.000Z')
  readonly #timers = new Set<{ due: number; callback: () => void }>()

  now(): Date {
    return new Date(this.#now)
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.slept.push(ms)
    const until = this.#now + ms
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) {
      if (timer.due > until) continue
      this.#timers.delete(timer)
      this.#now = timer.due
      timer.callback()
      if (signal.aborted) throw new Error('aborted')
    }
    this.#now = until
    await Promise.resolve()
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.#now + ms, callback }
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
      },
    }
  }
}
