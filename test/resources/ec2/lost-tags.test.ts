import type { Tag } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import { TAG } from '../../../src/aws/tags.js'
import { applyGraph } from '../../../src/engine/apply.js'
import { Graph } from '../../../src/engine/graph.js'
import { planGraph, type Plan } from '../../../src/engine/plan.js'
import type { DatapipeError } from '../../../src/errors.js'
import { ElasticIp } from '../../../src/resources/ec2/elastic-ip.js'
import { FlowLog } from '../../../src/resources/ec2/flow-log.js'
import { NatGateway } from '../../../src/resources/ec2/nat-gateway.js'
import { NetworkAcl } from '../../../src/resources/ec2/network-acl.js'
import type { Resource } from '../../../src/engine/resource.js'
import { Subnet } from '../../../src/resources/ec2/subnet.js'
import { FakeEc2 } from './fake-ec2.js'
import { network } from './network.js'

/** A network with everything that is found by its tags alone. */
function everything(ec2: FakeEc2): Graph {
  const aws = ec2.run()
  const base = network(aws)
  const vpc = base.all.find(({ type }) => type === 'AWS::EC2::VPC') as Resource<{ vpcId: string }>
  const subnet = base.all.find(({ id }) => id === 'network/subnet/public/a') as Resource<{ subnetId: string }>
  const gateway = base.all.find(({ type }) => type === 'AWS::EC2::InternetGateway')!
  const vpcId = () => vpc.attributes.vpcId
  const subnetId = () => subnet.attributes.subnetId
  const name = 'dp-sensors-dev-nat-a'
  const address = new ElasticIp(aws, 'network/address/nat/a', name)
  const allocationId = () => address.attributes.allocationId
  const nat = new NatGateway(
    aws,
    'network/nat/a',
    name,
    { subnetId, allocationId },
    { within: [subnet], dependsOn: [address, gateway] },
  )
  const acl = new NetworkAcl(
    aws,
    'network/acl/public',
    'dp-sensors-dev-public',
    { vpcId, ingress: [], egress: [], subnetIds: () => [subnetId()] },
    { within: [vpc], dependsOn: [subnet] },
  )
  const log = new FlowLog(
    aws,
    'network/flow-log',
    'dp-sensors-dev-flow-log',
    { vpcId, bucketArn: () => 'arn:aws:s3:::logs' },
    { within: [vpc] },
  )
  return new Graph([...base.all, address, nat, acl, log])
}

const refusals = (plan: Plan): Record<string, string> =>
  Object.fromEntries(plan.failures.map(({ error, id }) => [id, (error as DatapipeError).code]))
const changing = (plan: Plan): Record<string, string> =>
  Object.fromEntries(
    plan.entries.filter(({ action }) => action !== 'unchanged').map(({ action, id }) => [id, action]),
  )

