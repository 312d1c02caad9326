import {
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  AccessDeniedException,
  GetServiceQuotaCommand,
  ServiceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas'
import { expect } from 'chai'
import { AwsContext } from '../../src/aws/context.js'
import type { Resource } from '../../src/engine/resource.js'
import { assertRoom, roomProblem } from '../../src/pipeline/network/room.js'
import { network } from '../../src/pipeline/network.js'
import { security } from '../../src/pipeline/security.js'
import { storage } from '../../src/pipeline/storage.js'
import { failure } from '../operate/support.js'
import { testContext } from '../support/resource.js'
import { suiteMock } from '../support/suite-mock.js'
import { environmentWith, type NetworkSettings } from './network-world.js'

const ZONES = ['use1-az1', 'use1-az2', 'use1-az3']
const VPCS = 'L-F678F1CE'
const ADDRESSES = 'L-0263D0A3'
const NATS = 'L-FE5A380F'
const ENDPOINTS = 'L-29B6F2EB'
const answer = { $metadata: {}, message: 'no' }

describe('room for a network', () => {
  const aws = testContext()
  const ec2 = suiteMock(EC2Client)
  const quotas = suiteMock(ServiceQuotasClient)

  const limits = (values: Record<string, number>) => {
    for (const [QuotaCode, Value] of Object.entries(values))
      quotas.on(GetServiceQuotaCommand, { QuotaCode }).resolves({ Quota: { Value } })
  }
  const resources = (settings: NetworkSettings): Resource[] => {
    const environment = environmentWith({ zones: 3, ...settings })
    const { logs } = storage(aws, environment, security(aws, environment))
    return network(aws, environment, ZONES, logs).resources
  }
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index))

  beforeEach(() => {
    ec2.reset()
    quotas.reset()
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: many(2, (index) => ({ VpcId: `vpc-${index}` })) })
    ec2.on(DescribeAddressesCommand).resolves({ Addresses: [] })
    ec2.on(DescribeNatGatewaysCommand).resolves({ NatGateways: [] })
    ec2.on(DescribeVpcEndpointsCommand).resolves({ VpcEndpoints: [] })
    limits({ [VPCS]: 5, [ADDRESSES]: 5, [NATS]: 5, [ENDPOINTS]: 50 })
  })

  it('is asked about only for what is created: nothing at all when that is nothing', async () => {
    await assertRoom(aws, [])
    await assertRoom(
      aws,
      resources({ egress: 'public' }).filter(({ type }) => type !== 'AWS::EC2::VPC'),
    )
    expect(ec2.calls()).to.have.length(0)
    expect(quotas.calls()).to.have.length(0)
    await assertRoom(aws, resources({ egress: 'public' }))
    expect(ec2.calls().map(({ args }) => args[0].constructor.name)).to.deep.equal(['DescribeVpcsCommand'])
    expect(quotas.calls()).to.have.length(1)
  })

  it('is there up to the last one', async () => {
    limits({ [VPCS]: 3, [ADDRESSES]: 3, [NATS]: 1 })
    await assertRoom(aws, resources({ egress: 'nat-per-az' }))
  })

  it('says of every quota that is too small how much is in use and how to have it raised', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: many(5, (index) => ({ VpcId: `vpc-${index}` })) })
    ec2.on(DescribeAddressesCommand).resolves({
      Addresses: [
        ...many(3, (index) => ({ AllocationId: `eipalloc-${index}`, PublicIpv4Pool: 'amazon' })),
        // Brought along by the account: not counted.
        ...many(9, (index) => ({ AllocationId: `own-${index}`, PublicIpv4Pool: 'ipv4pool-ec2-0' })),
      ],
    })
    const error = await failure(assertRoom(aws, resources({ egress: 'nat-per-az' })))
    expect(error.code).to.equal('QUOTA_EXCEEDED')
    expect(error.message.split('\n')).to.deep.equal([
      `The AWS account has no room for 1 more VPCs in us-east-1: 5 of 5 are in use (quota ${VPCS}).`,
      `The AWS account has no room for 3 more Elastic IP addresses in us-east-1: 3 of 5 are in use (quota ${ADDRESSES}).`,
    ])
    expect(error.suggestions.map((text) => /--service-code .*?`/.exec(text)?.[0])).to.deep.equal([
      `--service-code vpc --quota-code ${VPCS} --desired-value 6\``,
      `--service-code ec2 --quota-code ${ADDRESSES} --desired-value 6\``,
    ])
  })

  it('counts NAT gateways by zone, also those that are going', async () => {
    ec2.on(DescribeNatGatewaysCommand).resolves({
      NatGateways: [
        ...many(5, (index) => ({ NatGatewayId: `nat-${index}`, SubnetId: 'subnet-2' })),
        { NatGatewayId: 'nat-9', SubnetId: 'subnet-1' },
      ],
    })
    ec2.on(DescribeSubnetsCommand).resolves({
      Subnets: [
        { SubnetId: 'subnet-1', AvailabilityZoneId: 'use1-az1' },
        { SubnetId: 'subnet-2', AvailabilityZoneId: 'use1-az2' },
      ],
    })
    const error = await failure(assertRoom(aws, resources({ egress: 'nat-per-az' })))
    expect(error.message).to.equal(
      `The AWS account has no room for 1 more NAT gateways in the zone use1-az2: 5 of 5 are in use (quota ${NATS}).`,
    )
    const [asked] = ec2.commandCalls(DescribeNatGatewaysCommand)
    expect(asked!.args[0].input.Filter).to.deep.equal([
      { Name: 'state', Values: ['pending', 'available', 'deleting'] },
    ])
    // One NAT gateway goes to the first zone, where there is room.
    await assertRoom(aws, resources({ egress: 'nat' }))
  })

  it('counts interface endpoints in the VPC that is there, and none in one that is new', async () => {
    limits({ [ENDPOINTS]: 4 })
    const all = resources({ egress: 'endpoints' })
    await assertRoom(aws, all)
    expect(ec2.commandCalls(DescribeVpcEndpointsCommand)).to.have.length(0)

    all.find(({ type }) => type === 'AWS::EC2::VPC')!.resolve({ vpcId: 'vpc-7' })
    ec2.on(DescribeVpcEndpointsCommand).resolves({
      VpcEndpoints: [{ State: 'Available' }, { State: 'Deleted' }],
    })
    const error = await failure(
      assertRoom(
        aws,
        all.filter(({ type }) => type !== 'AWS::EC2::VPC'),
      ),
    )
    expect(error.message).to.equal(
      `The AWS account has no room for 4 more interface endpoints in vpc-7: 1 of 4 are in use (quota ${ENDPOINTS}).`,
    )
  })

  describe('when the quotas may not be read', () => {
    beforeEach(() => quotas.on(GetServiceQuotaCommand).rejects(new AccessDeniedException(answer)))
    const vpcs = (count: number) =>
      ec2.on(DescribeVpcsCommand).resolves({ Vpcs: many(count, (index) => ({ VpcId: `vpc-${index}` })) })

    it('is what AWS gives everybody, and the error says so', async () => {
      vpcs(4)
      await assertRoom(aws, resources({ egress: 'public' }))
      vpcs(5)
      const error = await failure(assertRoom(aws, resources({ egress: 'public' })))
      expect(error.message).to.match(/5 of 5 are in use.*AWS's default.*could not be read/)
      expect(error.suggestions.join()).to.include('allow servicequotas:GetServiceQuota')
    })

    it('is not refused to an account that evidently has more', async () => {
      vpcs(6)
      await assertRoom(aws, resources({ egress: 'public' }))
    })
  })

  it('is not guessed when the service fails', async () => {
    quotas.on(GetServiceQuotaCommand).rejects(new ServiceException(answer))
    const error: unknown = await roomProblem(aws, resources({ egress: 'public' })).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(ServiceException)
  })

  it('is told as a sentence by a plan, which refuses nothing', async () => {
    expect(await roomProblem(aws, resources({ egress: 'public' }))).to.equal(undefined)
    limits({ [VPCS]: 2 })
    expect(await roomProblem(aws, resources({ egress: 'public' }))).to.match(
      /2 of 2 are in use[^]*--desired-value 3/,
    )
  })

  it('is not asked of an emulator', async () => {
    const emulated = new AwsContext({ clients: aws.clients, names: aws.names, emulated: true })
    await assertRoom(emulated, resources({ egress: 'nat-per-az' }))
    expect([...ec2.calls(), ...quotas.calls()]).to.have.length(0)
  })
})
