import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { DatapipeError, InterruptedError } from '../../errors.js'
import { writingTo } from '../../full-disk.js'
import { pythonEnvironment } from './environment.js'
import { telling } from './events.js'
import { isRecentEnough, OLDEST_PYTHON, onPath, probePython, type Python } from './python.js'
import type { MotoRuntime, RuntimeOptions } from './runtime.js'
import { MOTO_VERSION, REQUIREMENTS } from './version.js'

/** Written last: an environment without it was never finished. */
const MARKER = 'complete.json'

interface Marker {
  python: string
  /** Folder for PYTHONPATH, when the packages were installed beside the interpreter instead of into an environment. */
  packages?: string
}

/** The private environment, when it is complete and still runs; undefined also after Python was upgraded under it. */
export async function installed(target: string): Promise<MotoRuntime | undefined> {
  const marker = await readFile(join(target, MARKER), 'utf8').then(
    (text) => JSON.parse(text) as Marker,
    () => undefined,
  )
  return marker === undefined ? undefined : check(target, marker)
}

/**
 * Makes the private environment: a virtual environment, or, where Python lacks `ensurepip` (Debian without
 * python3-venv), a folder that the interpreter's own pip fills.
 * @throws DatapipeError NO_PYTHON, PIP_FAILED; InterruptedError
 */
export async function install(target: string, options: RuntimeOptions): Promise<MotoRuntime> {
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  const python = await findPython(target)
  options.onEvent?.({
    type: 'local.installing',
    message: `Installing moto ${MOTO_VERSION} into ${target}: once, about a minute.`,
  })
  const work = writingTo(target, () => fill(target, python, options.signal)).catch(async (error: unknown) => {
    await rm(target, { recursive: true, force: true })
    throw error
  })
  const marker = await telling(work, `installing moto ${MOTO_VERSION}`, options.onEvent)
  const runtime = await check(target, marker)
  if (runtime === undefined) throw pipFailed(`moto was installed into ${target}, but cannot be imported.`)
  await writeFile(join(target, MARKER), JSON.stringify(marker))
  return runtime
}

async function check(target: string, marker: Marker): Promise<MotoRuntime | undefined> {
  const env = marker.packages === undefined ? {} : { PYTHONPATH: marker.packages }
  const python = await probePython(marker.python, target, env)
  return python?.moto === MOTO_VERSION ? { python: python.executable, version: python.moto, env } : undefined
}

async function findPython(directory: string): Promise<Python> {
  const seen: string[] = []
  for (const name of ['python3', 'python']) {
    for (const path of await onPath(name)) {
      const python = await probePython(path, directory)
      if (python === undefined) continue
      if (isRecentEnough(python)) return python
      seen.push(`${path} is ${python.version.join('.')}`)
    }
  }
  const wanted = `Python ${OLDEST_PYTHON.join('.')} or newer`
  throw new DatapipeError(
    'NO_PYTHON',
    `The embedded AWS needs ${wanted}, and none is on PATH${seen.length === 0 ? '' : ` (${seen.join(', ')})`}.`,
    {
      suggestions: [
        `Install ${wanted} (python.org, or the package python3 of your system) and run the command again.`,
        'Or set AWS_ENDPOINT_URL to an emulator that already runs.',
      ],
    },
  )
}

async function fill(target: string, python: Python, signal: AbortSignal): Promise<Marker> {
  const environment = join(target, 'venv')
  const venv = await run(python.executable, ['-m', 'venv', environment], target, signal)
  if (venv.ok) {
    const inside =
      process.platform === 'win32'
        ? join(environment, 'Scripts', 'python.exe')
        : join(environment, 'bin', 'python')
    await pip(inside, [], target, signal)
    return { python: inside }
  }
  const packages = join(target, 'packages')
  await pip(python.executable, ['--target', packages], target, signal)
  return { python: python.executable, packages }
}

/** As Python says it. */
const NO_ROOM = /No space left on device|\[Errno 28\]/

async function pip(python: string, flags: string[], cwd: string, signal: AbortSignal): Promise<void> {
  const { ok, output } = await run(python, ['-m', 'pip', 'install', ...flags, ...REQUIREMENTS], cwd, signal)
  if (!ok) {
    if (NO_ROOM.test(output)) throw Object.assign(new Error(tail(output)), { code: 'ENOSPC' })
    throw pipFailed(`\`${python} -m pip install ${REQUIREMENTS[0] ?? ''}\` failed:\n${tail(output)}`)
  }
}

async function run(
  command: string,
  args: string[],
  cwd: string,
  signal: AbortSignal,
): Promise<{ ok: boolean; output: string }> {
  const result = await execa(command, args, {
    cwd,
    env: pythonEnvironment(),
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    cancelSignal: signal,
  })
  if (signal.aborted) throw new InterruptedError('Interrupted while installing the embedded AWS.')
  return { ok: !result.failed, output: result.all === '' ? (result.originalMessage ?? '') : result.all }
}

function pipFailed(message: string): DatapipeError {
  return new DatapipeError('PIP_FAILED', `The embedded AWS could not be installed. ${message}`, {
    suggestions: [
      'Is there a way to the Python package index? Behind a proxy, set HTTPS_PROXY, or index-url in pip.conf.',
      'On Debian and Ubuntu: `sudo apt install python3-venv python3-pip`.',
      `Or install it yourself, \`pip install '${REQUIREMENTS[0] ?? ''}'\`, so that moto_server is on PATH.`,
    ],
  })
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-12).join('\n')
}
