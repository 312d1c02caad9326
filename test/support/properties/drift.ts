import { expect } from 'chai'
import type { World } from './world.js'

/** One change of a live thing, made as a person in the console would make it. */
export interface Drift {
  /** Of the resource. */
  id: string
  /** Exactly what the plan names. `<id>` stands for the physical id of another resource. */
  paths: string[]
  by: (world: World) => Promise<unknown>
  /** It belongs to somebody else afterwards: `up` repairs it only with `--adopt`. */
  adopt?: boolean
}

/** @param paths one, or several where one call in AWS cannot change one alone */
export function drift(id: string, paths: string | string[], by: Drift['by']): Drift {
  return { id, paths: [paths].flat(), by }
}

/** Rows in as few rounds as possible: of each resource, one row in each round. */
export function rounds(rows: readonly Drift[]): Drift[][] {
  const found: Drift[][] = []
  for (const row of rows) {
    const free = found.find((round) => round.every(({ id }) => id !== row.id))
    if (free === undefined) found.push([row])
    else free.push(row)
  }
  return found
}

/**
 * Makes all changes of a round, and expects that the plan names them and nothing else in the whole environment, and that
 * `up` repairs them. What it left undone would show in the plan of the next round, or in the one after the last.
 */
export async function runRound(world: World, round: readonly Drift[]): Promise<void> {
  for (const { by, id, paths } of round) {
    try {
      await by(world)
    } catch (error) {
      throw new Error(`${id} ${paths.join()}: ${String(error)}`, { cause: error })
    }
  }
  const wanted = (paths: readonly string[]) =>
    paths.map((path) => path.replace(/<(.*)>/, (_all, other: string) => world.id(other))).sort()
  const adopt = new Set(round.filter((row) => row.adopt).map(({ id }) => id))
  const planned = await world.plan(undefined, adopt)
  expect(named(planned)).to.deep.equal(Object.fromEntries(round.map(({ id, paths }) => [id, wanted(paths)])))
  for (const [id, { diff }] of planned) {
    for (const { from, path, to } of diff) expect(from, `${id} ${path}`).to.not.deep.equal(to)
  }
  const { changes } = await world.up(undefined, adopt)
  expect(changes).to.include({ created: 0, updated: round.length, replaced: 0, deleted: 0 })
}

function named(planned: Awaited<ReturnType<World['plan']>>): Record<string, string[]> {
  return Object.fromEntries(
    [...planned].map(([id, { action, diff }]) => [
      id,
      diff.length === 0 ? [action] : diff.map(({ path }) => path).sort(),
    ]),
  )
}
