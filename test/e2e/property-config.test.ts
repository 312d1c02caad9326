import { expect } from 'chai'
import { configKeys } from '../support/properties/config-keys.js'
import { configRows, WITHOUT_ROW, type Everywhere } from '../support/properties/config-rows.js'
import { nextRound, runConfigRound, withKey } from '../support/properties/config.js'
import { environmentOf, EVERYTHING, World } from '../support/properties/world.js'

const NOWHERE: Everywhere = { roles: [], logGroups: [], network: [] }

describe('what a key of datapipe.yaml changes, in an environment with every option on', function () {
  this.timeout(300_000)

  let world: World
  let settings: object = EVERYTHING
  before(async () => {
    world = await World.create()
  })
  after(() => world.remove())

  /** What all roles and log groups are, and what lives in the VPC by the time that it is replaced, is only known here. */
  const everywhere = async (): Promise<Everywhere> => {
    const all = await world.resources(settings)
    const ofType = (type: string) => all.filter((one) => one.type === type).map(({ id }) => id)
    const vpc = all.filter(
      ({ id, within }) => id === 'network/vpc' || within.some((one) => one.id === 'network/vpc'),
    )
    const inside = all.filter(({ within }) => within.some((one) => vpc.some(({ id }) => id === one.id)))
    return {
      roles: ofType('AWS::IAM::Role'),
      logGroups: ofType('AWS::Logs::LogGroup'),
      network: [...new Set([...vpc, ...inside].map(({ id }) => id))],
    }
  }

  const keys = configRows(NOWHERE).map(({ key }) => key)
  it('shows as exactly that and is brought about', async () => {
    const left = new Set(keys)
    while (left.size > 0) {
      const rows = configRows(await everywhere()).filter(({ key }) => left.has(key))
      const round = nextRound(rows)
      for (const { key, to } of round) {
        settings = withKey(settings, key, to)
        left.delete(key)
      }
      await runConfigRound(world, settings, round)
    }
  })

  it('leaves nothing to do in the end, nor on the way back', async () => {
    expect([...(await world.plan(environmentOf(settings)))]).to.deep.equal([])
    // All but the block: the emulator does not let go of the address of a NAT gateway that is replaced.
    const back = environmentOf(withKey(EVERYTHING, 'network.cidr', '10.30.0.0/16'))
    await world.up(back)
    expect([...(await world.plan(back))]).to.deep.equal([])
  })

  it('is tried for every key, or why not is said', () => {
    const known = configKeys()
    const isTried = (key: string) =>
      keys.some(
        (tried) =>
          key === tried ||
          key.replace(/\.\*.*$/, '.') === `${tried.split('.')[0]}.` ||
          key.replace('*', 'rows') === tried,
      )
    expect(known.filter((key) => !isTried(key) && !(key in WITHOUT_ROW))).to.deep.equal([])
    expect(Object.keys(WITHOUT_ROW).filter((key) => !known.includes(key) || isTried(key))).to.deep.equal([])
  })
})
