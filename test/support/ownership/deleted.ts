import { expect } from 'chai'
import type { Environment } from '../../../src/config/schema.js'
import { Graph } from '../../../src/engine/graph.js'
import type { Resource } from '../../../src/engine/resource.js'
import type { DriftState } from '../../../src/operate/drift/differences.js'
import { signal } from '../properties/world.js'
import type { Account } from './account.js'

const op = { signal, waiting: () => undefined }

/**
 * Resources in as few rounds as possible: none of a round uses another one, directly or not, so that each shows what follows
 * from its own deletion. What belongs to the account, and what is only looked up, nobody deletes.
 */
export function deletionRounds(graph: Graph): Resource[][] {
  const rounds: Resource[][] = []
  const mine = graph.order.filter(({ shared, type }) => !shared && type !== 'AWS::EC2::PrefixList')
  for (const resource of mine) {
    const related = new Set([...graph.allDependencies(resource), ...graph.allDependants(resource)])
    const free = rounds.find((round) => round.every((one) => !related.has(one)))
    if (free === undefined) rounds.push([resource])
    else free.push(resource)
  }
  return rounds
}

/** Those, and what lives in them: AWS deletes nothing before that is gone, or deletes it with them. */
function withContents(graph: Graph, doomed: readonly Resource[]): Resource[] {
  const gone = new Set(doomed)
  for (const resource of graph.order) if (resource.within.some((home) => gone.has(home))) gone.add(resource)
  return graph.order.filter((resource) => gone.has(resource))
}

/**
 * Deletes them past datapipe, and expects that plan and drift name them, that drift names nothing else, that the plan has
 * nothing else but what follows from it, and that an `up` makes everything good. What it left undone would show in the round that
 * follows, or in the plan after the last one.
 * @param ids of what is deleted
 */
export async function deleteAndRepair(
  account: Account,
  environment: Environment,
  ids: readonly string[],
): Promise<void> {
  const resources = await account.resources(environment)
  const graph = new Graph(resources)
  for (const resource of graph.order) {
    const seen = await resource.read(op)
    expect(seen, resource.id).to.not.equal(undefined)
    resource.resolve(seen!.attributes)
  }
  const gone = withContents(
    graph,
    ids.map((id) => graph.get(id)),
  )
  // KMS deletes no key: it waits, and is taken back.
  const waits = new Set(gone.filter(({ type }) => type === 'AWS::KMS::Key').map(({ id }) => id))
  for (const resource of gone.toReversed()) {
    const seen = await resource.read(op)
    if (seen === undefined) continue
    const { status } = await resource.delete(seen, op)
    expect(status, resource.id).to.be.oneOf(['deleted', 'absent', 'scheduled'])
  }

  const missing = gone.map(({ id }) => id).filter((id) => !waits.has(id))
  const states = Object.fromEntries<DriftState>([
    ...missing.map((id): [string, DriftState] => [id, 'deleted']),
    ...[...waits].map((id): [string, DriftState] => [id, 'changed']),
  ])
  const drift = await account.drift(environment)
  expect(drift.error, ids.join()).to.equal(undefined)
  expect(Object.fromEntries(drift.result!.drift.map(({ id, state }) => [id, state]))).to.deep.equal(states)
  const plan = await account.plan(environment)
  expect(plan.error, ids.join()).to.equal(undefined)
  const created = plan.result!.resources.filter(({ action }) => action === 'create').map(({ id }) => id)
  expect(created.sort()).to.deep.equal([...missing].sort())
  expect(plan.result!.changes.deleted, ids.join()).to.equal(0)

  const up = await account.up(environment)
  expect(up.error, ids.join()).to.equal(undefined)
  expect(up.result!.changes).to.include({ created: missing.length, replaced: 0, deleted: 0 })
}

/** The ids of each round. */
export async function roundsOf(account: Account, environment: Environment): Promise<string[][]> {
  const rounds = deletionRounds(new Graph(await account.resources(environment)))
  return rounds.map((round) => round.map(({ id }) => id))
}
