import { expect } from 'chai'
import { isAwsError } from '../../../src/aws/retry.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove } from './converge.js'
import { FakeEc2 } from './fake-ec2.js'
import { network } from './network.js'

const READS = [
  'DescribeInternetGateways',
  'DescribeRouteTables',
  'DescribeSecurityGroupRules',
  'DescribeSecurityGroups',
  'DescribeSecurityGroups',
  'DescribeSubnets',
  'DescribeVpcAttribute',
  'DescribeVpcAttribute',
  'DescribeVpcEndpoints',
  'DescribeVpcs',
]

async function up(ec2: FakeEc2): Promise<string[]> {
  const actions: string[] = []
  for (const resource of network(ec2.run()).all) actions.push((await ensure(resource)).action)
  return actions
}

async function down(ec2: FakeEc2): Promise<void> {
  const { all } = network(ec2.run())
  for (const resource of all) resource.resolveUnknown()
  for (const resource of all.reverse()) await remove(resource)
}

/** What is left, by kind. */
function sizes(ec2: FakeEc2): [string, number][] {
  return Object.entries(ec2.census()).filter(([, count]) => count > 0)
}

/** Runs something that is killed at its nth call; false when it ended before. */
async function killedAt(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return false
  } catch (error) {
    if (isAwsError(error, 'Killed')) return true
    throw error
  }
}

describe('a network of EC2 resources', () => {
  it('is created once, and found unchanged with one read per kind', async () => {
    const ec2 = new FakeEc2()
    expect(new Set(await up(ec2))).to.deep.equal(new Set(['create']))
    expect(new Set(await up(ec2))).to.deep.equal(new Set(['unchanged']))
    expect(ec2.calls.map((call) => call.name).sort()).to.deep.equal(READS)
  })

  it('shares reads that start at the same time', async () => {
    const ec2 = new FakeEc2()
    await up(ec2)
    const { all } = network(ec2.run())
    await Promise.all(all.map((resource) => resource.read(testOperation())))
    expect(ec2.calls.map((call) => call.name).sort()).to.deep.equal(READS)
  })

  it('tags everything with the logical id on creation', async () => {
    const ec2 = new FakeEc2()
    await up(ec2)
    expect(ec2.called('CreateTags')).to.deep.equal([])
    for (const resource of network(ec2.run()).all) {
      const seen = await resource.read(testOperation())
      expect(seen?.owned).to.equal(true)
    }
    const own = [...ec2.rules.values()].filter((rule) => rule.Tags?.some((tag) => tag.Key === 'datapipe:env'))
    expect(own).to.have.length(ec2.rules.size)
  })

  it('leaves nothing after deletion in reverse order', async () => {
    const ec2 = new FakeEc2()
    await up(ec2)
    await down(ec2)
    expect(sizes(ec2)).to.deep.equal([])
  })

  for (const moment of ['before', 'after'] as const) {
    it(`converges after being killed ${moment} any call of its creation`, async () => {
      const undisturbed = new FakeEc2()
      await up(undisturbed)
      for (let call = 1; ; call++) {
        const ec2 = new FakeEc2()
        const { all } = network(ec2.run())
        ec2.kill = { call, moment }
        const killed = await killedAt(async () => {
          for (const resource of all) await ensure(resource)
        })
        if (!killed) break
        const last = ec2.calls.at(-1)?.name
        await up(ec2)
        expect(ec2.census(), `killed ${moment} call ${call}, ${last}`).to.deep.equal(undisturbed.census())
        const { all: again } = network(ec2.run())
        for (const resource of again) {
          resource.resolve((await resource.read(testOperation()))!.attributes)
          expect(await drift(resource), `${resource.id} after a kill at ${last}`).to.deep.equal([])
        }
      }
    })

    it(`deletes everything after being killed ${moment} any call of its deletion`, async () => {
      for (let call = 1; ; call++) {
        const ec2 = new FakeEc2()
        await up(ec2)
        const { all } = network(ec2.run())
        ec2.kill = { call, moment }
        const killed = await killedAt(async () => {
          for (const resource of all.reverse()) await remove(resource)
        })
        if (!killed) break
        const last = ec2.calls.at(-1)?.name
        await down(ec2)
        expect(sizes(ec2), `killed ${moment} call ${call}, ${last}`).to.deep.equal([])
      }
    })
  }
})
