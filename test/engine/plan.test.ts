import { expect } from 'chai'
import { UNKNOWN } from '../../src/engine/change.js'
import type { EngineEvent } from '../../src/engine/events.js'
import { Graph } from '../../src/engine/graph.js'
import { planGraph, type Plan } from '../../src/engine/plan.js'
import { DatapipeError } from '../../src/errors.js'
import { deferred, FakeCloud, fakes, settle } from './fake-cloud.js'

describe('planGraph', () => {
  let cloud: FakeCloud
  let make: ReturnType<typeof fakes>

  beforeEach(() => {
    cloud = new FakeCloud()
    make = fakes(cloud)
  })

  const actions = (plan: Plan) => Object.fromEntries(plan.entries.map(({ action, id }) => [id, action]))
  const codes = (plan: Plan) =>
    plan.failures.map(({ error, id }) => [id, error instanceof DatapipeError ? error.code : String(error)])

  it('says create, update with each property, and unchanged, and touches nothing', async () => {
    const ref = cloud.put('same', { size: '1' })
    cloud.put('differs', { size: '1', colour: 'red' })
    const before = cloud.snapshot()
    const plan = await planGraph(
      new Graph([
        make('differs', [], { settings: { size: '2', colour: 'red' } }),
        make('new', [], { settings: { size: '1' } }),
        make('same', [], { settings: { size: '1' } }),
      ]),
    )
    expect(actions(plan)).to.deep.equal({ differs: 'update', new: 'create', same: 'unchanged' })
    expect(plan.entries[0]!.changes).to.deep.equal([{ path: 'size', from: '1', to: '2', replaces: false }])
    expect(plan.entries[2]).to.deep.equal({
      id: 'same',
      type: 'Fake::Thing',
      action: 'unchanged',
      physicalId: ref,
      changes: [],
    })
    expect(plan.entries[1]).not.to.have.property('physicalId')
    expect(plan.failures).to.deep.equal([])
    expect(cloud.snapshot()).to.deep.equal(before)
    expect(cloud.writes()).to.deep.equal([])
  })

  it('shows dependants of something that is still to be created what is known only then', async () => {
    cloud.put('subnet', { 'uses-vpc': 'vpc#gone' })
    const vpc = make('vpc')
    const plan = await planGraph(new Graph([vpc, make('subnet', [vpc])]))
    expect(plan.entries[1]).to.deep.include({
      action: 'update',
      changes: [{ path: 'uses-vpc', from: 'vpc#gone', to: UNKNOWN, replaces: false }],
    })
  })

  it('reads a home before what lives in it, each resource once, and no more at a time than it may', async () => {
    let active = 0
    let most = 0
    const doors: (() => void)[] = []
    cloud.before = async () => {
      const door = deferred()
      doors.push(door.resolve)
      most = Math.max(most, ++active)
      await door.promise
      active--
    }
    const vpc = make('vpc')
    const graph = new Graph([make('subnet', [], { within: [vpc] }), vpc, make('b'), make('c'), make('d')])
    const planned = planGraph(graph, { concurrency: 2 })
    for (let read = 0; read < 5; read++) {
      await settle()
      doors.shift()!()
    }
    await planned
    expect(most).to.equal(2)
    expect(cloud.log.toSorted()).to.deep.equal(['read b', 'read c', 'read d', 'read subnet', 'read vpc'])
    expect(cloud.log.indexOf('read vpc')).to.be.lessThan(cloud.log.indexOf('read subnet'))
  })

  it('reads what only depends on something without waiting for that', async () => {
    const door = deferred()
    cloud.before = (_verb, id) => (id === 'key' ? door.promise : undefined)
    const key = make('key')
    const planned = planGraph(new Graph([key, make('bucket', [key])]))
    await settle()
    expect(cloud.log).to.deep.equal(['read bucket'])
    door.resolve()
    expect(actions(await planned)).to.deep.equal({ key: 'create', bucket: 'create' })
  })

  it('orders entries the same whatever is read fastest', async () => {
    const slow = deferred()
    cloud.before = (_verb, id) => (id === 'a' ? slow.promise : undefined)
    const a = make('a')
    const planned = planGraph(new Graph([make('after-a', [a]), a, make('b'), make('c')]))
    await settle()
    slow.resolve()
    expect((await planned).entries.map((entry) => entry.id)).to.deep.equal(['a', 'after-a', 'b', 'c'])
  })

  it('replaces what lives in a replaced resource, through all floors, and updates what only refers to it', async () => {
    const vpcRef = cloud.put('vpc', { cidr: '10.0' })
    const subnetRef = cloud.put('subnet', { 'uses-vpc': vpcRef })
    cloud.put('route', { 'uses-subnet': subnetRef })
    cloud.put('role', { 'uses-vpc': vpcRef })
    const vpc = make('vpc', [], { settings: { cidr: '10.1' }, replaces: ['cidr'] })
    const subnet = make('subnet', [vpc], { within: [vpc] })
    const absent = make('absent', [vpc], { within: [vpc] })
    const route = make('route', [subnet], { within: [subnet] })
    const plan = await planGraph(new Graph([vpc, subnet, route, absent, make('role', [vpc])]))
    expect(actions(plan)).to.deep.equal({
      vpc: 'replace',
      subnet: 'replace',
      route: 'replace',
      absent: 'create',
      role: 'update',
    })
    expect(plan.entries.map(({ because, id }) => [id, because])).to.deep.include.members([
      ['vpc', undefined],
      ['subnet', 'vpc'],
      ['route', 'subnet'],
    ])
  })

  it('refuses to replace what holds data, by its own change or with what it lives in', async () => {
    cloud.put('own', { name: 'old' })
    cloud.put('home', { name: 'old' })
    cloud.put('lodger')
    const own = make('own', [], { settings: { name: 'new' }, replaces: ['name'], retain: true })
    const home = make('home', [], { settings: { name: 'new' }, replaces: ['name'] })
    const lodger = make('lodger', [], { within: [home], retain: true })
    const plan = await planGraph(new Graph([own, home, lodger]))
    expect(codes(plan)).to.deep.equal([
      ['own', 'PROTECTED_REPLACEMENT'],
      ['lodger', 'PROTECTED_REPLACEMENT'],
    ])
    expect(String(plan.failures[0]!.error)).to.contain('name cannot be changed in place')
    expect(String(plan.failures[1]!.error)).to.contain('home, which it lives in, has to be replaced')
  })

  it('refuses what belongs to somebody else, naming it and the way to take it over', async () => {
    const ref = cloud.put('bucket', {}, false)
    const graph = new Graph([make('bucket')])
    const refused = await planGraph(graph)
    expect(codes(refused)).to.deep.equal([['bucket', 'FOREIGN_RESOURCE']])
    const error = refused.failures[0]!.error as DatapipeError
    expect(error.message).to.contain('bucket').and.to.contain(ref)
    expect(error.suggestions.join()).to.contain('--adopt bucket')

    const adopted = await planGraph(graph, { adopt: new Set(['bucket']) })
    expect(actions(adopted)).to.deep.equal({ bucket: 'update' })
    expect(adopted.failures).to.deep.equal([])
  })

  it('reports every read that failed, and says nothing about what is behind one', async () => {
    cloud.put('fine')
    cloud.before = (_verb, id) => {
      if (id === 'a' || id === 'b') throw new Error(`no ${id}`)
    }
    const a = make('a')
    const plan = await planGraph(new Graph([a, make('behind', [a]), make('b'), make('fine')]))
    expect(codes(plan)).to.have.deep.members([
      ['a', 'Error: no a'],
      ['b', 'Error: no b'],
    ])
    expect(actions(plan)).to.deep.equal({ fine: 'unchanged' })
  })

  it('deletes orphans after all the rest in the order given, and keeps data and what is foreign', async () => {
    for (const id of ['old/2', 'old/1', 'data']) cloud.put(id)
    cloud.put('theirs', {}, false)
    const orphans = [
      make('old/2'),
      make('never-was'),
      make('data', [], { retain: true }),
      make('theirs'),
      make('old/1'),
    ]
    const plan = await planGraph(new Graph([make('new')]), { orphans })
    expect(plan.entries.map(({ action, id }) => [action, id])).to.deep.equal([
      ['create', 'new'],
      ['delete', 'old/2'],
      ['delete', 'old/1'],
    ])
    expect(plan.kept.map(({ id, reason }) => [id, reason])).to.deep.equal([
      ['data', 'holds data'],
      ['theirs', 'belongs to somebody else'],
    ])
    expect(plan.failures).to.deep.equal([])
  })

  it('tells what it finds as it goes', async () => {
    cloud.put('a', {})
    const events: EngineEvent[] = []
    await planGraph(new Graph([make('a'), make('b')]), { onEvent: (event) => events.push(event) })
    expect(events.map((event) => ('id' in event ? `${event.type} ${event.id}` : event.type))).to.deep.equal([
      'run.started',
      'resource.started a',
      'resource.started b',
      'resource.finished a',
      'resource.finished b',
      'run.finished',
    ])
  })

  it('throws when it is interrupted', async () => {
    const controller = new AbortController()
    cloud.before = () => {
      controller.abort()
    }
    const vpc = make('vpc')
    const planned = planGraph(new Graph([vpc, make('subnet', [], { within: [vpc] })]), {
      signal: controller.signal,
    })
    const error = await planned.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).to.have.property('code', 'INTERRUPTED')
    expect(cloud.log).to.deep.equal(['read vpc'])
  })
})
