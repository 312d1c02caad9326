import { readdir, readFile } from 'node:fs/promises'
import type { Canaries } from './canaries.js'

const EVERY_MS = 40

/**
 * Looks at the processes of this machine as anybody on it can: their command lines; and of those that run a task, at what they
 * were handed in their environment. Linux only.
 */
export class ProcessWatch {
  readonly found = new Set<string>()
  /** Tasks that were seen: so that nothing found means something. */
  readonly tasks = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> = Promise.resolve()

  constructor(private readonly canaries: Canaries) {
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look())
    }, EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
    await Promise.all(processes.map((pid) => this.#lookAt(pid)))
  }

  async #lookAt(pid: string): Promise<void> {
    if (pid === String(process.pid)) return
    const command = await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0))
    for (const place of this.canaries.foundIn(command)) this.found.add(`${place} in a command line`)
    if (!command.includes('transform/container.js') || this.tasks.has(pid)) return
    const environment = await readFile(`/proc/${pid}/environ`).catch(() => Buffer.alloc(0))
    if (environment.length === 0) return
    this.tasks.add(pid)
    for (const place of this.canaries.foundIn(environment)) this.found.add(`${place} handed to a task`)
  }
}
