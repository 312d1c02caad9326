import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { Readable } from 'node:stream'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError } from '../../errors.js'
import { isDiskFull, writingTo } from '../../full-disk.js'
import { cacheDirectory } from '../../local/cache.js'
import type { TableFile } from './table-files.js'

/** The cache on disk; what was not used for the longest time goes first. */
const MAX_BYTES = 10e9
/** A file used this recently may be open in another query. */
const RECENT_MS = 10 * 60_000
const DOWNLOADS_AT_ONCE = 8

const ATTEMPTS = 3

class BrokenOffError extends DatapipeError {
  constructor(address: string, got: number, bytes: number, cause: unknown) {
    super('DOWNLOAD_INCOMPLETE', `${address} ended after ${got} of ${bytes} bytes.`, {
      cause,
      suggestions: ['Run the same command again.'],
    })
  }
}

/** An object was replaced between listing and reading: the listing must be made again. */
export class StaleListingError extends Error {}

export interface CacheOptions {
  /** Default 10 GB. */
  maxBytes?: number
  folder?: string
  signal: AbortSignal
  onProgress: (message: string) => void
}

/** Copies of objects on this machine, by content: an object that changes has another etag, so nothing here ever gets stale. */
export class ObjectCache {
  readonly folder: string
  readonly #maxBytes: number

  constructor(
    private readonly aws: AwsContext,
    private readonly options: CacheOptions,
  ) {
    this.folder = options.folder ?? join(cacheDirectory(), 'query', 'objects')
    this.#maxBytes = options.maxBytes ?? MAX_BYTES
  }

  /**
   * Makes sure that all these objects are here.
   * @returns a path per object, in order; the folders spell the partition: `…/day=2026-01-01/<hash>.parquet`
   * @throws DatapipeError QUERY_TOO_LARGE; StaleListingError; InterruptedError
   */
  async fetch(files: readonly TableFile[]): Promise<string[]> {
    const needed = files.reduce((sum, { bytes }) => sum + bytes, 0)
    if (needed > this.#maxBytes) throw tooLarge(needed, this.#maxBytes)
    const paths = files.map((file) => this.#pathOf(file))
    const missing: { file: TableFile; path: string }[] = []
    for (const [index, file] of files.entries()) {
      const path = paths[index]!
      if (!(await isComplete(path, file.bytes))) missing.push({ file, path })
    }
    if (missing.length > 0) await this.#download(missing, new Set(paths))
    return paths
  }

  #pathOf({ bucket, etag, key, partition }: TableFile): string {
    const hash = createHash('sha256').update(`${bucket}/${key}\n${etag}`).digest('hex').slice(0, 40)
    const folders = partition.map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
    )
    return join(this.folder, ...folders, `${hash}.parquet`)
  }

  async #download(missing: { file: TableFile; path: string }[], inUse: ReadonlySet<string>): Promise<void> {
    const bytes = missing.reduce((sum, { file }) => sum + file.bytes, 0)
    this.options.onProgress(`Fetching ${missing.length} Parquet files (${(bytes / 1e6).toFixed(1)} MB)`)
    await this.#makeRoom(bytes, inUse)
    const limit = pLimit(DOWNLOADS_AT_ONCE)
    try {
      await Promise.all(missing.map(({ file, path }) => limit(() => this.#getPatiently(file, path))))
    } catch (error) {
      limit.clearQueue()
      throw error
    }
  }

  /** The SDK repeats requests, but not bodies that break off. */
  async #getPatiently(file: TableFile, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#get(file, path)
        return
      } catch (error) {
        const final = this.options.signal.aborted || !(error instanceof BrokenOffError)
        if (final || attempt === ATTEMPTS) throw error
      }
    }
  }

  /** Written beside its place and moved there when complete: two queries may fetch the same object. */
  async #get({ bucket, bytes, etag, key }: TableFile, path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    const partial = `${path}.${process.pid}.partial`
    try {
      const object = await this.aws.clients.of(S3Client).send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          IfMatch: etag,
          ExpectedBucketOwner: this.aws.account,
        }),
        { abortSignal: this.options.signal },
      )
      const body = object.Body as Readable
      await writingTo(path, () => this.#save(body, partial, bytes, `s3://${bucket}/${key}`), bytes)
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      if (isAwsError(error, 'PreconditionFailed', 'NoSuchKey')) throw new StaleListingError()
      throw error
    }
  }

  async #save(body: Readable, path: string, bytes: number, address: string): Promise<void> {
    const { signal } = this.options
    const to = createWriteStream(path)
    await pipeline(body, to, { signal }).catch((error: unknown) => {
      const lost = body.errored !== null && !signal.aborted && !isDiskFull(error)
      throw lost ? new BrokenOffError(address, to.bytesWritten, bytes, error) : error
    })
    if (to.bytesWritten !== bytes) throw new BrokenOffError(address, to.bytesWritten, bytes, undefined)
  }

  async #makeRoom(bytes: number, inUse: ReadonlySet<string>): Promise<void> {
    const entries = await this.#entries()
    let total = entries.reduce((sum, entry) => sum + entry.bytes, 0) + bytes
    for (const entry of entries.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#maxBytes || Date.now() - entry.usedMs < RECENT_MS) return
      if (inUse.has(entry.path)) continue
      await rm(entry.path, { force: true })
      total -= entry.bytes
    }
  }

  async #entries(): Promise<{ path: string; bytes: number; usedMs: number }[]> {
    const names = await readdir(this.folder, { recursive: true }).catch(() => [])
    const entries = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name)
        const stats = await stat(path).catch(() => undefined)
        return stats?.isFile() === true ? [{ path, bytes: stats.size, usedMs: stats.mtimeMs }] : []
      }),
    )
    return entries.flat()
  }
}

/** Also notes the use. */
async function isComplete(path: string, bytes: number): Promise<boolean> {
  const now = new Date()
  try {
    const { size } = await stat(path)
    if (size !== bytes) return false
    await utimes(path, now, now)
    return true
  } catch {
    return false
  }
}

function tooLarge(needed: number, max: number): DatapipeError {
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  return new DatapipeError(
    'QUERY_TOO_LARGE',
    `The tables of this query have ${gb(needed)}; DuckDB reads copies on this machine, and keeps at most ${gb(max)}.`,
    { suggestions: ['Use --engine athena, which reads them where they are.'] },
  )
}
