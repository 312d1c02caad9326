import type { Clock } from '../../../src/local/asl/clock.js'

interface Waiting {
  due: number
  wake: () => void
}

/** Time for many executions at once: when all of them wait, it goes on to the first that is due. */
export class EventClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00.000Z')
  readonly #waiting = new Set<Waiting>()
  #sleepers = 0
  #pumping = false

  now(): Date {
    return new Date(this.#now)
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers++
      this.#add(ms, () => {
        this.#sleepers--
        if (signal.aborted) reject(new Error('aborted'))
        else resolve()
      })
      this.#pump()
    })
  }

  after(ms: number, callback: () => void): { cancel(): void } {
    const waiting = this.#add(ms, callback)
    return {
      cancel: () => {
        this.#waiting.delete(waiting)
      },
    }
  }

  #add(ms: number, wake: () => void): Waiting {
    const waiting = { due: this.#now + ms, wake }
    this.#waiting.add(waiting)
    return waiting
  }

  /** One waking a turn of the event loop, so that what follows from it happens before the next. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      if (this.#sleepers === 0) return
      let next: Waiting | undefined
      for (const waiting of this.#waiting) if (next === undefined || waiting.due < next.due) next = waiting
      if (next === undefined) return
      this.#waiting.delete(next)
      this.#now = next.due
      next.wake()
      this.#pump()
    })
  }
}
