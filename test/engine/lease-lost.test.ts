import { expect } from 'chai'
import { applyGraph } from '../../src/engine/apply.js'
import { destroyGraph } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import { FakeCloud, fakes } from './fake-cloud.js'
import { GRACE, LeaseLab, TTL } from './lease-lab.js'

describe('Lease, lost in the middle of a resource', () => {
  const lab = new LeaseLab()
  let cloud: FakeCloud
  let graph: Graph

  beforeEach(() => {
    cloud = new FakeCloud()
    const make = fakes(cloud)
    const vpc = make('vpc', [], { settings: { size: '1' } })
    graph = new Graph([vpc, make('subnet', [vpc])])
  })

  /** A run whose every change asks the lease first. The process is paused right after the first one, and another takes over. */
  const paused = async () => {
    const lease = await lab.acquire()
    let other: Promise<unknown> | undefined
    cloud.before = async (verb) => {
      if (verb !== 'read') await lease.confirm()
    }
    cloud.after = (verb) => {
      if (verb === 'read' || other !== undefined) return
      lab.clock.pause(TTL + GRACE)
      other = lab.acquire('bob')
    }
    return { signal: lease.lost, assertHeld: () => undefined }
  }

  it('stops up before its next change, as a run that stopped and not as a resource that failed', async () => {
    const result = await applyGraph(graph, await paused())
    expect(cloud.writes()).to.deep.equal(['create vpc'])
    expect(result.stoppedBy).to.have.property('code', 'LEASE_LOST')
    expect(result.failures).to.deep.equal([])
    expect(result.skipped.map(({ id }) => id)).to.deep.equal(['vpc', 'subnet'])
    expect(lab.heldBy()).to.equal('bob')
  })

  it('stops down before its next change', async () => {
    await applyGraph(graph)
    const before = cloud.writes().length
    const result = await destroyGraph(graph, await paused())
    expect(cloud.writes().slice(before)).to.deep.equal(['delete subnet'])
    expect(result.stoppedBy).to.have.property('code', 'LEASE_LOST')
    expect(result.failures).to.deep.equal([])
    expect(lab.heldBy()).to.equal('bob')
  })
})
