import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import picomatch from 'picomatch'
import { DatapipeError } from '../../errors.js'

interface Candidate {
  path: string
  name: string
  /** `YYYYMMDD`, the newest date in the name. */
  date: string | undefined
  modifiedMs: number
}

/**
 * The newest file that a glob matches. Newest is what the *name* says: the latest `YYYYMMDD` or `YYYY-MM-DD` in it, or
 * `YYYYMM` or `YYYY-MM`, which count as the first of that month. Several with that date: the one modified last; still
 * several: the last in alphabetical order. Files without a date are chosen, by the same rules, only if none has one.
 * A folder stands for all files in it.
 * @param glob relative to `cwd`, or absolute
 * @returns the path, absolute if the glob was
 * @throws DatapipeError NO_MATCHING_FILE
 */
export async function newestFile(glob: string, cwd: string): Promise<string> {
  const { base, pattern, recursive } = await splitGlob(glob, cwd)
  const candidates = await matching(base, pattern, recursive, cwd, glob)
  const [newest] = candidates.sort(newestFirst)
  if (newest === undefined) {
    throw new DatapipeError('NO_MATCHING_FILE', `No file matches ${glob}.`, {
      suggestions: ['Check the folder and the pattern, and quote it so that the shell leaves it alone.'],
    })
  }
  return newest.path
}

/**
 * The newest valid date in a file name, as `YYYYMMDD`; undefined if there is none. Digits that go on after the date are a
 * time of day (`20230703T0600`, `20230703060000`), anything else is some other number.
 */
export function dateInName(name: string): string | undefined {
  const days = [
    ...name.matchAll(/(?<!\d)(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?(?!\d)/g),
    ...name.matchAll(/(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/g),
  ].flatMap((match) => validDate(match[1], match[2], match[3]))
  if (days.length > 0) return days.sort().at(-1)
  const months = [
    ...name.matchAll(/(?<!\d)(\d{4})(\d{2})(?!\d)/g),
    ...name.matchAll(/(?<![\d-])(\d{4})-(\d{2})(?![\d-])/g),
  ].flatMap((match) => validDate(match[1], match[2], '01'))
  return months.sort().at(-1)
}

function validDate(year = '', month = '', day = ''): string[] {
  if (year < '1900' || year > '2199') return []
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`)
  return exists ? [`${year}${month}${day}`] : []
}

async function splitGlob(
  glob: string,
  cwd: string,
): Promise<{ base: string; pattern: string; recursive: boolean }> {
  if (await isDirectory(resolve(cwd, glob))) return { base: glob, pattern: '*', recursive: false }
  const { base, glob: pattern } = picomatch.scan(glob)
  if (pattern !== '') return { base, pattern, recursive: pattern.includes('/') || pattern.includes('**') }
  // No wildcard in it: the name of one file.
  const slash = glob.lastIndexOf('/')
  return { base: glob.slice(0, slash + 1), pattern: glob.slice(slash + 1), recursive: false }
}

async function matching(
  base: string,
  pattern: string,
  recursive: boolean,
  cwd: string,
  glob: string,
): Promise<Candidate[]> {
  const folder = resolve(cwd, base)
  let names: string[]
  try {
    names = await readdir(folder, { recursive })
  } catch (error) {
    throw new DatapipeError(
      'NO_MATCHING_FILE',
      `No file matches ${glob}: cannot read the folder ${folder}.`,
      {
        cause: error,
        suggestions: ['Check the folder and that this user may read it.'],
      },
    )
  }
  const matches = picomatch(pattern)
  const found = await Promise.all(
    names.filter((name) => matches(name)).map((name) => candidate(join(base, name), cwd)),
  )
  return found.flatMap((one) => one ?? [])
}

/**
 * undefined for folders and the like, and for what disappeared meanwhile.
 * @throws DatapipeError FILE_NAME_UNSUPPORTED rather than to pass over what may be the newest
 */
async function candidate(path: string, cwd: string): Promise<Candidate | undefined> {
  const stats = await stat(resolve(cwd, path)).catch(() => undefined)
  if (stats === undefined && path.includes('\uFFFD')) {
    throw new DatapipeError('FILE_NAME_UNSUPPORTED', `The name of the file shown as ${path} is not UTF-8.`, {
      suggestions: ['Rename the file.'],
    })
  }
  if (stats?.isFile() !== true) return undefined
  const name = path.slice(path.lastIndexOf('/') + 1)
  return { path, name, date: dateInName(name), modifiedMs: stats.mtimeMs }
}

function newestFirst(a: Candidate, b: Candidate): number {
  if (a.date !== b.date) return (b.date ?? '') > (a.date ?? '') ? 1 : -1
  if (a.modifiedMs !== b.modifiedMs) return b.modifiedMs - a.modifiedMs
  return a.name < b.name ? 1 : -1
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}
