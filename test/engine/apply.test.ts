import { expect } from 'chai'
import { applyGraph, type ApplyResult } from '../../src/engine/apply.js'
import type { EngineEvent } from '../../src/engine/events.js'
import { Graph } from '../../src/engine/graph.js'
import { sleep } from '../../src/engine/wait.js'
import { DatapipeError, InterruptedError } from '../../src/errors.js'
import { deferred, FakeCloud, FakeResource, fakes, settle } from './fake-cloud.js'

const NOTHING = { created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 0 }

describe('applyGraph', () => {
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
  const network = (size = '1') => {
    const vpc = make('vpc', [], { settings: { size } })
    const subnet = make('subnet', [vpc], { within: [vpc] })
    return new Graph([vpc, subnet, make('route', [subnet])])
  }

  it('creates everything, dependencies first, with what those turned out to be', async () => {
    const result = await applyGraph(network())
    expect(result.counts).to.deep.equal({ ...NOTHING, created: 3 })
    expect(cloud.snapshot()).to.deep.equal({
      vpc: { size: '1' },
      subnet: { 'uses-vpc': 'vpc' },
      route: { 'uses-subnet': 'subnet' },
    })
    const refs = result.outcomes.map(({ id, physicalId }) => [id, physicalId])
    expect(refs).to.deep.equal([...cloud.things].map(([id, thing]) => [id, thing.ref]))
  })

  it('the second time reads each resource once and changes nothing', async () => {
    await applyGraph(network())
    cloud.log.length = 0
    const result = await applyGraph(network())
    expect(result.counts).to.deep.equal({ ...NOTHING, unchanged: 3 })
    expect(cloud.log.toSorted()).to.deep.equal(['read route', 'read subnet', 'read vpc'])
  })

  it('updates what differs, and only that', async () => {
    await applyGraph(network())
    cloud.log.length = 0
    const result = await applyGraph(network('2'))
    expect(actions(result)).to.deep.equal({ vpc: 'updated', subnet: 'unchanged', route: 'unchanged' })
    expect(cloud.writes()).to.deep.equal(['update vpc'])
    expect(cloud.snapshot().vpc).to.deep.equal({ size: '2' })
  })

  it('compares a resource again with what its dependencies have become in this run', async () => {
    await applyGraph(network())
    cloud.things.delete('vpc')
    const vpc = make('vpc', [], { settings: { size: '1' } })
    const result = await applyGraph(new Graph([vpc, make('subnet', [vpc])]))
    expect(actions(result)).to.deep.equal({ vpc: 'created', subnet: 'updated' })
    expect(cloud.snapshot().subnet).to.deep.equal({ 'uses-vpc': 'vpc' })
    expect(result.outcomes[1]!.changes[0]).to.include({ to: cloud.things.get('vpc')!.ref })
  })

  it('counts what a bootstrap step made in this run as created, and finishes its settings', async () => {
    cloud.put('vpc')
    cloud.put('subnet', { 'uses-vpc': cloud.things.get('vpc')!.ref })
    const result = await applyGraph(network(), { bootstrapped: new Set(['vpc', 'subnet']) })
    expect(actions(result)).to.deep.equal({ vpc: 'created', subnet: 'created', route: 'created' })
    expect(cloud.snapshot().vpc).to.deep.equal({ size: '1' })
    expect(cloud.calls('create')).to.deep.equal(['create route'])
  })

  it('never has more resources in flight than it may', async () => {
    let active = 0
    let most = 0
    cloud.before = async () => {
      most = Math.max(most, ++active)
      await settle()
      active--
    }
    await applyGraph(new Graph(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => make(id))), { concurrency: 3 })
    expect(most).to.equal(3)
    expect(cloud.things.size).to.equal(6)
  })

  it('lets siblings of a failure finish, skips what depends on it, and reports all failures', async () => {
    cloud.before = (verb, id) => {
      if (verb === 'create' && id.startsWith('bad')) throw new Error(`no ${id}`)
    }
    const bad = make('bad/1')
    const middle = make('middle', [bad])
    const good = make('good')
    const result = await applyGraph(
      new Graph([bad, middle, make('leaf', [middle]), good, make('after-good', [good]), make('bad/2')]),
    )
    expect(actions(result)).to.deep.equal({ good: 'created', 'after-good': 'created' })
    expect(result.failures.map(({ error, id }) => [id, (error as Error).message])).to.have.deep.members([
      ['bad/1', 'no bad/1'],
      ['bad/2', 'no bad/2'],
    ])
    expect(result.skipped).to.deep.equal([
      { id: 'middle', type: 'Fake::Thing', reason: 'depends on bad/1, which failed', because: 'bad/1' },
      { id: 'leaf', type: 'Fake::Thing', reason: 'depends on bad/1, which failed', because: 'bad/1' },
    ])
    expect(result.stoppedBy).to.equal(undefined)
  })

  it('touches nothing when a read fails or something is foreign, and reports all of it', async () => {
    cloud.put('theirs', {}, false)
    cloud.before = (_verb, id) => {
      if (id === 'unreadable') throw new Error('no')
    }
    const result = await applyGraph(new Graph([make('fine'), make('theirs'), make('unreadable')]))
    expect(cloud.writes()).to.deep.equal([])
    expect(result.failures.map(({ id }) => id)).to.have.members(['theirs', 'unreadable'])
    expect(reasons(result).fine).to.match(/^nothing is touched because of .*theirs/)
    expect(result.counts).to.deep.equal(NOTHING)
  })

  it('takes over what belongs to somebody else when it is told to', async () => {
    cloud.put('bucket', { size: '1' }, false)
    const result = await applyGraph(new Graph([make('bucket', [], { settings: { size: '2' } })]), {
      adopt: new Set(['bucket']),
    })
    expect(actions(result)).to.deep.equal({ bucket: 'updated' })
    expect(cloud.things.get('bucket')).to.deep.include({ owned: true, settings: { size: '2' } })
  })

  it('asks whether there is room for what is missing, before it touches anything', async () => {
    await applyGraph(new Graph([make('vpc')]))
    cloud.log.length = 0
    cloud.put('old')
    const asked: string[][] = []
    const full = new Error('full')
    const preflight = (creations: readonly { id: string }[]) => {
      asked.push(creations.map(({ id }) => id))
      return Promise.reject(full)
    }
    const options = { preflight, orphans: [make('old')] }
    const error: unknown = await applyGraph(network(), options).catch((reason: unknown) => reason)
    expect(error).to.equal(full)
    expect(asked).to.deep.equal([['subnet', 'route']])
    expect(cloud.writes()).to.deep.equal([])
  })

  it('does not ask for room when nothing is missing', async () => {
    await applyGraph(network())
    const result = await applyGraph(network('2'), { preflight: () => Promise.reject(new Error('asked')) })
    expect(result.counts).to.deep.equal({ ...NOTHING, updated: 1, unchanged: 2 })
  })

  describe('stopping', () => {
    it('drains what runs, starts nothing new, and reports the rest as interrupted', async () => {
      const controller = new AbortController()
      const door = deferred()
      cloud.before = (verb) => (verb === 'create' ? door.promise : undefined)
      const vpc = make('vpc')
      const running = applyGraph(new Graph([vpc, make('subnet', [vpc]), make('lone')]), {
        signal: controller.signal,
        concurrency: 1,
        orphans: [],
      })
      await settle()
      controller.abort()
      door.resolve()
      const result = await running
      expect(actions(result)).to.deep.equal({ vpc: 'created' })
      expect(reasons(result)).to.deep.equal({ subnet: 'interrupted', lone: 'interrupted' })
      expect(result.failures).to.deep.equal([])
      expect(result.stoppedBy).to.be.instanceOf(InterruptedError)
    })

    it('counts a wait that was cut short as interrupted, with all behind it, not as a failure', async () => {
      class Waiting extends FakeResource {
        override async create(...[op]: Parameters<FakeResource['create']>) {
          await sleep(60_000, op.signal)
          return super.create(op)
        }
      }
      const controller = new AbortController()
      const slow = new Waiting(cloud, 'slow')
      const running = applyGraph(new Graph([slow, make('behind', [slow])]), { signal: controller.signal })
      await settle()
      controller.abort()
      const result = await running
      expect(result.failures).to.deep.equal([])
      expect(reasons(result)).to.deep.equal({ slow: 'interrupted', behind: 'interrupted' })
      expect(result.stoppedBy).to.be.instanceOf(InterruptedError)
    })

    it('touches nothing when it is interrupted while it reads', async () => {
      const controller = new AbortController()
      cloud.before = () => {
        controller.abort()
      }
      cloud.put('old')
      const result = await applyGraph(network(), { signal: controller.signal, orphans: [make('old')] })
      expect(cloud.writes()).to.deep.equal([])
      expect(new Set(Object.values(reasons(result)))).to.deep.equal(new Set(['interrupted']))
      expect(result.skipped).to.have.length(4)
    })

    it('asks for the lease before each resource, and stops when it is lost', async () => {
      const lost = new DatapipeError('LEASE_LOST', 'The lease is lost.')
      cloud.put('old')
      const result = await applyGraph(network(), {
        orphans: [make('old')],
        assertHeld: () => {
          if (cloud.calls('create').includes('create subnet')) throw lost
        },
      })
      expect(actions(result)).to.deep.equal({ vpc: 'created', subnet: 'created' })
      expect(reasons(result)).to.deep.equal({ route: 'The lease is lost.', old: 'The lease is lost.' })
      expect(result.stoppedBy).to.equal(lost)
    })
  })

  it('tells what happens to each resource', async () => {
    cloud.put('a', { size: '1' })
    cloud.put('old')
    cloud.before = (verb, id) => {
      if (verb === 'create' && id === 'bad') throw new Error('no')
    }
    const events: EngineEvent[] = []
    const bad = make('bad')
    const graph = new Graph([
      make('a', [], { settings: { size: '2' } }),
      make('b'),
      bad,
      make('behind', [bad]),
    ])
    await applyGraph(graph, { onEvent: (event) => events.push(event), concurrency: 1 })
    const told = events.map((event) => {
      if (event.type === 'resource.finished') return `${event.id} ${event.action}`
      return 'id' in event ? `${event.id} ${event.type.split('.')[1]}` : event.type
    })
    expect(told).to.deep.equal([
      'run.started',
      'bad started',
      'bad failed',
      'behind skipped',
      'a started',
      'a update',
      'b started',
      'b create',
      'run.finished',
    ])
  })
})
