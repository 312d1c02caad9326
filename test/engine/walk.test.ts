import { expect } from 'chai'
import { Graph } from '../../src/engine/graph.js'
import { walk, type SkipCause, type WalkOptions } from '../../src/engine/walk.js'
import { FakeCloud, fakes, settle } from './fake-cloud.js'

describe('walk', () => {
  const make = fakes(new FakeCloud())

  /** Records what starts, and ends a visit only when told. */
  function manual(graph: Graph, options: Partial<WalkOptions> = {}) {
    const started: string[] = []
    const skipped: Record<string, SkipCause> = {}
    const doors = new Map<string, (verdict: 'done' | 'failed') => void>()
    const finished = walk(graph, {
      gate: () => undefined,
      visit: (resource) => {
        started.push(resource.id)
        return new Promise((resolve) => doors.set(resource.id, resolve))
      },
      skip: (resource, cause) => {
        skipped[resource.id] = cause
      },
      ...options,
    })
    const end = async (id: string, verdict: 'done' | 'failed' = 'done') => {
      doors.get(id)!(verdict)
      await settle()
    }
    return { started, skipped, finished, end }
  }

  it('starts a resource only when all that comes before it is done', async () => {
    const a = make('a')
    const b = make('b')
    const run = manual(new Graph([a, b, make('c', [a, b])]))
    expect(run.started).to.deep.equal(['a', 'b'])
    await run.end('a')
    expect(run.started).to.deep.equal(['a', 'b'])
    await run.end('b')
    expect(run.started).to.deep.equal(['a', 'b', 'c'])
    await run.end('c')
    await run.finished
  })

  it('keeps as many in flight as it may, and never more', async () => {
    const run = manual(new Graph(['a', 'b', 'c', 'd', 'e'].map((id) => make(id))), { concurrency: 2 })
    expect(run.started).to.have.length(2)
    await run.end('b')
    expect(run.started).to.have.length(3)
    await run.end('a')
    await run.end('c')
    expect(run.started).to.have.length(5)
    await run.end('d')
    await run.end('e')
    await run.finished
  })

  it('starts what has the longest chain behind it first', async () => {
    const short = make('short')
    const long = make('long')
    const next = make('long/1', [long])
    const graph = new Graph([
      make('lone'),
      short,
      make('short/1', [short]),
      long,
      next,
      make('long/2', [next]),
    ])
    const order: string[] = []
    await walk(graph, {
      concurrency: 1,
      gate: () => undefined,
      visit: async (resource) => {
        order.push(resource.id)
        return 'done'
      },
      skip: () => undefined,
    })
    expect(order).to.deep.equal(['long', 'short', 'long/1', 'lone', 'short/1', 'long/2'])
  })

  it('skips all that comes after a failure, naming it, and lets the others finish', async () => {
    const a = make('a')
    const b = make('b', [a])
    const other = make('other')
    const run = manual(new Graph([a, b, make('c', [b]), other, make('after-other', [other])]))
    await run.end('a', 'failed')
    expect(run.skipped).to.deep.equal({ b: { because: a }, c: { because: a } })
    await run.end('other')
    await run.end('after-other')
    await run.finished
    expect(run.started).to.deep.equal(['a', 'other', 'after-other'])
  })

  it('starts nothing new when the gate closes, waits for what runs, and names the reason for the rest', async () => {
    const closed = new Error('closed')
    let open = true
    const a = make('a')
    const b = make('b')
    const run = manual(new Graph([a, b, make('c', [a]), make('d', [b])]), {
      gate: () => {
        if (!open) throw closed
      },
    })
    open = false
    await run.end('a')
    let over = false
    const finished = run.finished.then(() => (over = true))
    await settle()
    expect(over).to.equal(false)
    await run.end('b')
    await finished
    expect(run.started).to.deep.equal(['a', 'b'])
    expect(run.skipped).to.deep.equal({ c: { stopped: closed }, d: { stopped: closed } })
  })

  it('ends at once when there is nothing to do', async () => {
    await walk(new Graph([]), {
      gate: () => expect.fail('nothing to start'),
      visit: () => expect.fail('nothing to visit'),
      skip: () => expect.fail('nothing to skip'),
    })
  })
})
