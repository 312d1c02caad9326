import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { promisify } from 'node:util'

/** One process for ever: a process id alone is given again to others after a while, or after a restart of the machine. */
export interface ProcessIdentity {
  pid: number
  host: string
  /** When the process started, in the operating system's own words; empty where it does not tell. */
  startedAt: string
}

export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, host: hostname(), startedAt: await startTime(pid) }
}

/** Whether exactly this process still runs. A process on another machine cannot be looked at and counts as running. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  if (identity.host !== hostname()) return true
  if (!isAlive(identity.pid)) return false
  return (await startTime(identity.pid)) === identity.startedAt
}

/**
 * This machine since its last start, with the namespace that its process ids are counted in: two containers may share a
 * host name, and even a kernel, and still not see each other's processes. undefined where the system does not tell.
 */
export async function machineId(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()}/${await readlink('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

/** Whether some process has this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The arguments a process was started with; undefined when it is gone, a zombie, or cannot be read. */
export async function commandLine(pid: number): Promise<string[] | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0')
  }
  const text = await ps(pid, 'args=')
  return text === '' ? undefined : text.split(' ')
}

async function startTime(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // The command in parentheses may contain spaces; fields 3 (state) and 22 (start time) of proc(5) follow it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
  }
  return ps(pid, 'lstart=')
}

async function ps(pid: number, format: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', format, '-p', String(pid)])
    return stdout.trim()
  } catch {
    return ''
  }
}
