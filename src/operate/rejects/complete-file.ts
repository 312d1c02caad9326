import { access, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'
import { UsageError } from '../../errors.js'

const CHUNK = 256 * 1024

/** A text file that is written bit by bit. */
export class TextFile {
  #text = ''

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<TextFile> {
    return new TextFile(await open(path, 'w'))
  }

  async write(text: string): Promise<void> {
    this.#text += text
    if (this.#text.length >= CHUNK) await this.#flush()
  }

  async close(): Promise<void> {
    try {
      await this.#flush()
    } finally {
      await this.handle.close()
    }
  }

  async #flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    await this.handle.appendFile(text)
  }
}

/** Writes files under other names first, so that none is there half. */
export async function completely(
  paths: readonly string[],
  write: (partials: string[]) => Promise<void>,
): Promise<void> {
  const partials = paths.map((path) => `${path}.${process.pid}.partial`)
  try {
    await write(partials)
    for (const [index, path] of paths.entries()) await rename(partials[index]!, path)
  } finally {
    for (const partial of partials) await rm(partial, { force: true })
  }
}

/** @throws UsageError FILE_EXISTS */
export async function assertFree(paths: readonly string[], overwrite: boolean): Promise<void> {
  if (overwrite) return
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) {
      throw new UsageError('FILE_EXISTS', `${path} is there already.`, {
        suggestions: ['Choose another name, or add --overwrite.'],
      })
    }
  }
}

/** `rows.csv` and `sheet` -> `rows.sheet.csv`. */
export function withPart(path: string, part: string): string {
  const extension = extname(path)
  return `${path.slice(0, -extension.length)}.${part}${extension}`
}
