import { StatesError } from './errors.js'
import type { Json } from './json.js'

/** How far a distributed map is, in children; the names are those of DescribeMapRun. */
export interface ItemCounts {
  total: number
  pending: number
  running: number
  succeeded: number
  failed: number
  aborted: number
}

/** The distributed maps of one execution, and their counts while they run. */
export class MapRuns {
  readonly #runs = new Map<string, ItemCounts>()

  constructor(readonly onChange: (counts: ItemCounts) => void = () => undefined) {}

  start(arn: string, total: number): MapRunCounter {
    const counts = { total, pending: total, running: 0, succeeded: 0, failed: 0, aborted: 0 }
    this.#runs.set(arn, counts)
    this.onChange({ ...counts })
    return (from, to) => {
      counts[from]--
      counts[to]++
      this.onChange({ ...counts })
    }
  }

  /** As `aws-sdk:sfn:describeMapRun` answers. @throws StatesError Sfn.ResourceNotFoundException */
  describe(arn: Json | undefined): Json {
    const counts = typeof arn === 'string' ? this.#runs.get(arn) : undefined
    if (counts === undefined) {
      throw new StatesError('Sfn.ResourceNotFoundException', `There is no map run ${JSON.stringify(arn)}.`)
    }
    const { aborted, failed, pending, running, succeeded, total } = counts
    return {
      ItemCounts: {
        Total: total,
        Pending: pending,
        Running: running,
        Succeeded: succeeded,
        Failed: failed,
        TimedOut: 0,
        Aborted: aborted,
      },
    }
  }
}

export type MapRunCounter = (
  from: 'pending' | 'running',
  to: 'running' | 'succeeded' | 'failed' | 'aborted',
) => void
