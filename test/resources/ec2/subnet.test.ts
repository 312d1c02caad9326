import { expect } from 'chai'
import { Subnet } from '../../../src/resources/ec2/subnet.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'

const DESIRED = { vpcId: () => 'vpc-1', cidr: '10.20.0.0/24', zoneId: 'use1-az1' }

describe('Subnet', () => {
  let ec2: FakeEc2
  const make = (properties: Partial<typeof DESIRED> = {}, id = 'network/subnet/public/a') =>
    new Subnet(ec2.run(), id, `dp-sensors-dev-public-${id.slice(-1)}`, { ...DESIRED, ...properties })

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
  })

  it('is absent when the environment has others only', async () => {
    await ensure(make({}, 'network/subnet/public/b'))
    expect(await make().read()).to.equal(undefined)
  })

  it('is created in its zone, tagged, by its zone id', async () => {
    const subnet = make()
    await ensure(subnet)
    expect(subnet.attributes).to.deep.equal({
      subnetId: [...ec2.subnets.keys()][0],
      zoneId: 'use1-az1',
      zoneName: 'use1-az1-name',
    })
    expect(ec2.inputsOf('CreateSubnet')[0]).to.include({ AvailabilityZoneId: 'use1-az1', VpcId: 'vpc-1' })
    expect(await drift(make())).to.deep.equal([])
  })

  it('stops giving out public addresses, and gets its tags back', async () => {
    await ensure(make())
    const [found] = ec2.subnets.values()
    found!.MapPublicIpOnLaunch = true
    found!.Tags = found!.Tags?.filter((tag) => tag.Key !== 'datapipe:managed')
    expect((await ensure(make())).changes.map((change) => change.path)).to.deep.equal([
      'mapPublicIpOnLaunch',
      'tags.datapipe:managed',
    ])
    expect(await drift(make())).to.deep.equal([])
  })

  it('is replaced for another range, zone or VPC', async () => {
    await ensure(make())
    const changes = await drift(make({ cidr: '10.20.9.0/24', zoneId: 'use1-az4', vpcId: () => 'vpc-2' }))
    expect(changes).to.deep.equal([
      { path: 'vpcId', from: 'vpc-1', to: 'vpc-2', replaces: true },
      { path: 'cidr', from: '10.20.0.0/24', to: '10.20.9.0/24', replaces: true },
      { path: 'zoneId', from: 'use1-az1', to: 'use1-az4', replaces: true },
    ])
  })

  it('waits when it was left pending', async () => {
    await ensure(make())
    const [found] = ec2.subnets.values()
    found!.State = 'pending'
    const subnet = make()
    const op = testOperation()
    const outcome = withoutWaiting(() =>
      ensure(subnet, { ...op, waiting: () => (found!.State = 'available') }),
    )
    expect((await outcome).changes).to.deep.equal([
      { path: 'state', from: 'pending', to: 'available', replaces: false },
    ])
    expect(found!.State).to.equal('available')
  })

  it('fails at once when EC2 cannot make it', async () => {
    const subnet = make()
    const State = 'failed-insufficient-capacity'
    ec2.answer('DescribeSubnets', { Subnets: [{ SubnetId: 'subnet-1', State }] })
    const error = await subnet.create(testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.include({
      code: 'WAIT_FAILED',
      message: `Waited for subnet subnet-1 to become available, but it is ${State}`,
    })
  })

  it('is created although EC2 does not see its VPC everywhere at once', async () => {
    const subnet = make()
    ec2.fail('CreateSubnet', awsError('InvalidVpcID.NotFound'))
    ec2.fail('DescribeSubnets', awsError('InvalidSubnetID.NotFound'))
    await withoutWaiting(() => subnet.create(testOperation()))
    expect(ec2.subnets.size).to.equal(1)
    expect(await drift(make())).to.deep.equal([])
  })

  it('takes over its own range when an earlier run did not live to see the answer', async () => {
    await ensure(make())
    const subnet = make()
    // The list of that moment does not show it yet.
    const hidden = [...ec2.subnets]
    ec2.subnets.clear()
    expect(await subnet.read()).to.equal(undefined)
    for (const [id, item] of hidden) ec2.subnets.set(id, item)
    expect((await subnet.create(testOperation())).subnetId).to.equal(hidden[0]![0])
    expect(ec2.subnets.size).to.equal(1)
  })

  it('says whose range it is when another subnet has it', async () => {
    await ensure(make({}, 'network/subnet/other/a'))
    const error = await make()
      .create(testOperation())
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({
      code: 'CIDR_TAKEN',
      message:
        'The subnet dp-sensors-dev-public-a cannot have 10.20.0.0/24: another subnet in vpc-1 uses addresses of that range.',
    })
  })

  it('is deleted once the interfaces of stopped tasks are gone, however long that takes', async () => {
    await ensure(make())
    const [SubnetId] = ec2.subnets.keys()
    const task = { SubnetId, Description: 'arn:aws:ecs:us-east-1:1:attachment/1', RequesterManaged: true }
    ec2.interfaces.set('eni-1', { NetworkInterfaceId: 'eni-1', ...task })
    let said = 0
    const op = {
      ...testOperation(),
      waiting: () => {
        if (++said === 30) ec2.interfaces.clear()
      },
    }
    expect(await withoutWaiting(() => remove(make(), op))).to.deep.equal({ status: 'deleted' })
    expect(said).to.equal(30)
  })

  it('gives up early on an interface that somebody else must remove', async () => {
    await ensure(make())
    const [SubnetId] = ec2.subnets.keys()
    const instance = { Description: 'Primary network interface', Attachment: { InstanceId: 'i-7' } }
    ec2.interfaces.set('eni-9', { NetworkInterfaceId: 'eni-9', SubnetId, Status: 'in-use', ...instance })
    const op = testOperation()
    expect(await withoutWaiting(() => remove(make(), op))).to.deep.equal({
      status: 'blocked',
      by: ['network interface eni-9 (Primary network interface, in-use, i-7)'],
    })
    expect(op.said.length).to.be.lessThan(20)
  })

  it('stops waiting when the run is aborted', async () => {
    await ensure(make())
    const [SubnetId] = ec2.subnets.keys()
    ec2.interfaces.set('eni-9', { NetworkInterfaceId: 'eni-9', SubnetId })
    const controller = new AbortController()
    const op = { ...testOperation(controller.signal), waiting: () => controller.abort() }
    const error = await withoutWaiting(() => remove(make(), op)).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'INTERRUPTED' })
    expect(ec2.subnets.size).to.equal(1)
  })
})
