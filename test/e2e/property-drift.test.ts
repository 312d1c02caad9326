import { expect } from 'chai'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rounds, runRound } from '../support/properties/drift.js'
import { rows } from '../support/properties/drift/all.js'
import { ABSENT_TYPES, GAPS } from '../support/properties/gaps.js'
import { nameable, templateOf, type Named } from '../support/properties/nameable.js'
import { signal, World } from '../support/properties/world.js'

describe('what somebody changes by hand, in an environment with every option on', function () {
  this.timeout(300_000)

  let world: World
  let named: Named[]
  let types: ReadonlyMap<string, string>

  before(async () => {
    world = await World.create()
    const resources = await world.resources()
    types = new Map(resources.map(({ id, type }) => [id, type]))
    named = []
    for (const resource of resources) {
      const seen = await resource.read({ signal, waiting: () => undefined })
      expect(seen, resource.id).to.not.equal(undefined)
      resource.resolve(seen!.attributes)
      named.push(...nameable(resource, seen!))
    }
  })
  after(() => world.remove())
  // One round that fails must not make the others fail.
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await world.up(undefined, new Set(['security/key-alias']))
  })

  for (const [index, round] of rounds(rows).entries()) {
    it(`shows as what it is and is repaired: round ${index + 1}, ${round.length} changes`, () =>
      runRound(world, round))
  }

  it('leaves nothing to do in the end', async () => {
    expect([...(await world.plan())]).to.deep.equal([])
  })

  it('is tried for every property that a difference can name and AWS can change, or why not is said', () => {
    const tried = new Set(
      rows.flatMap(({ id, paths }) => paths.map((path) => `${types.get(id)} ${templateOf(path)}`)),
    )
    const possible = new Set(
      named
        .filter(({ replaces }) => !replaces)
        .flatMap(({ paths, type }) => paths.map((path) => `${type} ${templateOf(path)}`)),
    )
    expect([...possible].filter((path) => !tried.has(path) && !(path in GAPS))).to.deep.equal([])
    expect(Object.keys(GAPS).filter((path) => tried.has(path) || !possible.has(path))).to.deep.equal([])
  })

  it('names one property for one thing that is otherwise', () => {
    const whole = ['definition', 'body']
    const several = named.filter(({ leaf, paths }) => paths.length > 1 && !whole.includes(leaf))
    expect(several).to.deep.equal([])
  })

  it('covers every type of resource, or says why there is none', () => {
    const source = new URL('../../src/resources/', import.meta.url)
    const all = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(new URL(file, source), 'utf8').matchAll(/readonly type = '(.+)'/g)])
      .map(([, type = '']) => type)
    const present = new Set(types.values())
    expect(all.filter((type) => !present.has(type) && !(type in ABSENT_TYPES))).to.deep.equal([])
    expect(Object.keys(ABSENT_TYPES).filter((type) => present.has(type))).to.deep.equal([])
  })

  it('names only tests that exist for what it leaves out', () => {
    const tests = [...Object.values(GAPS), ...Object.values(ABSENT_TYPES)].flatMap(({ test = [] }) => test)
    expect(tests.filter((test) => !existsSync(new URL(`../../${test}`, import.meta.url)))).to.deep.equal([])
  })
})
