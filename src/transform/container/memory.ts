import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'

const MIB = 1024 * 1024
const METADATA_TIMEOUT_MS = 2000
const CGROUP_LIMITS = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']
/** What Node, the SDK and DuckDB's resident overhead need beside DuckDB's own limit. */
const RESERVED_MB = 700
const SHARE_OF_THE_REST = 0.6
const SMALLEST_MB = 256
/** More does not make it faster. */
const LARGEST_MB = 4096

/** DuckDB's memory_limit, in MiB, for a process that may use so many MiB. */
export function databaseMemoryMb(totalMb: number): number {
  const share = Math.floor((totalMb - RESERVED_MB) * SHARE_OF_THE_REST)
  return Math.min(LARGEST_MB, Math.max(SMALLEST_MB, share))
}

/** What this process may use, in MiB: the task's limit on ECS, else that of the cgroup, else the memory of the machine. */
export async function availableMemoryMb(environment: NodeJS.ProcessEnv): Promise<number> {
  const limits = [
    await taskLimitMb(environment.ECS_CONTAINER_METADATA_URI_V4),
    await cgroupLimitMb(),
    totalmem() / MIB,
  ]
  return Math.floor(Math.min(...limits.filter((limit) => limit !== undefined)))
}

async function taskLimitMb(metadataUri: string | undefined): Promise<number | undefined> {
  if (metadataUri === undefined) return undefined
  try {
    const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(METADATA_TIMEOUT_MS) })
    const task = (await response.json()) as { Limits?: { Memory?: number } }
    return task.Limits?.Memory
  } catch {
    // Without an answer the cgroup and the machine still set a limit.
    return undefined
  }
}

async function cgroupLimitMb(): Promise<number | undefined> {
  for (const path of CGROUP_LIMITS) {
    const limit = Number(await readFile(path, 'utf8').catch(() => ''))
    if (Number.isFinite(limit) && limit > 0) return limit / MIB
  }
  return undefined
}