describe('a part of the network whose tags were removed', () => {
  const ids = everything(new FakeEc2()).resources.map(({ id }) => id)
  let ec2: FakeEc2
  let physical: Map<string, string>
  let counted: object

  beforeEach(async () => {
    ec2 = new FakeEc2()
    const { failures, outcomes } = await applyGraph(everything(ec2))
    expect(failures).to.deep.equal([])
    physical = new Map(outcomes.map(({ id, physicalId }) => [id, physicalId]))
    counted = ec2.census()
  })

  /** Everything there is, as EC2 keeps it. */
  const stores = (): Map<string, { Tags?: Tag[] }>[] => [
    ec2.vpcs,
    ec2.subnets,
    ec2.gateways,
    ec2.tables,
    ec2.groups,
    ec2.endpoints,
    ec2.addresses,
    ec2.nats,
    ec2.acls,
    ec2.flowLogs,
  ]
  /** Changes the tags of one thing behind the back of datapipe. */
  const retag = (id: string, change: (tags: Tag[]) => Tag[]): void => {
    const wanted = physical.get(id) ?? ''
    const kinds = stores()
    const found = kinds.flatMap((kind) => kind.get(wanted) ?? [])
    expect(found, id).to.have.length(1)
    found[0]!.Tags = change(found[0]!.Tags ?? [])
  }
  const without = (key: string) => (tags: Tag[]) => tags.filter(({ Key }) => Key !== key)

  for (const lost of ['all', TAG.project, TAG.env, TAG.id]) {
    it(`is foreign, and nothing is made beside it: ${lost}`, async () => {
      for (const id of ids) {
        const before = structuredClone(
          [ec2.vpcs, ec2.subnets, ec2.tables, ec2.groups, ec2.gateways, ec2.acls].map((kind) => [
            ...kind.values(),
          ]),
        )
        let own: Tag[] = []
        retag(id, (tags) => {
          own = tags
          return lost === 'all' ? [] : without(lost)(tags)
        })
        const plan = await planGraph(everything(ec2))
        expect(refusals(plan), id).to.deep.equal({ [id]: 'FOREIGN_RESOURCE' })
        expect(plan.failures[0]!.physicalId, id).to.equal(physical.get(id))
        expect(changing(plan), id).to.deep.equal({})
        const { counts, failures } = await applyGraph(everything(ec2))
        expect([failures.length, counts.created, counts.deleted], id).to.deep.equal([1, 0, 0])
        retag(id, () => own)
        expect(
          [ec2.vpcs, ec2.subnets, ec2.tables, ec2.groups, ec2.gateways, ec2.acls].map((kind) => [
            ...kind.values(),
          ]),
          id,
        ).to.deep.equal(before)
      }
    })
  }

  it('is taken back with --adopt: only its tags change', async () => {
    for (const id of ids) {
      retag(id, () => [])
      const adopt = new Set([id])
      expect(changing(await planGraph(everything(ec2), { adopt })), id).to.deep.equal({ [id]: 'update' })
      const { outcomes } = await applyGraph(everything(ec2), { adopt })
      const updated = outcomes.filter(({ action }) => action !== 'unchanged')
      expect(updated.map(({ action, physicalId }) => [action, physicalId])).to.deep.equal([
        ['updated', physical.get(id)],
      ])
      for (const { path } of updated[0]!.changes) expect(path, id).to.match(/^tags\./)
    }
    expect(ec2.census()).to.deep.equal(counted)
    expect(changing(await planGraph(everything(ec2)))).to.deep.equal({})
  })

  it('is repaired where the tags that are left still say what it is', async () => {
    for (const id of ids) {
      for (const key of [TAG.managed, 'Name']) {
        retag(id, without(key))
        const plan = await planGraph(everything(ec2))
        expect(refusals(plan)).to.deep.equal({})
        expect(plan.entries.find((entry) => entry.id === id)!.changes.map(({ path }) => path)).to.deep.equal([
          `tags.${key}`,
        ])
        await applyGraph(everything(ec2))
      }
    }
    expect(ec2.census()).to.deep.equal(counted)
  })

  it('is not deleted as left over because of the id that somebody wrote into its tags', async () => {
    const id = 'network/subnet/public/a'
    retag(id, (tags) => tags.map((tag) => (tag.Key === TAG.id ? { ...tag, Value: 'network/by-hand' } : tag)))
    const orphan = () =>
      new Subnet(ec2.run(), 'network/by-hand', '', { vpcId: () => '', cidr: '', zoneId: '' })
    expect(refusals(await planGraph(everything(ec2), { orphans: [orphan()] }))).to.deep.equal({
      [id]: 'FOREIGN_RESOURCE',
    })
    const options = { adopt: new Set([id]), orphans: [orphan()] }
    const plan = await planGraph(everything(ec2), options)
    expect(changing(plan)).to.deep.equal({ [id]: 'update' })
    const { counts } = await applyGraph(everything(ec2), options)
    expect(counts).to.include({ updated: 1, deleted: 0 })
    expect(ec2.census()).to.deep.equal(counted)
  })

  it('is told from one that is there twice, which stops everything and names both', async () => {
    for (const id of ids) {
      const wanted = physical.get(id) ?? ''
      const kind = stores().find((store) => store.has(wanted))!
      const copy = structuredClone(kind.get(wanted)!) as Record<string, unknown> & { Tags?: Tag[] }
      for (const [key, value] of Object.entries(copy)) if (value === wanted) copy[key] = `${wanted}-copy`
      kind.set(`${wanted}-copy`, copy)
      const before = ec2.census()
      const { counts, failures } = await applyGraph(everything(ec2))
      expect(failures.map((failure) => failure.id)).to.deep.equal([id])
      expect((failures[0]!.error as DatapipeError).code).to.equal('DUPLICATE_RESOURCE')
      expect((failures[0]!.error as DatapipeError).message).to.contain(`${wanted}, ${wanted}-copy`)
      expect(counts).to.deep.equal({ created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 0 })
      expect(ec2.census()).to.deep.equal(before)
      kind.delete(`${wanted}-copy`)
    }
  })

  it('is looked for only where something is missing', async () => {
    const graph = everything(ec2)
    await planGraph(graph)
    const names = ec2.calls.map(({ name }) => name)
    // Twice: for the groups, and for their default group of the VPC.
    expect(names.filter((name, at) => names.indexOf(name) !== at).sort()).to.deep.equal([
      'DescribeSecurityGroups',
      'DescribeVpcAttribute',
    ])
  })
})
