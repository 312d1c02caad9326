/** As long as one pass over the environment takes; a later pass looks again. */
const MAX_AGE_MS = 5000

/**
 * One read that several resources need the answer of: readers at the same time share one call, and readers shortly after
 * it share its answer, until something of that kind is changed. A failed read is not kept.
 */
export class SharedRead<T> {
  #latest: { startedAt: number; answer: Promise<T> } | undefined

  /** @param now milliseconds from a clock that never runs backwards */
  constructor(
    private readonly load: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get(): Promise<T> {
    const startedAt = this.now()
    if (this.#latest !== undefined && startedAt - this.#latest.startedAt < MAX_AGE_MS)
      return this.#latest.answer
    const latest = { startedAt, answer: this.load() }
    this.#latest = latest
    latest.answer.catch(() => {
      if (this.#latest === latest) this.#latest = undefined
    })
    return latest.answer
  }

  /** Looks again, whatever is known. */
  fresh(): Promise<T> {
    this.#latest = undefined
    return this.get()
  }

  /** Runs something that creates, changes or deletes; what was read before it ended is forgotten, also when it fails halfway. */
  async changing<R>(action: () => Promise<R>): Promise<R> {
    try {
      return await action()
    } finally {
      this.#latest = undefined
    }
  }
}
