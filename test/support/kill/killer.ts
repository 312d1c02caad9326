import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen, type Proxy } from '../proxy.js'
import { callName, isForm } from './call-name.js'

/** When a process dies: `before` its call is carried out, or `after`, when it was and nobody has been told. */
export type Manner = 'before' | 'after'

interface Deed {
  call: number
  manner: Manner
  kill: () => void
}

/**
 * Stands between a process and the emulator, counts its calls, and kills it at one of them. Other calls that are under way
 * then are carried out, as they would be.
 */
export class Killer {
  /** Since the last `watch`, as `service:Action`. */
  calls: string[] = []
  /** The call that it killed at, if it came to that. */
  killedAt: string | undefined
  target = ''
  #deed: Deed | undefined
  readonly #agent = new Agent({ keepAlive: false })
  readonly #open = new Set<Promise<void>>()
  #proxy: Proxy | undefined

  static async start(): Promise<Killer> {
    const killer = new Killer()
    killer.#proxy = await listen(
      createServer((incoming, response) => {
        const done = killer.#handle(incoming, response)
        killer.#open.add(done)
        void done.finally(() => killer.#open.delete(done))
      }),
    )
    return killer
  }

  get endpoint(): string {
    return this.#proxy?.endpoint ?? ''
  }

  /** Counts from 1 again, and kills at this call of those that follow; 0 is none. */
  watch(target: string, deed?: Deed): void {
    this.calls = []
    this.killedAt = undefined
    this.target = target
    this.#deed = deed
  }

  /** Until everything that was passed on has been carried out. */
  async idle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop()
    this.#agent.destroy()
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const index = this.calls.push(callName(incoming)) - 1
    const deed = index + 1 === this.#deed?.call ? this.#deed : undefined
    const form = isForm(incoming) ? await text(incoming).catch(() => '') : undefined
    const call = callName(incoming, form)
    this.calls[index] = call
    if (deed !== undefined) this.killedAt = call
    if (deed?.manner === 'before') {
      deed.kill()
      incoming.socket.destroy()
      return
    }
    await this.#pass(incoming, response, form, deed)
  }

  #pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    form: string | undefined,
    deed: Deed | undefined,
  ): Promise<void> {
    const { hostname, port } = new URL(this.target)
    const { headers, method, url: path } = incoming
    return new Promise((resolve) => {
      const onward = request({ hostname, port, method, path, headers, agent: this.#agent })
      onward.on('response', (answer) => {
        answer.on('close', resolve)
        if (deed !== undefined) {
          deed.kill()
          answer.resume()
          incoming.socket.destroy()
          return
        }
        // Whoever asked may be dead: then the answer goes nowhere.
        const drop = () => answer.destroy()
        if (response.destroyed) {
          drop()
          return
        }
        response.on('close', drop)
        response.on('error', drop)
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => {
        response.destroy()
        resolve()
      })
      // A body that breaks off was never a call.
      incoming.on('close', () => {
        if (!incoming.complete) onward.destroy()
      })
      if (form === undefined) incoming.pipe(onward)
      else onward.end(form)
    })
  }
}
