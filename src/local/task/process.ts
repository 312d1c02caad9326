import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface TaskProcess {
  /** Program and arguments. */
  command: readonly string[]
  environment: Record<string, string>
  /** Aborted: the process gets SIGTERM, and SIGKILL when it has not ended after the time that follows. */
  signal: AbortSignal
  stopTimeoutMs: number
  onLine: (line: string) => void
}

/** How a container ended: with an exit code (128 + n after signal n), or why it never ran. */
export type TaskEnd = { exitCode: number; reason?: string } | { exitCode?: undefined; reason: string }

const SIGNAL_NUMBERS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
}

/**
 * Runs the process of a task. It leads a process group of its own, so that Ctrl-C in the terminal reaches datapipe alone,
 * which then stops it as ECS would. Should datapipe end first, it is killed; should datapipe itself be killed, the channel
 * between them breaks, and a task of ours ends by that (`transform/container/starter.ts`).
 */
export async function runProcess(task: TaskProcess): Promise<TaskEnd> {
  const [program = '', ...args] = task.command
  const child = spawn(program, args, {
    env: task.environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      child.kill(signal)
    }
  }
  let force: NodeJS.Timeout | undefined
  const stop = (): void => {
    kill('SIGTERM')
    force = setTimeout(() => {
      kill('SIGKILL')
    }, task.stopTimeoutMs)
  }
  const onExit = (): void => {
    kill('SIGKILL')
  }
  process.once('exit', onExit)
  task.signal.addEventListener('abort', stop, { once: true })
  if (task.signal.aborted) stop()
  try {
    const end = ended(child)
    await Promise.all([lines(child.stdout, task.onLine), lines(child.stderr, task.onLine), end])
    return await end
  } finally {
    clearTimeout(force)
    process.removeListener('exit', onExit)
    task.signal.removeEventListener('abort', stop)
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<TaskEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ reason: `CannotStartContainerError: ${error.message}` })
    })
    child.once('close', (code, signal) => {
      if (code !== null) resolve({ exitCode: code })
      else {
        const name = signal ?? 'SIGKILL'
        resolve({ exitCode: 128 + (SIGNAL_NUMBERS[name] ?? 0), reason: `Container ended by ${name}` })
      }
    })
  })
}

async function lines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line)
}
