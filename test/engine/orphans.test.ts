import { expect } from 'chai'
import { applyGraph, type ApplyResult } from '../../src/engine/apply.js'
import { Graph } from '../../src/engine/graph.js'
import { InterruptedError } from '../../src/errors.js'
import { deferred, FakeCloud, type FakeResource, fakes, settle } from './fake-cloud.js'

describe('orphans of an up', () => {
  let cloud: FakeCloud
  let make: ReturnType<typeof fakes>

  beforeEach(() => {
    cloud = new FakeCloud()
    make = fakes(cloud)
  })

  const actions = (result: ApplyResult) =>
    Object.fromEntries(result.outcomes.map(({ action, id }) => [id, action]))
  const reasons = (result: ApplyResult) =>
    Object.fromEntries(result.skipped.map(({ id, reason }) => [id, reason]))
  /** Something that exists, is in no graph, and is referred to by what uses it. */
  const orphan = (id: string, uses: FakeResource[] = []): FakeResource => {
    cloud.put(id, Object.fromEntries(uses.map((used) => [used.id, cloud.things.get(used.id)!.ref])))
    return make(id, [], { dependsOn: uses })
  }
  /** A way out of a network, listed users first, with something beside it that nobody uses. */
  const wayOut = () => {
    const vpc = orphan('old/vpc')
    const subnet = orphan('old/subnet', [vpc])
    const address = orphan('old/address')
    const nat = orphan('old/nat', [subnet, address])
    return [orphan('old/lone'), nat, address, subnet, vpc]
  }
  const up = (orphans: readonly FakeResource[], options: Parameters<typeof applyGraph>[1] = {}) =>
    applyGraph(new Graph([]), { ...options, orphans })

  it('are deleted after all the rest, users before what they use; data stays', async () => {
    const used = orphan('old/used')
    const orphans = [orphan('old/user', [used]), used]
    cloud.put('data')
    const result = await applyGraph(new Graph([make('new')]), {
      orphans: [...orphans, make('data', [], { retain: true })],
    })
    expect(cloud.writes()).to.deep.equal(['create new', 'delete old/user', 'delete old/used'])
    expect(actions(result)).to.deep.equal({
      new: 'created',
      'old/user': 'deleted',
      'old/used': 'deleted',
    })
    expect(result.kept.map(({ id }) => id)).to.deep.equal(['data'])
    expect(Object.keys(cloud.snapshot())).to.deep.equal(['data', 'new'])
  })

  it('go whatever order they are listed in, and are reported in that order', async () => {
    const orphans = wayOut().reverse()
    const result = await up(orphans)
    expect(cloud.snapshot()).to.deep.equal({})
    expect(result.outcomes.map(({ id }) => id)).to.deep.equal(orphans.map(({ id }) => id))
    expect(result.counts.deleted).to.equal(5)
  })

  it('go at the same time where neither uses the other', async () => {
    const door = deferred()
    const deleting: string[] = []
    cloud.before = (verb, id) => {
      if (verb !== 'delete') return undefined
      deleting.push(id)
      return id === 'old/nat' ? door.promise : undefined
    }
    const a = orphan('a')
    const running = up([...wayOut(), orphan('b', [a]), a])
    while (cloud.things.has('a') || cloud.things.has('old/lone')) await settle()
    expect(deleting).to.have.members(['old/lone', 'old/nat', 'b', 'a'])
    expect(cloud.snapshot()).to.include.keys('old/nat', 'old/address', 'old/subnet', 'old/vpc')
    door.resolve()
    expect((await running).failures).to.deep.equal([])
    expect(cloud.snapshot()).to.deep.equal({})
  })

  it('are never more at once than the limit', async () => {
    let active = 0
    let most = 0
    const orphans = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => orphan(id))
    cloud.before = async (verb) => {
      if (verb !== 'delete') return
      most = Math.max(most, ++active)
      await settle()
      active--
    }
    await up(orphans, { concurrency: 3 })
    expect(most).to.equal(3)
    expect(cloud.things.size).to.equal(0)
  })

  it('wait for their users also where what lies between them is gone already', async () => {
    const vpc = orphan('old/vpc')
    const subnet = make('old/subnet', [], { dependsOn: [vpc] })
    cloud.put('old/task', { vpc: cloud.things.get('old/vpc')!.ref })
    const result = await up([vpc, subnet, make('old/task', [], { dependsOn: [subnet] })])
    expect(result.failures).to.deep.equal([])
    expect(cloud.writes()).to.deep.equal(['delete old/task', 'delete old/vpc'])
  })

  it('stay while something failed that may still use them', async () => {
    const used = orphan('old/used')
    const orphans = [orphan('old/user', [used]), used]
    cloud.before = (verb, id) => {
      if (verb === 'create' && id === 'new') throw new Error('no')
    }
    const result = await applyGraph(new Graph([make('new')]), { orphans })
    expect(cloud.calls('delete')).to.deep.equal([])
    expect(reasons(result)).to.deep.equal({
      'old/user': 'may still be in use because of new',
      'old/used': 'may still be in use because of new',
    })
  })

  it('that fail are all reported; only what they use is left, and says why', async () => {
    const orphans = [...wayOut(), orphan('other')]
    cloud.before = (verb, id) => {
      if (verb === 'delete' && ['old/nat', 'other'].includes(id)) throw new Error(`no ${id}`)
    }
    const result = await up(orphans)
    expect(result.failures.map(({ error, id }) => [id, (error as Error).message])).to.have.deep.members([
      ['old/nat', 'no old/nat'],
      ['other', 'no other'],
    ])
    expect(actions(result)).to.deep.equal({ 'old/lone': 'deleted' })
    const because = 'waits for old/nat, which could not be deleted'
    expect(reasons(result)).to.deep.equal({
      'old/address': because,
      'old/subnet': because,
      'old/vpc': because,
    })
  })

  it('that are held are reported, and the others go', async () => {
    const held = orphan('old/user')
    cloud.put('outsider', { uses: cloud.things.get('old/user')!.ref })
    const result = await up([held, orphan('old/lone')])
    expect(result.failures).to.have.length(1)
    expect(result.failures[0]!.error).to.have.property('code', 'DELETE_BLOCKED')
    expect((result.failures[0]!.error as Error).message).to.contain('held by outsider')
    expect(actions(result)).to.deep.equal({ 'old/lone': 'deleted' })
  })

  it('that are left when the run is interrupted are reported', async () => {
    const used = orphan('old/used')
    const orphans = [orphan('old/user', [used]), used]
    const controller = new AbortController()
    cloud.before = (verb) => {
      if (verb === 'delete') controller.abort()
    }
    const result = await up(orphans, { signal: controller.signal })
    expect(actions(result)).to.deep.equal({ 'old/user': 'deleted' })
    expect(reasons(result)).to.deep.equal({ 'old/used': 'interrupted' })
    expect(result.stoppedBy).to.be.instanceOf(InterruptedError)
  })

  it('are gone after the run that follows one which was killed at any deletion', async () => {
    for (const moment of ['before', 'after'] as const) {
      for (let step = 1; step <= 5; step++) {
        cloud = new FakeCloud()
        make = fakes(cloud)
        const orphans = wayOut()
        let count = 0
        let dead = false
        const kill = (own: typeof moment, verb: string) => {
          if (verb === 'delete' && own === moment && ++count === step) dead = true
          if (verb === 'delete' && dead) throw new Error('killed')
        }
        cloud.before = (verb) => {
          kill('before', verb)
        }
        cloud.after = (verb) => {
          kill('after', verb)
        }
        expect((await up(orphans)).failures, `${moment} ${step}`).not.to.deep.equal([])
        cloud.before = () => undefined
        cloud.after = () => undefined
        const again = await up(orphans)
        expect(again.failures, `${moment} ${step}`).to.deep.equal([])
        expect(again.skipped).to.deep.equal([])
        expect(cloud.snapshot(), `${moment} ${step}`).to.deep.equal({})
      }
    }
  })
})
