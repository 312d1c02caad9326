import { canonical, UNKNOWN, type Change } from '../../engine/change.js'
import type { Failure } from '../../engine/outcome.js'
import type { Plan, PlanEntry } from '../../engine/plan.js'
import { DatapipeError } from '../../errors.js'
import type { Second } from '../provision/seconds.js'

/**
 * What somebody did to it:
 * - `changed`: properties or tags are not what they were made
 * - `deleted`: it is gone
 * - `foreign`: it has lost the tags that say whose it is, or somebody else made one with its name
 * - `duplicate`: there is another one with its tags
 * - `orphan`: it has the tags of the environment, and no configuration knows it
 */
export type DriftState = 'changed' | 'deleted' | 'foreign' | 'duplicate' | 'orphan'

/** A property that is not as it was made; null: absent. */
export interface Difference {
  path: string
  expected: unknown
  found: unknown
}

export interface DriftItem {
  id: string
  type: string
  state: DriftState
  /** What AWS knows it by, or would; null where AWS chooses that. */
  physicalId: string | null
  /** Of what was changed. */
  differences: Difference[]
  /** In words, what a list of properties does not say. */
  detail: string | null
}

const STATES: Readonly<Record<string, DriftState>> = {
  FOREIGN_RESOURCE: 'foreign',
  DUPLICATE_RESOURCE: 'duplicate',
  PROTECTED_REPLACEMENT: 'changed',
}

/**
 * What of a plan is drift: only what somebody changed in AWS. What would have to follow from that (a rule that names a role
 * which is gone) is not; it is as it was made.
 * @returns also the failures that are none: nobody knows what they hide
 */
export function driftOf(
  { entries, failures }: Pick<Plan, 'entries' | 'failures'>,
  seconds: readonly Second[],
): { drift: DriftItem[]; unreadable: Failure[] } {
  const refused = failures.map((failure) => ({ failure, item: fromFailure(failure) }))
  return {
    drift: [
      ...entries.flatMap((entry) => fromEntry(entry) ?? []),
      ...refused.flatMap(({ item }) => item ?? []),
      ...seconds.map(fromSecond),
    ],
    unreadable: refused.flatMap(({ failure, item }) => (item === undefined ? [failure] : [])),
  }
}

function fromEntry(entry: PlanEntry): DriftItem | undefined {
  const { action, changes, id, physicalId = null, type } = entry
  const item = { id, type, physicalId, differences: [], detail: null }
  switch (action) {
    case 'unchanged':
      return undefined
    case 'create':
      return { ...item, state: 'deleted' }
    case 'delete':
      return { ...item, state: 'orphan' }
    case 'update':
    case 'replace': {
      const own = changes.filter((change) => !follows(change))
      return own.length === 0 ? undefined : { ...item, state: 'changed', differences: own.map(toDifference) }
    }
  }
}

/** What it should be depends on something that is gone. Of a rule that lets a group in, the group is part of the path. */
function follows({ path, to }: Change): boolean {
  return path.includes(UNKNOWN) || canonical(to ?? null).includes(UNKNOWN)
}

function toDifference({ from, path, to }: Change): Difference {
  return { path, expected: to, found: from ?? null }
}

function fromFailure({ error, id, physicalId = undefined, type }: Failure): DriftItem | undefined {
  if (!(error instanceof DatapipeError)) return undefined
  const state = STATES[error.code]
  if (state === undefined) return undefined
  return { id, type, state, physicalId: physicalId ?? null, differences: [], detail: error.message }
}

function fromSecond({ arn, id, type }: Second): DriftItem {
  return {
    id,
    type,
    state: 'duplicate',
    physicalId: arn,
    differences: [],
    detail: `It carries the tags of ${id}, and is something else.`,
  }
}
