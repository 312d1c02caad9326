import { setMaxListeners } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AwsContext } from '../../../../src/aws/context.js'
import {
  planUpload,
  upload,
  type UploadEvent,
  type UploadResult,
} from '../../../../src/operate/upload/upload.js'
import { emulatedContext, scratchFolder, signal } from '../../support.js'
import { S3Double, type Fault, type S3Call } from './double.js'
import type { StoredVersion } from './store.js'

export const MIB = 2 ** 20

/** A folder with files, and an S3 that does as it is told. */
export class Scene {
  readonly s3 = new S3Double()
  #folder: Awaited<ReturnType<typeof scratchFolder>> | undefined
  #machines: AwsContext[] = []
  #cache = ''

  get folder(): string {
    return this.#folder?.path ?? ''
  }

  async begin(): Promise<void> {
    // As the command does it: every request listens to the one signal.
    setMaxListeners(0, signal)
    await this.s3.start()
    this.#folder = await scratchFolder()
    this.on('here')
  }

  async end(): Promise<void> {
    delete process.env.DATAPIPE_CACHE_DIR
    for (const aws of this.#machines) aws.clients.destroy()
    await this.s3.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Goes on as another machine, which knows nothing of what this one does. */
  on(machine: string): void {
    this.#cache = join(this.folder, 'caches', machine)
  }

  write(name: string, content: string | Buffer): Promise<void> {
    return writeFile(join(this.folder, name), content)
  }

  /** Uploads, and forgets the calls before. */
  async send(
    files: string[],
    onEvent?: (event: UploadEvent) => void,
    stop: AbortSignal = signal,
  ): Promise<UploadResult> {
    this.s3.calls.length = 0
    const aws = emulatedContext(this.s3.endpoint)
    this.#machines.push(aws)
    const cache = this.#cache
    const plan = await planUpload({ files, cwd: this.folder }, {})
    process.env.DATAPIPE_CACHE_DIR = cache
    return upload(aws, plan, stop, onEvent)
  }

  /** The next requests of an operation go wrong; `times` left out: all of them. */
  fail(operation: string, fault: Fault, { times = Infinity, part = 0 } = {}): void {
    let left = times
    this.s3.options.fault = (call: S3Call) => {
      const isMeant = call.operation === operation && (part === 0 || call.partNumber === part)
      return isMeant && left-- > 0 ? fault : undefined
    }
  }

  heal(): void {
    this.s3.options = {}
  }

  versions(key: string): StoredVersion[] {
    return this.s3.store.objects.get(key) ?? []
  }

  /** Parts that the last `send` sent, in order of number. */
  get sent(): number[] {
    return [...this.s3.sentParts()]
      .flatMap(([number, times]) => Array<number>(times).fill(number))
      .sort(byNumber)
  }
}

function byNumber(a: number, b: number): number {
  return a - b
}
