import { InterruptedError } from '../errors.js'

/** How long an answer is waited for after the stop. AWS answers within seconds; a network that is gone never does. */
const PATIENCE_MS = 10_000

/** Sends one attempt of a call. */
type Send<T> = () => Promise<T>

/**
 * What becomes of calls to AWS when the command is asked to stop. One that is under way is let finish, since it may have done
 * its work already; one that waits before another attempt, up to 20 s inside of the SDK, ends at once. Calls that begin
 * after the stop finish what was begun or clean up (the lease, the parts of an upload): they get all their attempts. But no
 * call lasts longer than some seconds after the stop, or after its own begin.
 */
export class StoppableCall {
  readonly #cleansUp: boolean
  #underWay = false
  #isOver = false
  #reject: (reason: InterruptedError) => void = () => undefined

  constructor(
    private readonly stop: AbortSignal,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.#cleansUp = stop.aborted
  }

  /** @param call does all attempts, each of them through `attempt` @throws InterruptedError */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const ended = new Promise<never>((_resolve, reject) => {
      this.#reject = reject
    })
    let timer: NodeJS.Timeout | undefined
    const onStop = (): void => {
      if (!this.#cleansUp && !this.#underWay) this.#end()
      timer = setTimeout(() => {
        this.#end()
      }, this.patienceMs)
    }
    if (this.#cleansUp) onStop()
    else this.stop.addEventListener('abort', onStop, { once: true })
    try {
      return await Promise.race([call(), ended])
    } finally {
      clearTimeout(timer)
      this.stop.removeEventListener('abort', onStop)
    }
  }

  /** Sends, unless the call has been given up meanwhile: the SDK knows nothing of that and tries again. */
  async attempt<T>(send: Send<T>): Promise<T> {
    if (this.#isOver) throw new InterruptedError()
    this.#underWay = true
    try {
      return await send()
    } catch (error) {
      if (this.stop.aborted && !this.#cleansUp) this.#end(error)
      throw error
    } finally {
      this.#underWay = false
    }
  }

  #end(cause?: unknown): void {
    this.#isOver = true
    this.#reject(new InterruptedError('Interrupted.', cause === undefined ? {} : { cause }))
  }
}
