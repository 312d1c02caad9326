import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { finished } from '../cli.js'
import { motoEnvironment } from '../moto.js'
import { Emulator } from './emulator.js'
import { Killer } from './killer.js'
import type { Place } from './scenario.js'

const RUN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

/** Makes places to run commands in, and copies of them. All of them share one way to the emulators. */
export class Places {
  readonly #folders: string[] = []

  private constructor(
    private readonly empty: Emulator,
    readonly killer: Killer,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Allow 120 s the first time: it may install. */
  static async open(): Promise<Places> {
    const [empty, killer, moto] = await Promise.all([Emulator.start(), Killer.start(), motoEnvironment()])
    const places = new Places(empty, killer, {
      LANG: 'C.UTF-8',
      ...moto,
      AWS_ENDPOINT_URL: killer.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    await places.#warm()
    return places
  }

  async close(): Promise<void> {
    await this.killer.stop()
    await this.empty.stop()
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }

  /** An empty place, or one that starts as another one is now. */
  async make(like?: Place): Promise<Place> {
    const emulator = await (like?.emulator ?? this.empty).copy()
    const folder = await this.#folder()
    if (like !== undefined) await cp(like.folder, folder, { recursive: true, preserveTimestamps: true })
    const place: Place = {
      emulator,
      folder,
      run: async (...args) => {
        this.killer.watch(emulator.endpoint)
        const result = await finished(this.start(place, args))
        await this.killer.idle()
        return result
      },
    }
    return place
  }

  async leave({ emulator, folder }: Place): Promise<void> {
    await emulator.stop()
    await rm(folder, { recursive: true, force: true })
  }

  /** @param env added to the environment of the process */
  start(
    { folder }: Pick<Place, 'folder'>,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): ChildProcess {
    return spawn(process.execPath, [RUN, ...args], {
      cwd: folder,
      env: {
        ...this.env,
        HOME: folder,
        TMPDIR: join(folder, 'tmp'),
        DATAPIPE_CACHE_DIR: join(folder, '.cache'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Copies then need not load again what serves the services. */
  async #warm(): Promise<void> {
    const folder = await this.#folder()
    this.killer.watch(this.empty.endpoint)
    await finished(this.start({ folder }, ['up', '--env', 'dev']))
    await this.killer.idle()
    await this.empty.reset()
  }

  async #folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'datapipe-kill-'))
    this.#folders.push(folder)
    await mkdir(join(folder, 'tmp'))
    return folder
  }
}
