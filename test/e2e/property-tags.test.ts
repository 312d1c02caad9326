import { expect } from 'chai'
import { TAG } from '../../src/aws/tags.js'
import type { DatapipeError } from '../../src/errors.js'
import type { PlanResult } from '../../src/operate/provision/plan.js'
import { TAGGED } from '../support/properties/drift/tags.js'
import { World } from '../support/properties/world.js'

/** They have no tags of their own: whose they are follows from what they belong to. */
const WITH = ['schedule/sweep', 'security/glue-security-configuration', 'security/key-alias']

describe('tags that say whose something is, changed by hand', function () {
  this.timeout(180_000)

  let world: World
  before(async () => {
    world = await World.create()
  })
  after(() => world.remove())

  const planned = async (): Promise<{ foreign: string[]; created: string[] }> => {
    try {
      await world.plan()
    } catch (error) {
      const { message, result } = error as DatapipeError & { result: PlanResult }
      const foreign = message
        .split('\n')
        .flatMap((line) => /^(\S+): .* belongs to somebody else/.exec(line)?.[1] ?? [])
      const created = result.resources.filter(({ action }) => action === 'create').map(({ id }) => id)
      return { foreign: foreign.sort(), created: created.sort() }
    }
    return { foreign: [], created: [] }
  }

  it('make it foreign where AWS keeps names unique, and unknown where only tags tell', async () => {
    for (const { tag } of TAGGED) await tag(world, TAG.env, 'other')
    const { created, foreign } = await planned()
    const named = TAGGED.filter(({ found }) => found === 'by name').map(({ id }) => id)
    expect(foreign).to.deep.equal([...named, ...WITH, 'security/key'].sort())
    const others = TAGGED.filter(({ found, id }) => found === 'by tags' && id !== 'security/key')
    expect(created).to.include.members(others.map(({ id }) => id))
  })

  it('make it ours again when they are put back', async () => {
    for (const { tag } of TAGGED) await tag(world, TAG.env, 'dev')
    expect([...(await world.plan())]).to.deep.equal([])
  })
})
