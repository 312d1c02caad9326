import { expect } from 'chai'
import { templateOf } from './nameable.js'
import { environmentOf, type World } from './world.js'

/** The value before and after; `CHANGED` where it is a whole document. */
export type Shown = readonly [from: unknown, to: unknown] | typeof CHANGED
export const CHANGED = 'changed'

/** What one key of datapipe.yaml makes different. */
export interface ConfigRow {
  /** Dotted, as in datapipe.yaml. */
  key: string
  to: unknown
  /** Changed in place: resource -> path (without what differs between environments) -> value. */
  updates?: Record<string, Record<string, Shown>>
  creates?: readonly string[]
  deletes?: readonly string[]
  replaces?: readonly string[]
}

/** Rows that can be tried together: no two touch the same resource, and none touches one that a row before it does. */
export function nextRound(rows: readonly ConfigRow[]): ConfigRow[] {
  const taken = new Set<string>()
  return rows.filter((row) => {
    const ids = touched(row)
    const isFree = ids.every((id) => !taken.has(id))
    for (const id of ids) taken.add(id)
    return isFree
  })
}

function touched({ creates = [], deletes = [], replaces = [], updates = {} }: ConfigRow): string[] {
  return [...Object.keys(updates), ...creates, ...deletes, ...replaces]
}

/**
 * Expects that the plan shows what the rows say and nothing else in the whole environment, and brings it about. What that
 * left undone would show in the plan of the next round, or in the one after the last.
 */
export async function runConfigRound(
  world: World,
  settings: object,
  round: readonly ConfigRow[],
): Promise<void> {
  const environment = environmentOf(settings)
  const planned = await world.plan(environment)
  const updates = Object.assign({}, ...round.map((row) => row.updates)) as NonNullable<ConfigRow['updates']>
  const actions = (action: string) => [...planned].flatMap(([id, one]) => (one.action === action ? [id] : []))
  const wanted = (part: 'creates' | 'deletes' | 'replaces') => round.flatMap((row) => row[part] ?? [])
  expect(actions('create')).to.have.members(wanted('creates'))
  expect(actions('delete')).to.have.members(wanted('deletes'))
  expect(actions('replace')).to.have.members(wanted('replaces'))
  const shown = Object.fromEntries(
    actions('update').map((id) => [
      id,
      Object.fromEntries(
        (planned.get(id)?.diff ?? []).map(({ from, path, to }) => {
          const template = templateOf(path)
          const isWhole = updates[id]?.[template] === CHANGED
          return [template, isWhole ? CHANGED : [from, to]]
        }),
      ),
    ]),
  )
  expect(shown).to.deep.equal(updates)
  const { changes } = await world.up(environment)
  expect(changes).to.include({
    created: wanted('creates').length,
    updated: Object.keys(updates).length,
    replaced: wanted('replaces').length,
    deleted: wanted('deletes').length,
  })
}

/** A copy of settings with one key otherwise. */
export function withKey(settings: object, key: string, value: unknown): object {
  const [first = '', ...rest] = key.split('.')
  const inner = (settings as Record<string, object | undefined>)[first] ?? {}
  return { ...settings, [first]: rest.length === 0 ? value : withKey(inner, rest.join('.'), value) }
}
