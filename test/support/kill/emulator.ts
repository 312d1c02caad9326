import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '../../../src/local/moto/environment.js'
import { motoRuntime } from '../moto.js'

const SERVER = fileURLToPath(new URL('emulator.py', import.meta.url))

/** An emulator that copies itself with everything that is in it, in milliseconds. What happens in a copy never shows in it. */
export class Emulator {
  private constructor(
    readonly endpoint: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** An empty one, on a free port of loopback. Allow 120 s the first time: it may install. */
  static async start(): Promise<Emulator> {
    const { env, python } = await motoRuntime()
    const child = spawn(python, [SERVER], {
      env: pythonEnvironment(env),
      // It ends with its standard input, and so with this process.
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const port = await firstLine(child)
    return new Emulator(`http://127.0.0.1:${port}`, async () => {
      child.stdin?.destroy()
      await once(child, 'exit')
    })
  }

  /** It ends with this one, at the latest. */
  async copy(): Promise<Emulator> {
    const { pid, port } = (await this.#ask('POST', 'copies')) as { pid: number; port: number }
    return new Emulator(`http://127.0.0.1:${port}`, async () => {
      await this.#ask('DELETE', `copies/${pid}`)
    })
  }

  /** Everything that is in it, one line for each thing; ids and times are masked. See emulator_state.py. */
  async state(): Promise<string[]> {
    return (await this.#ask('GET', 'state')) as string[]
  }

  async reset(): Promise<void> {
    const response = await fetch(`${this.endpoint}/moto-api/reset`, { method: 'POST' })
    if (!response.ok) throw new Error(`The emulator did not reset: HTTP ${response.status}`)
  }

  stop(): Promise<void> {
    return this.end()
  }

  async #ask(method: string, path: string): Promise<unknown> {
    const response = await fetch(`${this.endpoint}/emulator/${path}`, { method })
    if (!response.ok) throw new Error(`The emulator did not answer ${path}: ${await response.text()}`)
    return response.json()
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  for await (const chunk of stdout ?? []) return String(chunk).trim()
  throw new Error('The emulator ended before it listened.')
}
