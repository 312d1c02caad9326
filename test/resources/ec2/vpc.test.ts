import { expect } from 'chai'
import { DatapipeError } from '../../../src/errors.js'
import { Vpc } from '../../../src/resources/ec2/vpc.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'

describe('Vpc', () => {
  let ec2: FakeEc2
  const make = (cidr = '10.20.0.0/16') => new Vpc(ec2.run(), 'network/vpc', 'dp-sensors-dev', { cidr })

  beforeEach(() => {
    ec2 = new FakeEc2()
  })

  it('is absent when only another environment has one', async () => {
    await ensure(make())
    const [vpc] = ec2.vpcs.values()
    const theirs: Record<string, string> = { 'datapipe:env': 'prod', Name: 'dp-sensors-prod' }
    vpc!.Tags = vpc!.Tags?.map((tag) => ({ ...tag, Value: theirs[tag.Key ?? ''] ?? tag.Value }))
    expect(await make().read()).to.equal(undefined)
  })

  it('has DNS support and hostnames, each set by its own call, and a default group without rules', async () => {
    const vpc = make()
    await ensure(vpc)
    expect(ec2.inputsOf('ModifyVpcAttribute').map((input) => Object.keys(input))).to.deep.equal([
      ['VpcId', 'EnableDnsSupport'],
      ['VpcId', 'EnableDnsHostnames'],
    ])
    expect(ec2.rules.size).to.equal(0)
    const [group] = ec2.groups.values()
    expect(vpc.attributes).to.deep.equal({
      vpcId: [...ec2.vpcs.keys()][0],
      cidr: '10.20.0.0/16',
      defaultSecurityGroupId: group?.GroupId,
    })
    expect((await make().read())?.attributes).to.deep.equal(vpc.attributes)
  })

  it('names what differs, and puts it right', async () => {
    await ensure(make())
    const [vpc] = ec2.vpcs.values()
    const [group] = ec2.groups.values()
    Object.assign(vpc!, { dnsSupport: false, dnsHostnames: false })
    vpc!.Tags = [...vpc!.Tags!.filter((tag) => tag.Key !== 'Name'), { Key: 'cost-centre', Value: '7' }]
    ec2.rules.set('sgr-x', {
      ...{ SecurityGroupRuleId: 'sgr-x', GroupId: group?.GroupId, IsEgress: false },
      ...{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIpv4: '0.0.0.0/0' },
    })
    const { changes } = await ensure(make())
    expect(changes).to.deep.equal([
      { path: 'dnsSupport', from: false, to: true, replaces: false },
      { path: 'dnsHostnames', from: false, to: true, replaces: false },
      { path: 'defaultSecurityGroup.ingress', from: ['tcp 22 0.0.0.0/0'], to: [], replaces: false },
      { path: 'tags.Name', from: null, to: 'dp-sensors-dev', replaces: false },
    ])
    expect(await drift(make())).to.deep.equal([])
    expect(vpc?.Tags).to.deep.include({ Key: 'cost-centre', Value: '7' })
  })

  it('is replaced for another address range', async () => {
    await ensure(make())
    expect(await drift(make('10.30.0.0/16'))).to.deep.equal([
      { path: 'cidr', from: '10.20.0.0/16', to: '10.30.0.0/16', replaces: true },
    ])
  })

  it('is created although EC2 does not see it everywhere at once', async () => {
    const vpc = make()
    ec2.fail('DescribeVpcs', awsError('InvalidVpcID.NotFound'))
    ec2.fail('ModifyVpcAttribute', awsError('InvalidVpcID.NotFound'))
    ec2.fail('RevokeSecurityGroupEgress', awsError('InvalidGroup.NotFound'))
    await withoutWaiting(async () => vpc.resolve(await vpc.create(testOperation())))
    expect(ec2.vpcs.size).to.equal(1)
    expect(await drift(make())).to.deep.equal([])
  })

  it('names the quota when there may be no more of them', async () => {
    const vpc = make()
    ec2.fail('CreateVpc', awsError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.'))
    const error = await vpc.create(testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(DatapipeError)
    expect(error).to.include({ code: 'QUOTA_EXCEEDED' })
    expect((error as DatapipeError).message).to.equal(
      'The AWS account has no room for more VPCs per region (quota L-F678F1CE): The maximum number of VPCs has been reached.',
    )
    expect((error as DatapipeError).suggestions.join()).to.contain('--quota-code L-F678F1CE')
  })

  it('is never picked from two', async () => {
    await make().create(testOperation())
    await make().create(testOperation())
    const [first, second] = [...ec2.vpcs.keys()].sort()
    const error = await make()
      .read()
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({
      code: 'DUPLICATE_RESOURCE',
      message: `network/vpc should be one VPC, but 2 carry its tags: ${first}, ${second}.`,
    })
  })

  it('is absent, not an error, when it went while it was looked at', async () => {
    await ensure(make())
    const vpc = make()
    ec2.fail('DescribeVpcAttribute', awsError('InvalidVpcID.NotFound'))
    expect(await vpc.read()).to.equal(undefined)
  })

  it('is absent, not an error, when it is gone before it is deleted', async () => {
    await ensure(make())
    const vpc = make()
    const seen = await vpc.read()
    ec2.vpcs.clear()
    expect(await vpc.delete(seen!, testOperation())).to.deep.equal({ status: 'absent' })
  })

  it('is deleted as soon as what holds it is gone, and says meanwhile what that is', async () => {
    await ensure(make())
    const vpcId = [...ec2.vpcs.keys()][0]
    const holder = { NetworkInterfaceId: 'eni-1', VpcId: vpcId, Description: 'arn:aws:ecs:task/7' }
    ec2.interfaces.set('eni-1', { ...holder, Status: 'in-use', RequesterManaged: true, RequesterId: '578' })
    ec2.subnets.set('subnet-1', { SubnetId: 'subnet-1', VpcId: vpcId, State: 'available' })
    const op = testOperation()
    const waiting = {
      ...op,
      waiting: (message: string) => {
        op.waiting(message)
        ec2.subnets.clear()
        ec2.interfaces.clear()
      },
    }
    expect(await withoutWaiting(() => remove(make(), waiting))).to.deep.equal({ status: 'deleted' })
    expect(op.said[0]).to.match(
      /^waiting until nothing holds VPC vpc-1: network interface eni-1 \(arn:aws:ecs:task\/7, in-use, requested by 578\); subnet subnet-1 \(\d+ s\)$/,
    )
  })

  it('reports what blocks it when that does not go', async () => {
    await ensure(make())
    const vpcId = [...ec2.vpcs.keys()][0]
    ec2.groups.set('sg-9', {
      GroupId: 'sg-9',
      GroupName: 'payments',
      VpcId: vpcId,
      Tags: [{ Key: 'Name', Value: 'payments' }],
    })
    expect(await withoutWaiting(() => remove(make()))).to.deep.equal({
      status: 'blocked',
      by: ['security group sg-9 (payments)'],
    })
    expect(ec2.vpcs.size).to.equal(1)
  })
})
