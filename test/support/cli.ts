import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { motoEnvironment } from './moto.js'

const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** The JSON document of a command, as other tools read it. */
export interface Document<R> {
  schemaVersion: number
  command: string
  env: string
  ok: boolean
  result: R
  error?: { code: string; message: string; suggestions: string[] }
  warnings: string[]
}

/** What a started command printed, when it has ended. The code is null when a signal ended it. */
export async function finished(child: ChildProcess): Promise<CliResult> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** A user with a folder of their own, who runs the built CLI in it. */
export class User {
  private constructor(
    readonly folder: string,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param env added to an environment that holds no AWS settings */
  static async create(env: NodeJS.ProcessEnv = {}): Promise<User> {
    const folder = await mkdtemp(join(tmpdir(), 'datapipe-e2e-'))
    const moto = await motoEnvironment()
    return new User(folder, {
      HOME: folder,
      LANG: 'C.UTF-8',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...moto,
      DATAPIPE_CACHE_DIR: join(folder, '.cache'),
      ...env,
    })
  }

  /** Runs a command to its end, without a terminal. */
  run(...args: string[]): Promise<CliResult> {
    return finished(this.start(...args))
  }

  /** Runs a command with --json. */
  async json<R>(...args: string[]): Promise<Document<R> & { code: number | null }> {
    const { code, stderr, stdout } = await this.run(...args, '--json')
    try {
      return { ...(JSON.parse(stdout) as Document<R>), code }
    } catch (error) {
      throw new Error(`${args.join(' ')} printed no JSON:\n${stdout}\n${stderr}`, { cause: error })
    }
  }

  start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [RUN, ...args], {
      cwd: this.folder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Writes a file into the folder. @returns its path */
  async write(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.folder, name)
    await writeFile(path, content)
    return path
  }

  /** Starts the embedded AWS of this user. @returns its endpoint */
  async startLocal(): Promise<string> {
    const { result } = await this.json<{ endpoint: string }>('local', 'start')
    return result.endpoint
  }

  /** Stops the embedded AWS and removes the folder. */
  async leave(): Promise<void> {
    await this.run('local', 'stop')
    await rm(this.folder, { recursive: true, force: true })
  }
}
