import { readdir, readFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { sleep } from '../../../src/engine/wait.js'
import type { Victim } from './scenario.js'

const NEVER = new AbortController().signal

/** Kills at once: nothing may happen between the call and its effect. */
export function kill(child: ChildProcess, victim: Victim): void {
  const started = victim === 'command' || child.pid === undefined ? [] : childrenOf(child.pid)
  if (victim !== 'children') child.kill('SIGKILL')
  for (const pid of started) process.kill(pid, 'SIGKILL')
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/**
 * Waits until no process uses a folder as its home any more: what a killed process has started ends by itself.
 * @returns those that do not
 */
export async function survivors(folder: string, patienceMs: number): Promise<string[]> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const left = await processesAt(folder)
    if (left.length === 0 || Date.now() > deadline) return left
    await sleep(50, NEVER)
  }
}

async function processesAt(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      if (!environment.split('\0').includes(`HOME=${folder}`)) return undefined
      return `${pid} ${(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ')}`
    }),
  )
  return found.filter((each) => each !== undefined)
}
