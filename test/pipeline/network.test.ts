import { expect } from 'chai'
import type { ApplyResult } from '../../src/engine/apply.js'
import { awsError, FakeEc2 } from '../resources/ec2/fake-ec2.js'
import { unreachable } from './network-reach.js'
import { World, type NetworkSettings } from './network-world.js'

type Egress = NonNullable<NetworkSettings['egress']>
const MODES: Egress[] = ['public', 'nat', 'nat-per-az', 'endpoints']

function changed({ outcomes }: ApplyResult): string[] {
  return outcomes.filter(({ action }) => action !== 'unchanged').map(({ action, id }) => `${action} ${id}`)
}

function expectDone(result: ApplyResult): void {
  expect(result.failures.map(({ error, id }) => `${id}: ${String(error)}`)).to.deep.equal([])
  expect(result.skipped).to.deep.equal([])
}

function left(ec2: FakeEc2): Record<string, number> {
  return Object.fromEntries(Object.entries(ec2.census()).filter(([, count]) => count > 0))
}

describe('network modes', function () {
  this.timeout(60_000)
  let ec2: FakeEc2
  let world: World
  const up = async (settings: NetworkSettings) => {
    const result = await world.up(settings)
    expectDone(result)
    return result
  }
  /** From now on, no call may find a moment in which a task could not work where it would be started. */
  const watch = () => {
    const gaps = new Set<string>()
    ec2.observer = (name) => {
      if (world.placement === undefined) return
      for (const gap of unreachable(ec2, world.placement)) gaps.add(`${gap} before ${name}`)
    }
    return gaps
  }

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.lag = 2
    world = new World(ec2)
  })

  const WHAT: Record<Egress, Record<string, number>> = {
    public: {},
    nat: { nats: 1, addresses: 1 },
    // With the main table that every VPC has.
    'nat-per-az': { nats: 2, addresses: 2, tables: 4 },
    endpoints: { endpoints: 5, groups: 3 },
  }
  for (const egress of MODES) {
    it(`${egress}: is made once, lets tasks work, and leaves nothing behind`, async () => {
      await up({ egress })
      const { addresses, endpoints, groups, nats, tables } = ec2.census()
      expect({ nats, addresses, endpoints, groups, tables }).to.deep.equal({
        ...{ nats: 0, addresses: 0, endpoints: 1, groups: 2, tables: 3 },
        ...WHAT[egress],
      })
      expect(unreachable(ec2, world.placement!)).to.deep.equal([])
      expect(world.placement!.publicIp).to.equal(egress === 'public')
      expect(changed(await up({ egress }))).to.deep.equal([])
      const gone = await world.down({ egress })
      expect(gone.failures).to.deep.equal([])
      expect(gone.blocked).to.deep.equal([])
      expect(left(ec2)).to.deep.equal({})
    })
  }

  for (const from of MODES)
    for (const to of MODES.filter((mode) => mode !== from)) {
      it(`${from} -> ${to}: the new way is there before the old one goes`, async () => {
        await up({ egress: to })
        const wanted = ec2.census()
        await world.down({ egress: to })

        await up({ egress: from })
        const gaps = watch()
        await up({ egress: to })
        expect([...gaps]).to.deep.equal([])
        expect(ec2.census()).to.deep.equal(wanted)
        expect(changed(await up({ egress: to }))).to.deep.equal([])
        await world.down({ egress: to })
        expect(left(ec2)).to.deep.equal({})
      })
    }

  for (const egress of MODES) {
    it(`${egress}: grows to a third zone and shrinks back`, async () => {
      await up({ egress, flowLogs: 's3', networkAcls: true })
      const two = ec2.census()
      const gaps = watch()
      await up({ egress, flowLogs: 's3', networkAcls: true, zones: 3 })
      expect(ec2.subnets.size).to.equal(6)
      expect(world.placement!.subnetIds).to.have.length(3)
      await up({ egress, flowLogs: 's3', networkAcls: true })
      expect([...gaps]).to.deep.equal([])
      expect(ec2.census()).to.deep.equal(two)
      expect(changed(await up({ egress, flowLogs: 's3', networkAcls: true }))).to.deep.equal([])
    })
  }

  it('takes network ACLs, flow logs and further endpoints away when they are no longer wanted', async () => {
    await up({ egress: 'nat' })
    const plain = ec2.census()
    await up({ egress: 'nat', flowLogs: 's3', networkAcls: true, interfaceEndpoints: ['secretsmanager'] })
    const { acls, endpoints, flowLogs } = ec2.census()
    expect({ acls, endpoints, flowLogs }).to.deep.equal({ acls: 2, endpoints: 2, flowLogs: 1 })
    expect(changed(await up({ egress: 'nat' }))).to.have.members([
      'deleted network/flow-log',
      'deleted network/endpoint/secretsmanager',
      'deleted network/acl/private',
      'deleted network/acl/public',
      'deleted network/security-group/endpoints',
    ])
    expect(ec2.census()).to.deep.equal(plain)
  })

  it('deletes NAT gateways before their addresses, and endpoints before their group', async () => {
    await up({ egress: 'nat-per-az' })
    expect(
      changed(await up({ egress: 'endpoints' })).filter((line) => line.startsWith('deleted')),
    ).to.deep.equal([
      'deleted network/nat/a',
      'deleted network/nat/b',
      'deleted network/address/nat/a',
      'deleted network/address/nat/b',
      'deleted network/routes/private/b',
    ])
    expect(
      changed(await up({ egress: 'public' })).filter((line) => line.startsWith('deleted')),
    ).to.deep.equal([
      'deleted network/endpoint/ecr.api',
      'deleted network/endpoint/ecr.dkr',
      'deleted network/endpoint/logs',
      'deleted network/endpoint/glue',
      'deleted network/security-group/endpoints',
    ])
  })

  it('keeps the old way when the new one cannot be made', async () => {
    await up({ egress: 'nat' })
    const gaps = watch()
    ec2.fail('CreateVpcEndpoint', awsError('UnauthorizedOperation', 'not allowed'))
    const result = await world.up({ egress: 'endpoints' })
    expect(result.failures).to.have.length(1)
    expect(ec2.census().nats).to.equal(1)
    expect([...gaps]).to.deep.equal([])
    await up({ egress: 'endpoints' })
    expect(ec2.census().nats).to.equal(0)
    expect([...gaps]).to.deep.equal([])
  })

  it('leaves out the zones where a service is not, and refuses a service that is nowhere', async () => {
    ec2.services.glue = ['use1-az1']
    await up({ egress: 'endpoints' })
    const zonesOf = (service: string) =>
      [...ec2.endpoints.values()]
        .find(({ ServiceName: name }) => name?.endsWith(`.${service}`))
        ?.SubnetIds?.map((id) => ec2.subnets.get(id)?.AvailabilityZoneId)
    expect(zonesOf('glue')).to.deep.equal(['use1-az1'])
    expect(zonesOf('logs')).to.have.members(['use1-az1', 'use1-az2'])
    expect(changed(await up({ egress: 'endpoints' }))).to.deep.equal([])

    const before = ec2.census()
    const refused = await world.up({ egress: 'endpoints', interfaceEndpoints: ['secretmanager'] })
    expect(refused.failures.map(({ error }) => (error as { code?: string }).code)).to.deep.equal([
      'ENDPOINT_SERVICE_UNKNOWN',
    ])
    expect(ec2.census()).to.deep.equal(before)
  })
})
