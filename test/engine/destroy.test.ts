import { expect } from 'chai'
import { destroyGraph, type DestroyResult } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import { DatapipeError, InterruptedError } from '../../src/errors.js'
import { deferred, FakeCloud, type FakeOptions, type FakeResource, fakes, settle } from './fake-cloud.js'

describe('destroyGraph', () => {
  let cloud: FakeCloud
  let make: ReturnType<typeof fakes>

  beforeEach(() => {
    cloud = new FakeCloud()
    make = fakes(cloud)
  })

  const idsOf = (list: { id: string }[]) => list.map(({ id }) => id).toSorted()
  const reasons = (result: DestroyResult) =>
    Object.fromEntries(result.skipped.map(({ id, reason }) => [id, reason]))

  /** A resource that exists and refers to what it depends on. */
  const existing = (id: string, dependsOn: FakeResource[] = [], options: FakeOptions = {}) => {
    const settings = dependsOn.map((one) => [`uses-${one.id}`, cloud.things.get(one.id)?.ref ?? 'nothing'])
    cloud.put(id, Object.fromEntries(settings) as Record<string, string>)
    return make(id, dependsOn, options)
  }
  const network = () => {
    const vpc = existing('vpc')
    const subnets = [existing('subnet/a', [vpc]), existing('subnet/b', [vpc])]
    return [vpc, ...subnets, existing('task', subnets)]
  }

  it('deletes everything, each resource only when nothing depends on it any more', async () => {
    const result = await destroyGraph(new Graph(network()))
    expect(idsOf(result.deleted)).to.deep.equal(['subnet/a', 'subnet/b', 'task', 'vpc'])
    expect(cloud.snapshot()).to.deep.equal({})
    expect(result.blocked).to.deep.equal([])
    expect(cloud.writes()[0]).to.equal('delete task')
    expect(cloud.writes().at(-1)).to.equal('delete vpc')
  })

  it('waits until a dependant is really gone', async () => {
    const door = deferred()
    cloud.before = (verb, id) => (verb === 'delete' && id === 'subnet/a' ? door.promise : undefined)
    const running = destroyGraph(new Graph(network()))
    await settle()
    await settle()
    expect(cloud.writes()).to.deep.equal(['delete task', 'delete subnet/b'])
    door.resolve()
    await running
    expect(cloud.things.size).to.equal(0)
  })

  it('says what was not there', async () => {
    const vpc = existing('vpc')
    const result = await destroyGraph(new Graph([vpc, make('subnet', [vpc])]))
    expect(idsOf(result.absent)).to.deep.equal(['subnet'])
    expect(idsOf(result.deleted)).to.deep.equal(['vpc'])
  })

  it('neither deletes nor counts what belongs to the whole account', async () => {
    const role = existing('account-role')
    Object.assign(role, { shared: true })
    const cluster = existing('cluster', [role])
    const result = await destroyGraph(new Graph([role, cluster]))
    expect(idsOf(result.deleted)).to.deep.equal(['cluster'])
    expect(result.retained).to.deep.equal([])
    expect(cloud.things.has('account-role')).to.equal(true)
  })

  it('counts what AWS still keeps for a while as gone, and tells until when', async () => {
    const key = existing('key', [], { deletion: { status: 'scheduled', until: '2026-12-01' } })
    const vpc = existing('vpc')
    const alias = existing('alias', [key, vpc])
    const result = await destroyGraph(new Graph([vpc, key, alias]))
    expect(result.scheduled).to.have.length(1)
    expect(result.scheduled[0]).to.include({ id: 'key', until: '2026-12-01' })
    expect(idsOf(result.deleted)).to.deep.equal(['alias', 'vpc'])
  })

  describe('data', () => {
    const withData = () => {
      const key = existing('key')
      const logs = existing('logs')
      const bucket = existing('bucket', [key], { retain: true, keeps: [key], dependsOn: [logs] })
      return new Graph([key, logs, bucket, existing('rule', [bucket])])
    }

    it('stays with what it names as needed; its other dependencies and dependants go', async () => {
      const result = await destroyGraph(withData())
      expect(idsOf(result.retained)).to.deep.equal(['bucket', 'key'])
      expect(idsOf(result.deleted)).to.deep.equal(['logs', 'rule'])
      expect(Object.keys(cloud.snapshot())).to.deep.equal(['bucket', 'key'])
    })

    it('goes too when told so', async () => {
      const result = await destroyGraph(withData(), { deleteData: true })
      expect(result.retained).to.deep.equal([])
      expect(cloud.snapshot()).to.deep.equal({})
    })

    it('that is not there keeps nothing', async () => {
      const graph = withData()
      cloud.things.delete('bucket')
      expect(idsOf((await destroyGraph(graph)).retained)).to.deep.equal([])
      expect(cloud.snapshot()).to.deep.equal({})
    })

    it('keeps what is needed through several steps', async () => {
      const root = existing('root')
      const key = existing('key', [root], { keeps: [root] })
      const bucket = existing('bucket', [key], { retain: true, keeps: [key] })
      const result = await destroyGraph(new Graph([root, key, bucket]))
      expect(idsOf(result.retained)).to.deep.equal(['bucket', 'key', 'root'])
    })

    it('keeps also what it names without depending on it', async () => {
      for (const readable of [true, false]) {
        cloud.before = (verb, id) => {
          if (verb === 'read' && id === 'bucket' && !readable) throw new Error('no')
        }
        const audit = existing('audit')
        const bucket = existing('bucket', [], { retain: true, keeps: [audit] })
        const result = await destroyGraph(new Graph([bucket, audit, existing('lone')]))
        expect(idsOf(result.retained)).to.include('audit')
        expect(Object.keys(cloud.snapshot())).to.deep.equal(['audit', 'bucket'])
      }
    })

    it('keeps what it needs also when it cannot be read', async () => {
      const graph = withData()
      cloud.before = (verb, id) => {
        if (verb === 'read' && id === 'bucket') throw new Error('no')
      }
      const result = await destroyGraph(graph)
      expect(idsOf(result.failures)).to.deep.equal(['bucket'])
      expect(cloud.things.has('key')).to.equal(true)
    })
  })

  it('never deletes what belongs to somebody else', async () => {
    const vpc = existing('vpc')
    const subnet = existing('subnet')
    cloud.things.get('subnet')!.owned = false
    const result = await destroyGraph(new Graph([vpc, subnet]), { deleteData: true })
    expect(idsOf(result.foreign)).to.deep.equal(['subnet'])
    expect(Object.keys(cloud.snapshot())).to.deep.equal(['subnet'])
  })

  it('names what holds a resource, and leaves what that depends on', async () => {
    const vpc = existing('vpc')
    const subnet = existing('subnet', [vpc])
    const other = existing('other')
    cloud.put('outsider', { uses: cloud.things.get('subnet')!.ref })
    const result = await destroyGraph(new Graph([vpc, subnet, other]))
    expect(result.blocked.map(({ by, id }) => [id, by])).to.deep.equal([['subnet', ['outsider']]])
    expect(reasons(result)).to.deep.equal({ vpc: 'waits for subnet, which could not be deleted' })
    expect(idsOf(result.deleted)).to.deep.equal(['other'])
    expect(cloud.calls('delete')).not.to.include('delete vpc')
  })

  it('lets independent resources finish after failures, and reports all of them', async () => {
    const graph = new Graph([...network(), existing('bad/1'), existing('bad/2')])
    cloud.before = (verb, id) => {
      if (verb === 'delete' && (id.startsWith('bad') || id === 'subnet/a')) throw new Error(`no ${id}`)
    }
    const result = await destroyGraph(graph)
    expect(idsOf(result.failures)).to.deep.equal(['bad/1', 'bad/2', 'subnet/a'])
    expect(idsOf(result.deleted)).to.deep.equal(['subnet/b', 'task'])
    expect(reasons(result)).to.deep.equal({ vpc: 'waits for subnet/a, which could not be deleted' })
  })

  it('after an interruption finishes what runs and reports the rest', async () => {
    const controller = new AbortController()
    const graph = new Graph(network())
    cloud.before = (verb) => {
      if (verb === 'delete') controller.abort()
    }
    const result = await destroyGraph(graph, { signal: controller.signal })
    expect(idsOf(result.deleted)).to.deep.equal(['task'])
    expect(reasons(result)).to.deep.equal({
      vpc: 'interrupted',
      'subnet/a': 'interrupted',
      'subnet/b': 'interrupted',
    })
    expect(result.stoppedBy).to.be.instanceOf(InterruptedError)
  })

  it('stops when the lease is lost', async () => {
    const lost = new DatapipeError('LEASE_LOST', 'The lease is lost.')
    const result = await destroyGraph(new Graph(network()), {
      assertHeld: () => {
        if (cloud.calls('delete').length > 0) throw lost
      },
    })
    expect(idsOf(result.deleted)).to.deep.equal(['task'])
    expect(result.stoppedBy).to.equal(lost)
  })

  describe('what comes last', () => {
    const withLease = () => {
      const key = existing('key')
      const artifacts = existing('artifacts', [key])
      return new Graph([key, artifacts, existing('lone'), existing('topic', [key])])
    }

    it('goes after everything else; then the lease is let go and no longer asked for', async () => {
      let held = true
      const graph = withLease()
      const result = await destroyGraph(graph, {
        last: ['artifacts'],
        assertHeld: () => {
          if (!held) throw new Error('lost')
        },
        beforeLast: () => {
          expect(Object.keys(cloud.snapshot())).to.deep.equal(['artifacts', 'key'])
          held = false
        },
      })
      expect(held).to.equal(false)
      expect(cloud.snapshot()).to.deep.equal({})
      expect(cloud.writes().slice(-2)).to.deep.equal(['delete artifacts', 'delete key'])
      expect(result.stoppedBy).to.equal(undefined)
    })

    it('keeps the order it was given', async () => {
      const ids = ['a', 'b', 'c', 'd']
      const graph = new Graph(ids.map((id) => existing(id)))
      for (const last of [
        ['c', 'a'],
        ['a', 'c'],
      ]) {
        for (const id of ids) cloud.put(id)
        await destroyGraph(graph, { last })
        expect(cloud.writes().slice(-2)).to.deep.equal(last.map((id) => `delete ${id}`))
      }
    })

    it('stays, with the lease, when anything else could not go', async () => {
      const graph = withLease()
      cloud.before = (verb, id) => {
        if (verb === 'delete' && id === 'lone') throw new Error('no')
      }
      const result = await destroyGraph(graph, {
        last: ['artifacts'],
        beforeLast: () => expect.fail('the lease is still needed'),
      })
      expect(Object.keys(cloud.snapshot())).to.deep.equal(['artifacts', 'key', 'lone'])
      expect(reasons(result).artifacts).to.equal('waits for lone, which could not be deleted')
    })

    it('stays when it cannot be told that others may take the lease', async () => {
      const result = await destroyGraph(withLease(), {
        last: ['artifacts'],
        beforeLast: () => Promise.reject(new Error('no')),
      })
      expect(idsOf(result.failures)).to.deep.equal(['artifacts'])
      expect(Object.keys(cloud.snapshot())).to.deep.equal(['artifacts', 'key'])
    })

    it('must be part of the environment', async () => {
      const error: unknown = await destroyGraph(new Graph([]), { last: ['nobody'] }).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).to.have.property('code', 'UNKNOWN_RESOURCE')
    })
  })
})
