/**
 * Buffers that are used again: whoever fills one waits until one is free. A failure of one sender stops the others.
 */
export class Senders {
  readonly #free: Buffer[]
  readonly #busy = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #failure: { error: unknown } | undefined

  /** @param count of buffers */
  constructor(count: number, bytes: number, signal: AbortSignal) {
    this.#free = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(bytes))
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
  }

  /** A buffer to fill. @throws what a sender failed with, or the reason of the signal */
  async take(): Promise<Buffer> {
    for (;;) {
      this.#check()
      const buffer = this.#free.pop()
      if (buffer !== undefined) return buffer
      await Promise.race(this.#busy)
    }
  }

  /** Gives a buffer back unused. */
  free(buffer: Buffer): void {
    this.#free.push(buffer)
  }

  /** Sends what is in a buffer, beside what goes on; the buffer is free when that is done. */
  start(buffer: Buffer, send: (signal: AbortSignal) => Promise<void>): void {
    const sending = send(this.#signal)
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#stop.abort()
      })
      .finally(() => {
        this.#free.push(buffer)
        this.#busy.delete(sending)
      })
    this.#busy.add(sending)
  }

  /** Stops all of them; returns when none is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#busy)
  }

  /** Waits until everything is sent. @throws as `take` */
  async finish(): Promise<void> {
    await Promise.all(this.#busy)
    this.#check()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#signal.throwIfAborted()
  }
}
