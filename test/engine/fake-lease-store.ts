import type { Clock } from '../../src/engine/clock.js'
import type { LeaseStore, StoredLease } from '../../src/engine/lease-store.js'
import { settle } from './fake-cloud.js'

/** A clock that moves only when told; its timers run as far as it moves. */
export class FakeClock implements Clock {
  /** How wrong its time of day is. */
  wrongMs = 0
  #steady = 0
  #asleep = 0
  readonly #timers = new Set<{ at: number; action: () => void }>()

  /** What time it really is. */
  get truth(): number {
    return Date.parse('2026-03-01T12:00:00Z') + this.#steady + this.#asleep
  }

  now(): number {
    return this.truth + this.wrongMs
  }

  steady(): number {
    return this.#steady
  }

  after(ms: number, action: () => void): { cancel(): void } {
    const timer = { at: this.#steady + ms, action }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Lets time pass, timer by timer, and lets each one finish what it started. */
  async advance(ms: number): Promise<void> {
    const until = this.#steady + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#steady = Math.max(this.#steady, next.at)
      next.action()
      await settle()
    }
    this.#steady = until
  }

  /** The process is paused: time passes, and no timer runs. */
  pause(ms: number): void {
    this.#steady += ms
  }

  /** The machine sleeps: only the time of day goes on. */
  suspend(ms: number): void {
    this.#asleep += ms
  }

  get timers(): number {
    return this.#timers.size
  }
}

/** Its own clock is right. */
export class MemoryLeaseStore implements LeaseStore {
  stored: Omit<StoredLease, 'readAt'> | undefined
  /** Every body that was ever written. */
  readonly bodies: string[] = []
  /** Runs before each call has an effect: may wait or throw. */
  before: (call: keyof LeaseStore) => Promise<void> | void = () => undefined
  /** Runs after the effect: to throw here is to lose the answer. */
  after: (call: keyof LeaseStore) => void = () => undefined
  #serial = 0

  constructor(private readonly clock: FakeClock) {}

  async read(): Promise<StoredLease | undefined> {
    await this.before('read')
    return this.stored && { ...this.stored, readAt: this.clock.truth }
  }

  async create(body: string): Promise<string | undefined> {
    await this.before('create')
    return this.stored === undefined ? this.#write('create', body) : undefined
  }

  async replace(body: string, etag: string, signal?: AbortSignal): Promise<string | undefined> {
    await Promise.race([this.before('replace'), aborted(signal)])
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
    this.stored = { body, etag, writtenAt: this.clock.truth }
    this.bodies.push(body)
    this.after(call)
    return etag
  }
}

/** Never fulfilled; rejected when the signal is aborted. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new Error('aborted'))
    })
  })
}
