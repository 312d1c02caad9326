import { ALL_FAULTS, faultPositions } from '../faults.js'
import type { Manner } from './killer.js'

export interface Attempt {
  /** Counts the attempts of a scenario. */
  index: number
  /** From 1. */
  position: number
  manner: Manner
}

/** For several processes that share one full run: `FAULTS_SHARD=1/2` takes the first half of the attempts. */
const SHARD = /^(\d+)\/(\d+)$/.exec(process.env.FAULTS_SHARD ?? '1/1')

/** Every position in both manners, or a sample of them spread over all, each in the manner that its place chooses. */
export function* attempts(
  { name, sample }: { name: string; sample: number },
  count: number,
): Generator<Attempt> {
  let index = 0
  for (const fault of faultPositions(name, Math.max(1, Math.ceil(count / sample)))) {
    if (fault >= count) return
    const manners: Manner[] = ALL_FAULTS ? ['before', 'after'] : [index % 2 === 0 ? 'before' : 'after']
    for (const manner of manners) yield { index: index++, position: fault + 1, manner }
  }
}

export function inShard(index: number): boolean {
  const [, shard = '1', shards = '1'] = SHARD ?? []
  return index % Number(shards) === Number(shard) - 1
}
