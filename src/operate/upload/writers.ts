import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { DatapipeError } from '../../errors.js'
import type { Source } from './source.js'

/** O_WRONLY and O_RDWR among the flags that proc(5) gives in octal. */
const WRITES = 0o3

/**
 * Makes sure that no program has one of these files open for writing: an export that pauses would look finished. Only Linux
 * tells, and only about the programs of this user; whoever is root sees them all. Synchronous, because it asks thousands of
 * small questions which no disk is needed to answer.
 * @throws DatapipeError FILE_BEING_WRITTEN
 */
export function requireClosed(sources: readonly Source[]): void {
  const names = new Set(sources.map(({ name }) => name))
  const byInode = new Map(sources.map((source) => [source.inode, source]))
  for (const pid of numbersIn('/proc')) {
    for (const descriptor of numbersIn(`/proc/${pid}/fd`)) {
      const source = written(pid, descriptor, names, byInode)
      if (source !== undefined) throw beingWritten(source, pid)
    }
  }
}

function written(
  pid: string,
  descriptor: string,
  names: ReadonlySet<string>,
  byInode: ReadonlyMap<string, Source>,
): Source | undefined {
  const link = `/proc/${pid}/fd/${descriptor}`
  try {
    // The name first: it is the cheapest to ask for, and tells nearly all apart.
    if (!names.has(basename(readlinkSync(link)))) return undefined
    const { dev, ino } = statSync(link, { bigint: true })
    const source = byInode.get(`${dev}:${ino}`)
    if (source === undefined) return undefined
    const info = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8')
    const flags = parseInt(/flags:\s*([0-7]+)/.exec(info)?.[1] ?? '0', 8)
    return (flags & WRITES) === 0 ? undefined : source
  } catch {
    // Closed meanwhile.
    return undefined
  }
}

/** Nothing where there is no such folder, or it is somebody else's. */
function numbersIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function beingWritten({ path }: Source, pid: string): DatapipeError {
  return new DatapipeError(
    'FILE_BEING_WRITTEN',
    `${path} is still open for writing (process ${pid}${nameOf(pid)}).`,
    {
      suggestions: [
        'Run the same command when it is closed.',
        'Have the export write to another name and rename the file when it is done.',
        'If it is always open, upload a copy of it.',
      ],
    },
  )
}

function nameOf(pid: string): string {
  try {
    return `, ${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`
  } catch {
    return ''
  }
}
