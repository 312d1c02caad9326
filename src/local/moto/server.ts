import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { DatapipeError, messageOf } from '../../errors.js'
import { sleep } from '../../engine/wait.js'
import { pythonEnvironment } from './environment.js'
import type { LocalListener } from './events.js'
import type { MotoRuntime } from './runtime.js'
import { endpointOf, isHealthy, logFile, mark, type EmbeddedState } from './state.js'

export interface ServerOptions {
  runtime: MotoRuntime
  /** Where its log goes; also its working directory. */
  directory: string
  signal: AbortSignal
  port?: number
  onEvent?: LocalListener
  /** Called as soon as the process exists, before it answers. */
  onSpawn?: (state: EmbeddedState) => Promise<void>
}

const ATTEMPTS = 3
const START_TIMEOUT_MS = 60_000

/**
 * Runs moto's server on loopback, detached from this process, and waits until it answers.
 * @throws DatapipeError EMBEDDED_START_FAILED with the end of its log; InterruptedError
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedState> {
  for (let attempt = 1; ; attempt++) {
    // Asked for beforehand, because whoever has the port might answer in place of the server.
    const port = await freePort(options.port ?? 0).catch((error: unknown) => {
      throw startFailed(options, {
        reason: `cannot listen on port ${options.port ?? 0}: ${messageOf(error)}`,
        log: '',
      })
    })
    const started = await attemptStart(options, port)
    if ('state' in started) return started.state
    // Between asking and binding another process can take the port; then the next one is tried.
    const taken = /address already in use|port \d+ is in use/i.test(started.log)
    if (!taken || attempt === ATTEMPTS) throw startFailed(options, started)
  }
}

interface Failure {
  reason: string
  log: string
}

async function attemptStart(
  options: ServerOptions,
  port: number,
): Promise<{ state: EmbeddedState } | Failure> {
  const { directory, onEvent, runtime, signal } = options
  await mkdir(directory, { recursive: true })
  const token = randomBytes(16).toString('hex')
  const log = await open(logFile(directory), 'w', 0o600)
  onEvent?.({ type: 'local.starting', message: `Starting the embedded AWS (moto ${runtime.version}).` })
  const child = spawn(
    runtime.python,
    [...mark(token), '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    {
      cwd: directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: pythonEnvironment(runtime.env),
    },
  )
  const ended = endOf(child)
  await log.close()
  const { pid } = child
  if (pid === undefined) return { reason: await ended, log: '' }
  child.unref()
  const state = { pid, port, version: runtime.version, startedAt: new Date().toISOString(), token }
  const asking = new AbortController()
  try {
    await options.onSpawn?.(state)
    const answered = untilAnswered(endpointOf(state), AbortSignal.any([signal, asking.signal]))
    const reason = await Promise.race([ended, answered]).finally(() => {
      answered.catch(() => undefined)
      asking.abort()
    })
    if (reason === undefined) return { state }
    child.kill('SIGKILL')
    return { reason, log: await readFile(logFile(directory), 'utf8') }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Waits until the server answers; else says what it did instead. @throws InterruptedError */
export async function untilAnswered(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (await isHealthy(endpoint, signal)) return undefined
    await sleep(50, signal)
  }
  return `did not answer within ${START_TIMEOUT_MS / 1000} s`
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(`could not be run: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      resolve(`ended at once (${signal ?? `exit code ${code ?? '?'}`})`)
    })
  })
}

function startFailed(options: ServerOptions, { log, reason }: Failure): DatapipeError {
  const end = log.trim().split('\n').slice(-12).join('\n')
  return new DatapipeError(
    'EMBEDDED_START_FAILED',
    `The embedded AWS (moto ${options.runtime.version}) ${reason}.${end === '' ? '' : `\n${end}`}`,
    {
      suggestions: [
        ...(options.port === undefined ? [] : ['Leave out --port, and a free one is found.']),
        `Its log is ${logFile(options.directory)}.`,
      ],
    },
  )
}

/** Binds a port for a moment, 0 for any. @throws what the operating system says, such as EADDRINUSE */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('The operating system gave no port.'))
      })
    })
  })
}
