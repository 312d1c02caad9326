import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** What a folder for temporary files is called when nobody says otherwise. */
const SCRATCH = 'datapipe-'

/**
 * Makes a folder for temporary files. Its name says whose it is: should this process be killed, whoever makes the next such
 * folder beside it removes it.
 * @param base where to make it; made itself if need be
 */
export async function makeScratch(base: string, prefix = SCRATCH): Promise<string> {
  await mkdir(base, { recursive: true })
  await removeLeftOvers(base, prefix)
  return mkdtemp(join(base, `${prefix}${machine()}-${process.pid}-`))
}

/**
 * Removes the folders of `makeScratch` whose processes are gone. Those of other machines and containers stay: whether their
 * processes live cannot be known here.
 * @returns their paths
 */
export async function removeLeftOvers(base: string, prefix = SCRATCH): Promise<string[]> {
  const own = `${prefix}${machine()}-`
  const entries = await readdir(base, { withFileTypes: true }).catch(() => [])
  const removed: string[] = []
  for (const entry of entries) {
    const pid = Number(/^(\d+)-/.exec(entry.name.slice(own.length))?.[1] ?? 0)
    if (!entry.isDirectory() || !entry.name.startsWith(own) || pid === 0 || isAlive(pid)) continue
    const path = join(base, entry.name)
    await rm(path, { recursive: true, force: true })
    removed.push(path)
  }
  return removed
}

/** The numbers of processes mean something only on one machine, and there in one container. */
function machine(): string {
  return createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 8)
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
