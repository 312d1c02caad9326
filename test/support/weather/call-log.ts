/** One call, as the double saw it. Times in milliseconds. */
export interface Call {
  /** `service:Action`. */
  name: string
  start: number
  end: number
}

export interface CallReport {
  calls: number
  /** From the first call to the end of the last. */
  wallClockMs: number
  /** Most often first. */
  byAction: { name: string; calls: number; ms: number }[]
  /** The longest chain of calls of which each began after the one before had ended, by the time spent in calls. */
  criticalPath: Call[]
  /** Of the wall clock: how much of it the calls on that path took. */
  criticalShare: number
}

/** Counts calls and tells where the time went. */
export class CallLog {
  readonly calls: Call[] = []

  /** @returns to be called when it has been answered, or was cut off */
  begin(name: string): () => void {
    const call: Call = { name, start: performance.now(), end: Infinity }
    this.calls.push(call)
    return () => {
      call.end = Math.min(call.end, performance.now())
    }
  }

  clear(): void {
    this.calls.length = 0
  }

  /** What was called so far; calls that are under way are left out. */
  report(): CallReport {
    const calls = this.calls.filter(({ end }) => end < Infinity)
    const criticalPath = longestChain(calls)
    const first = Math.min(...calls.map(({ start }) => start))
    const wallClockMs = calls.length === 0 ? 0 : Math.max(...calls.map(({ end }) => end)) - first
    const onPath = criticalPath.reduce((total, call) => total + duration(call), 0)
    return {
      calls: calls.length,
      wallClockMs,
      byAction: countByAction(calls),
      criticalPath,
      criticalShare: wallClockMs === 0 ? 0 : onPath / wallClockMs,
    }
  }
}

const duration = ({ end, start }: Call) => end - start

function countByAction(calls: readonly Call[]): CallReport['byAction'] {
  const counted = new Map<string, { name: string; calls: number; ms: number }>()
  for (const call of calls) {
    const one = counted.get(call.name) ?? { name: call.name, calls: 0, ms: 0 }
    one.calls++
    one.ms += duration(call)
    counted.set(call.name, one)
  }
  return [...counted.values()].sort((a, b) => b.calls - a.calls || a.name.localeCompare(b.name))
}

/** Weighted interval scheduling: the best chain that ends with each call, in the order in which they end. */
export function longestChain(calls: readonly Call[]): Call[] {
  const byEnd = [...calls].sort((a, b) => a.end - b.end)
  interface Chain {
    ms: number
    last?: Call
    before?: Chain
  }
  const best: Chain[] = [{ ms: 0 }]
  for (const call of byEnd) {
    let low = 0
    let high = best.length - 1
    // How many of those that ended first had ended when it began.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (byEnd[middle - 1]!.end <= call.start) low = middle
      else high = middle - 1
    }
    const before = best[low]!
    const withIt: Chain = { ms: before.ms + duration(call), last: call, before }
    const without = best.at(-1)!
    best.push(withIt.ms > without.ms ? withIt : without)
  }
  const path: Call[] = []
  for (let chain = best.at(-1); chain?.last !== undefined; chain = chain.before) path.unshift(chain.last)
  return path
}
