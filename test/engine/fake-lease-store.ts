import type { Clock } from '../../src/engine/clock.js'
import type { LeaseStore, StoredLease } from '../../src/engine/lease-store.js'
import { settle } from './fake-cloud.js'

/** A clock that moves only when told; its timers run as far as it moves. */
export class FakeClock implements Clock {
  #now = Date.parse('2026-03-01T12:00:00Z')
  readonly #timers = new Set<{ at: number; action: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, action: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, action }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  /** Lets time pass, timer by timer, and lets each one finish what it started. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
      await settle()
    }
    this.#now = until
  }

  /** The process is paused: time passes, and no timer runs. */
  pause(ms: number): void {
    this.#now += ms
  }

  get timers(): number {
    return this.#timers.size
  }
}

export class MemoryLeaseStore implements LeaseStore {
  stored: StoredLease | undefined
  /** Every body that was ever written. */
  readonly bodies: string[] = []
  /** Runs before each call has an effect: may wait or throw. */
  before: (call: keyof LeaseStore) => Promise<void> | void = () => undefined
  /** Runs after the effect: to throw here is to lose the answer. */
  after: (call: keyof LeaseStore) => void = () => undefined
  #serial = 0

  async read(): Promise<StoredLease | undefined> {
    await this.before('read')
    return this.stored
  }

  async create(body: string): Promise<string | undefined> {
    await this.before('create')
    return this.stored === undefined ? this.#write('create', body) : undefined
  }

  async replace(body: string, etag: string): Promise<string | undefined> {
    await this.before('replace')
    return this.stored?.etag === etag ? this.#write('replace', body) : undefined
  }

  async remove(etag: string): Promise<boolean> {
    await this.before('remove')
    if (this.stored?.etag !== etag) return false
    this.stored = undefined
    return true
  }

  #write(call: 'create' | 'replace', body: string): string {
    const etag = `etag-${++this.#serial}`
    this.stored = { body, etag }
    this.bodies.push(body)
    this.after(call)
    return etag
  }
}
