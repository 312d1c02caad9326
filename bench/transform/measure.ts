import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Work } from './work.js'

export interface Measured {
  seconds: number
  cpu: number
  /** Resident memory at its highest, in MiB. */
  mebibytes: number
}

const execute = promisify(execFile)
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Runs one piece of work in a fresh process and a fresh folder. */
export async function measure(folder: string, work: Omit<Work, 'out'>): Promise<Measured> {
  return inFolder(folder, (out) =>
    execute(process.execPath, ['--import=tsx', beside('child.ts'), JSON.stringify({ ...work, out })]),
  )
}

export async function measurePython(
  folder: string,
  python: string,
  peer: string,
  file: string,
): Promise<Measured> {
  return inFolder(folder, (out) => execute(python, [beside('peers.py'), peer, file, out]))
}

async function inFolder(
  folder: string,
  run: (out: string) => Promise<{ stdout: string }>,
): Promise<Measured> {
  const out = await mkdtemp(join(folder, 'out-'))
  try {
    const { stdout } = await run(out)
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

const PACKAGES: Record<string, string[]> = {
  pandas: ['pandas==2.3.3', 'pyarrow==21.0.0'],
  polars: ['polars==1.34.0'],
  spark: ['pyspark==3.5.7'],
}

/** A Python with the packages of a peer in a virtual environment of its own; undefined, and a line that says why. */
export async function pythonFor(peer: string, folder: string): Promise<string | undefined> {
  const environment = join(folder, `venv-${peer}`)
  const python = join(environment, 'bin', 'python')
  try {
    await execute('python3', ['-m', 'venv', environment])
    await execute(python, ['-m', 'pip', 'install', '--quiet', ...(PACKAGES[peer] ?? [])])
    return python
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n').slice(-2)
    console.log(`${peer}: left out, its packages cannot be installed here (${why.slice(0, 200)})`)
    return undefined
  }
}
