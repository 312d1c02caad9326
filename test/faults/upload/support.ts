import { readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Double, type S3DoubleOptions } from '../../operate/upload/s3/double.js'
import type { StoredVersion } from '../../operate/upload/s3/store.js'
import { User } from '../../support/cli.js'

export const MIB = 2 ** 20

/** The built CLI of one user, and an S3 with the rules of S3. */
export class Site {
  private constructor(
    readonly s3: S3Double,
    readonly user: User,
  ) {}

  static async open(options: S3DoubleOptions = {}): Promise<Site> {
    const s3 = await new S3Double(options).start()
    const user = await User.create({
      AWS_ENDPOINT_URL: s3.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
    })
    return new Site(s3, user)
  }

  async close(): Promise<void> {
    await this.s3.stop()
    await this.user.leave()
  }

  versions(key: string): StoredVersion[] {
    return this.s3.store.objects.get(key) ?? []
  }

  /** What earlier runs left on this machine. */
  leftovers(): string[] {
    return readdirSync(join(this.user.folder, '.cache', 'upload'))
  }

  /**
   * A file of any size that takes no room on disk: zeros, but for a number at the beginning of every MiB, so that no two
   * parts are alike.
   */
  async writeSparse(name: string, bytes: number): Promise<string> {
    const path = join(this.user.folder, name)
    const file = await open(path, 'w')
    await file.truncate(bytes)
    const mark = Buffer.alloc(8)
    for (let position = 0; position + mark.length <= bytes; position += MIB) {
      mark.writeDoubleBE(position)
      await file.write(mark, 0, mark.length, position)
    }
    await file.close()
    return path
  }
}

/** What a running process needs. */
export interface Usage {
  /** The most there ever was in memory, in bytes. */
  peakBytes: number
  openFiles: number
}

/** undefined where the system does not tell, or the process has ended. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
    return { peakBytes: peak, openFiles: readdirSync(`/proc/${pid}/fd`).length }
  } catch {
    return undefined
  }
}

/** The most of each that was seen. */
export function most(a: Usage | undefined, b: Usage | undefined): Usage {
  return {
    peakBytes: Math.max(a?.peakBytes ?? 0, b?.peakBytes ?? 0),
    openFiles: Math.max(a?.openFiles ?? 0, b?.openFiles ?? 0),
  }
}
