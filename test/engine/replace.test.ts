import { expect } from 'chai'
import { applyGraph, type ApplyResult } from '../../src/engine/apply.js'
import { Graph } from '../../src/engine/graph.js'
import type { DatapipeError } from '../../src/errors.js'
import { FakeCloud, type FakeResource, fakes } from './fake-cloud.js'

describe('applyGraph, replacing', () => {
  let cloud: FakeCloud
  let make: ReturnType<typeof fakes>

  beforeEach(() => {
    cloud = new FakeCloud()
    make = fakes(cloud)
  })

  const actions = (result: ApplyResult) =>
    Object.fromEntries(result.outcomes.map(({ action, id }) => [id, action]))

  /** vpc > subnet > route, all within each other; role refers to nothing; key is a root. */
  const network = (cidr: string, retainRoute = false) => {
    const vpc = make('vpc', [], { settings: { cidr }, replaces: ['cidr'] })
    const subnet = make('subnet', [vpc], { within: [vpc], replaces: ['uses-vpc'] })
    const route = make('route', [subnet], { within: [subnet], retain: retainRoute })
    return new Graph([make('key'), vpc, subnet, route])
  }

  it('deletes what lives inside first, then creates in order, and leaves the rest alone', async () => {
    await applyGraph(network('10.0'))
    const key = cloud.things.get('key')!.ref
    cloud.log.length = 0
    const result = await applyGraph(network('10.1'))
    expect(actions(result)).to.deep.equal({
      key: 'unchanged',
      vpc: 'replaced',
      subnet: 'replaced',
      route: 'replaced',
    })
    expect(cloud.calls('create', 'delete')).to.deep.equal([
      'delete route',
      'delete subnet',
      'delete vpc',
      'create vpc',
      'create subnet',
      'create route',
    ])
    expect(cloud.snapshot()).to.deep.include({
      vpc: { cidr: '10.1' },
      subnet: { 'uses-vpc': 'vpc' },
      route: { 'uses-subnet': 'subnet' },
    })
    expect(cloud.things.get('key')!.ref).to.equal(key)
    expect(result.outcomes[1]!.changes).to.deep.equal([
      { path: 'cidr', from: '10.0', to: '10.1', replaces: true },
    ])
  })

  it('shows a resource that is deleted the home it still lives in, not the one to come', async () => {
    await applyGraph(network('10.0'))
    const home = cloud.things.get('vpc')!.ref
    const graph = network('10.1')
    const subnet = graph.get('subnet') as FakeResource
    const remove = subnet.delete.bind(subnet)
    const seen: string[] = []
    subnet.delete = (observed, op) => {
      seen.push((graph.get('vpc') as FakeResource).attributes.ref)
      return remove(observed, op)
    }
    await applyGraph(graph)
    expect(seen).to.deep.equal([home])
  })

  it('reports what is left when it is interrupted, and the next run finishes', async () => {
    await applyGraph(network('10.0'))
    const controller = new AbortController()
    cloud.before = (verb) => {
      if (verb === 'delete') controller.abort()
    }
    const result = await applyGraph(network('10.1'), { signal: controller.signal })
    expect(cloud.calls('delete')).to.deep.equal(['delete route'])
    expect(result.skipped.map(({ id, reason }) => [id, reason])).to.have.deep.members([
      ['key', 'interrupted'],
      ['vpc', 'interrupted'],
      ['subnet', 'interrupted'],
      ['route', 'interrupted'],
    ])
    cloud.before = () => undefined
    expect((await applyGraph(network('10.1'))).failures).to.deep.equal([])
    expect(cloud.snapshot()).to.deep.include({ vpc: { cidr: '10.1' }, route: { 'uses-subnet': 'subnet' } })
  })

  it('touches nothing when data would have to be replaced', async () => {
    await applyGraph(network('10.0', true))
    const before = cloud.snapshot()
    cloud.log.length = 0
    const result = await applyGraph(network('10.1', true))
    expect(cloud.writes()).to.deep.equal([])
    expect(cloud.snapshot()).to.deep.equal(before)
    expect(result.failures.map(({ error, id }) => [id, (error as DatapipeError).code])).to.deep.equal([
      ['route', 'PROTECTED_REPLACEMENT'],
    ])
    expect(result.skipped.map(({ id }) => id)).to.deep.equal(['key', 'vpc', 'subnet'])
  })

  it('keeps what cannot be deleted and says what holds it; what is independent goes on', async () => {
    await applyGraph(network('10.0'))
    cloud.put('outsider', { uses: cloud.things.get('subnet')!.ref })
    const other = make('other')
    const result = await applyGraph(new Graph([...network('10.1').resources, other]))
    expect(result.failures.map(({ error, id }) => [id, (error as DatapipeError).code])).to.deep.equal([
      ['subnet', 'DELETE_BLOCKED'],
    ])
    expect((result.failures[0]!.error as Error).message).to.contain('outsider')
    expect(result.skipped.map(({ id, reason }) => [id, reason])).to.deep.equal([
      ['vpc', 'waits for subnet, which could not be deleted'],
      ['route', 'depends on vpc, which failed'],
    ])
    expect(actions(result)).to.deep.equal({ key: 'unchanged', other: 'created' })

    cloud.things.delete('outsider')
    const again = await applyGraph(network('10.1'))
    expect(again.failures).to.deep.equal([])
    expect(cloud.snapshot()).to.deep.include({ vpc: { cidr: '10.1' }, route: { 'uses-subnet': 'subnet' } })
  })

  it('deletes orphans that live in it first, and the other orphans last', async () => {
    await applyGraph(network('10.0'))
    const graph = network('10.1')
    cloud.put('old/lone')
    cloud.put('old/subnet', { 'uses-vpc': cloud.things.get('vpc')!.ref })
    cloud.log.length = 0
    const orphans = [make('old/lone'), make('old/subnet', [], { within: [graph.get('vpc')] })]
    const result = await applyGraph(graph, { orphans })
    expect(result.failures).to.deep.equal([])
    expect(cloud.calls('delete')).to.deep.equal([
      'delete old/subnet',
      'delete route',
      'delete subnet',
      'delete vpc',
      'delete old/lone',
    ])
    expect(actions(result)).to.deep.include({ 'old/lone': 'deleted', 'old/subnet': 'deleted' })
    expect(result.counts.deleted).to.equal(2)
  })

  it('creates what an earlier run deleted but could not create any more', async () => {
    await applyGraph(network('10.0'))
    cloud.before = (verb, id) => {
      if (verb === 'create' && id === 'vpc') throw new Error('no')
    }
    expect((await applyGraph(network('10.1'))).failures.map(({ id }) => id)).to.deep.equal(['vpc'])
    cloud.before = () => undefined
    const result = await applyGraph(network('10.1'))
    expect(result.counts).to.include({ created: 3, unchanged: 1 })
  })

  it('touches nothing when replacing is not wanted', async () => {
    await applyGraph(network('10.0'))
    const before = cloud.snapshot()
    const refuse = (ids: string[]) => {
      throw new Error(`not ${ids.join(', ')}`)
    }
    const attempt = await applyGraph(network('10.1'), { authorize: refuse }).catch((error: unknown) => error)
    expect((attempt as Error).message).to.equal('not vpc, subnet, route')
    expect(cloud.snapshot()).to.deep.equal(before)
  })

  describe('when it shows only after a dependency was updated', () => {
    /** The revision of the image decides a setting of the task that cannot be changed in place. */
    const tasks = (revision: string, retain = false) => {
      const image = make('image', [], { settings: { revision } })
      const stamp = () => cloud.things.get('image')?.settings.revision ?? 'none'
      const task = make('task', [image], { settings: { stamp }, replaces: ['stamp'], retain })
      return new Graph([image, task, make('sidecar', [task], { within: [task] })])
    }

    it('replaces it then, with what lives in it', async () => {
      await applyGraph(tasks('1'))
      const result = await applyGraph(tasks('2'))
      expect(actions(result)).to.deep.equal({ image: 'updated', task: 'replaced', sidecar: 'replaced' })
      expect(cloud.snapshot()).to.deep.equal({
        image: { revision: '2' },
        task: { 'uses-image': 'image', stamp: '2' },
        sidecar: { 'uses-task': 'task' },
      })
    })

    it('still never replaces data', async () => {
      await applyGraph(tasks('1', true))
      const result = await applyGraph(tasks('2', true))
      expect(result.failures.map(({ error, id }) => [id, (error as DatapipeError).code])).to.deep.equal([
        ['task', 'PROTECTED_REPLACEMENT'],
      ])
      expect(cloud.snapshot().task).to.deep.include({ stamp: '1' })
      expect(result.skipped.map(({ id }) => id)).to.deep.equal(['sidecar'])
    })
  })
})
