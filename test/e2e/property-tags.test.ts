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

  it('make it foreign, whether AWS keeps names unique or only its place tells what it is', async () => {
    for (const { tag } of TAGGED) await tag(world, TAG.env, 'other')
    const { created, foreign } = await planned()
    expect(foreign).to.deep.equal([...TAGGED.map(({ id }) => id), ...WITH].sort())
    expect(created).to.deep.equal([])
  })

  it('make it ours again when they are put back', async () => {
    for (const { tag } of TAGGED) await tag(world, TAG.env, 'dev')
    expect([...(await world.plan())]).to.deep.equal([])
  })
})
