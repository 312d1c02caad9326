import { expect } from 'chai'
import type { UpResult } from '../../src/operate/provision/up.js'
import { EVERY_OPTION, Operator } from '../support/realism/environment.js'
import { startStrictAws, type Started } from '../support/realism/start.js'
import { present, snapshot } from '../support/snapshot.js'

const NOTHING = { created: 0, updated: 0, replaced: 0, deleted: 0 }

const everything = (network: string) =>
  `${EVERY_OPTION}network: { ${network}, flowLogs: s3, networkAcls: true }\n`
const only = (network: string) => `project: order\nnetwork: { ${network} }\n`

describe('the order of deletion, on an AWS that insists on it', function () {
  this.timeout(180_000)
  let aws: Started
  let operator: Operator

  beforeEach(async () => {
    aws = await startStrictAws()
    operator = new Operator(aws.endpoint)
  })
  afterEach(() => aws.stop())

  const refusals = () => aws.refused.map(({ action, code }) => `${action}: ${code}`)

  async function settle(config: string): Promise<UpResult> {
    const result = await operator.up(config)
    expect((await operator.up(config)).changes).to.include(NOTHING)
    expect(refusals(), 'in the right order, nothing is refused').to.deep.equal([])
    return result
  }
  async function empty(config: string): Promise<void> {
    const gone = await operator.down(config)
    expect(gone).to.deep.include({ verifiedEmpty: true, leftovers: [] })
    expect(present(await snapshot(aws.emulator))).to.deep.equal({})
    expect(refusals(), 'in the right order, nothing is refused').to.deep.equal([])
  }

  it('takes the default environment down, and up again at once', async () => {
    const first = await operator.up('')
    await empty('')
    const again = await operator.up('')
    expect(again.resources.map(({ id }) => id)).to.deep.equal(first.resources.map(({ id }) => id))
    // The names of its queues are taken for a while: that is waited for, and nothing else.
    expect([...new Set(refusals())]).to.deep.equal(['CreateQueue: QueueDeletedRecently'])
    expect((await operator.up('')).changes).to.include(NOTHING)
  })

  it('takes an environment with every option from one way out to another, without a zone, and down', async () => {
    await operator.up(everything('egress: endpoints, zones: 3'))
    await settle(everything('egress: nat-per-az, zones: 2'))
    // Here the groups of tasks and endpoints name each other.
    await settle(everything('egress: endpoints, zones: 2'))
    await empty(everything('egress: endpoints, zones: 2'))
  })

  it('goes through every way out and back', async () => {
    for (const egress of ['public', 'nat', 'nat-per-az', 'endpoints', 'public'])
      await settle(only(`egress: ${egress}`))
    await empty(only('egress: public'))
  })
})
