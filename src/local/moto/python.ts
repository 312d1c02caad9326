import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { execa } from 'execa'
import { pythonEnvironment } from './environment.js'

/** A Python interpreter and what it can import. */
export interface Python {
  /** The real interpreter: what a version manager's shim ends up running. */
  executable: string
  /** For example [3, 12, 1]. */
  version: [number, number, number]
  /** Version of moto, when it can be imported together with what its server needs. */
  moto?: string
}

/** moto 5.2 needs it. */
export const OLDEST_PYTHON: readonly [number, number] = [3, 10]

const PROBE = `
import importlib.util, json, sys
found = {"executable": sys.executable, "version": list(sys.version_info[:3])}
try:
    if all(importlib.util.find_spec(name) for name in ("moto", "flask", "flask_cors", "werkzeug")):
        import moto
        found["moto"] = moto.__version__
except Exception:
    pass
print(json.dumps(found))
`

/**
 * Asks an interpreter what it is. undefined: it does not run, or it is older than Python 3.
 * @param directory where it is run: Python imports from there first, so never the user's own folder
 */
export async function probePython(
  command: string,
  directory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Python | undefined> {
  try {
    const { stdout } = await execa(command, ['-c', PROBE], {
      cwd: directory,
      env: pythonEnvironment(env),
      extendEnv: false,
      stdin: 'ignore',
      timeout: 60_000,
    })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Python
  } catch {
    return undefined
  }
}

/** Every executable of this name on PATH, in the order of PATH. */
export async function onPath(name: string): Promise<string[]> {
  const found: string[] = []
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue
    const path = join(directory, name)
    try {
      await access(path, constants.X_OK)
      if ((await stat(path)).isFile()) found.push(path)
    } catch {
      continue
    }
  }
  return found
}

/**
 * Which interpreters a console script may run with, most certain first: the one of its first line, else, for the shims
 * of version managers (shell scripts), the Python beside it.
 */
export async function interpretersOf(script: string): Promise<string[]> {
  const beside = ['python3', 'python'].map((name) => join(dirname(script), name))
  const [first = '', second = ''] = (await head(script)).split('\n')
  const shebang = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(first)
  if (shebang === null) return beside
  const [, command = '', argument] = shebang
  if (/python[\d.]*$/.test(command)) return [command]
  if (command.endsWith('/env') && argument !== undefined && /^python[\d.]*$/.test(argument)) return [argument]
  // pip writes this where the interpreter's path is too long for a first line.
  const long = /^'''exec' "?([^"]+?)"? "\$0"/.exec(second)
  return long?.[1] === undefined ? beside : [long[1]]
}

async function head(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1024), position: 0 })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

export function isRecentEnough(python: Python): boolean {
  const [major, minor] = python.version
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1])
}
