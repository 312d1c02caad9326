import { expect } from 'chai'
import { applyGraph } from '../../src/engine/apply.js'
import { destroyGraph } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import { FakeCloud, fakes } from './fake-cloud.js'

/** A network that exists in an older form: one part to replace with what lives in it, one to update, one orphan, one new. */
function older(): FakeCloud {
  const cloud = new FakeCloud()
  const vpc = cloud.put('vpc', { cidr: '10.0' })
  const subnet = cloud.put('subnet', { 'uses-vpc': vpc })
  cloud.put('route', { 'uses-subnet': subnet })
  cloud.put('role', { policy: 'old' })
  cloud.put('orphan')
  return cloud
}

function parts(cloud: FakeCloud) {
  const make = fakes(cloud)
  const vpc = make('vpc', [], { settings: { cidr: '10.1', dns: 'on' }, replaces: ['cidr'] })
  const subnet = make('subnet', [vpc], { within: [vpc], replaces: ['uses-vpc'] })
  const route = make('route', [subnet], { within: [subnet] })
  const role = make('role', [], { settings: { policy: 'new' } })
  const task = make('task', [subnet, role])
  return { graph: new Graph([vpc, subnet, route, role, task]), orphans: [make('orphan')] }
}

const up = (cloud: FakeCloud) => {
  const { graph, orphans } = parts(cloud)
  return applyGraph(graph, { orphans })
}

/** Cuts the line at the nth write: that one and all later calls fail, before or after their effect. */
function killAt(cloud: FakeCloud, step: number, moment: 'before' | 'after'): void {
  let count = 0
  let dead = false
  const live = (own: typeof moment, verb: string) => {
    if (dead) throw new Error('killed')
    if (verb === 'read' || own !== moment || ++count < step) return
    dead = true
    throw new Error('killed')
  }
  cloud.before = (verb) => {
    live('before', verb)
  }
  cloud.after = (verb) => {
    live('after', verb)
  }
}

function revive(cloud: FakeCloud): void {
  cloud.before = () => undefined
  cloud.after = () => undefined
}

describe('a run that is killed', () => {
  it('at any step of an up ends, after another up, like one that was not', async () => {
    const undisturbed = older()
    expect((await up(undisturbed)).failures).to.deep.equal([])
    const steps = undisturbed.writes().length
    expect(steps).to.be.greaterThan(8)

    for (const moment of ['before', 'after'] as const) {
      for (let step = 1; step <= steps; step++) {
        const cloud = older()
        killAt(cloud, step, moment)
        expect((await up(cloud)).failures, `${moment} ${step}`).not.to.deep.equal([])
        revive(cloud)
        const { failures } = await up(cloud)
        expect(failures, `${moment} ${step}`).to.deep.equal([])
        expect(cloud.snapshot(), `${moment} ${step}`).to.deep.equal(undisturbed.snapshot())
        expect((await up(cloud)).counts).to.deep.equal({
          created: 0,
          updated: 0,
          replaced: 0,
          deleted: 0,
          unchanged: 5,
        })
      }
    }
  })

  it('at any step of a down leaves nothing after another down', async () => {
    for (const moment of ['before', 'after'] as const) {
      for (let step = 1; step <= 5; step++) {
        const cloud = new FakeCloud()
        await up(cloud)
        killAt(cloud, step, moment)
        const first = await destroyGraph(parts(cloud).graph)
        expect(first.failures, `${moment} ${step}`).not.to.deep.equal([])
        revive(cloud)
        const { failures } = await destroyGraph(parts(cloud).graph)
        expect(failures).to.deep.equal([])
        expect(cloud.snapshot(), `${moment} ${step}`).to.deep.equal({})
      }
    }
  })
})
