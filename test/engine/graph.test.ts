import { expect } from 'chai'
import { Graph } from '../../src/engine/graph.js'
import type { Resource } from '../../src/engine/resource.js'
import { FakeCloud, fakes } from './fake-cloud.js'

describe('Graph', () => {
  const make = fakes(new FakeCloud())
  const idsOf = (resources: Iterable<Resource>) => [...resources].map((resource) => resource.id)
  /** A graph from `{ id: [what comes before it] }`, which can also say what no constructor can: a cycle. */
  const wired = (edges: Record<string, string[]>) => {
    const all = new Map(Object.keys(edges).map((id) => [id, make(id)]))
    return new Graph([...all.values()], (resource) => edges[resource.id]!.map((id) => all.get(id)!))
  }

  it('refuses two resources with one id', () => {
    expect(() => new Graph([make('a'), make('b'), make('a')]))
      .to.throw('Two resources have the id a.')
      .with.property('code', 'DUPLICATE_RESOURCE')
  })

  it('refuses a dependency that is not in it, also when another resource has its id', () => {
    const vpc = make('vpc')
    const subnet = make('subnet', [vpc])
    for (const resources of [[subnet], [subnet, make('vpc')]]) {
      expect(() => new Graph(resources))
        .to.throw('subnet depends on vpc')
        .with.property('code', 'MISSING_DEPENDENCY')
    }
  })

  it('prints the path of a cycle, and only that', () => {
    expect(() => wired({ start: ['a'], a: ['b'], b: ['c'], c: ['a'], end: ['start'], other: [] }))
      .to.throw('a -> b -> c -> a.')
      .with.property('code', 'DEPENDENCY_CYCLE')
    expect(() => wired({ before: [], entry: ['x', 'before'], x: ['y'], y: ['x'] })).to.throw(': x -> y -> x.')
    expect(() => wired({ self: ['self'] })).to.throw(': self -> self.')
  })

  it('puts dependencies first and otherwise keeps the order it was given', () => {
    const graph = wired({ d: ['b'], a: [], c: [], b: ['a'] })
    expect(idsOf(graph.order)).to.deep.equal(['a', 'c', 'b', 'd'])
  })

  it('layers resources by what must come before them', () => {
    const graph = wired({ a: [], b: ['a'], c: ['b', 'a'], d: [], e: ['d'] })
    expect(graph.layers().map(idsOf)).to.deep.equal([['a', 'd'], ['b', 'e'], ['c']])
  })

  it('measures the longest chain behind each resource, in either direction', () => {
    const graph = wired({ a: [], b: ['a'], c: ['b'], d: ['a'], e: [] })
    const lengths = (of: Graph) => Object.fromEntries(of.order.map((one) => [one.id, of.chainLength(one)]))
    expect(lengths(graph)).to.deep.equal({ a: 3, b: 2, c: 1, d: 1, e: 1 })
    expect(lengths(graph.reversed())).to.deep.equal({ c: 3, b: 2, d: 2, a: 1, e: 1 })
  })

  it('reverses: dependants come before what they depend on', () => {
    const reversed = wired({ a: [], b: ['a'], c: ['b'] }).reversed()
    expect(idsOf(reversed.order)).to.deep.equal(['c', 'b', 'a'])
    expect(idsOf(reversed.allDependencies(reversed.get('a')))).to.have.members(['b', 'c'])
    expect(idsOf(reversed.allDependants(reversed.get('c')))).to.have.members(['a', 'b'])
  })

  it('counts a dependency that is named twice once', () => {
    const vpc = make('vpc')
    const graph = new Graph([vpc, make('subnet', [vpc, vpc], { within: [vpc] })])
    expect(idsOf(graph.dependants(vpc))).to.deep.equal(['subnet'])
  })
})
