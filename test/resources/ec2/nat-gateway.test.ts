import { expect } from 'chai'
import { ElasticIp } from '../../../src/resources/ec2/elastic-ip.js'
import { NatGateway } from '../../../src/resources/ec2/nat-gateway.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'

describe('NatGateway and ElasticIp', () => {
  let ec2: FakeEc2
  const address = () => new ElasticIp(ec2.run(), 'network/address/nat/a', 'dp-sensors-dev-nat-a')
  const make = (subnetId = 'subnet-1', allocationId = [...ec2.addresses.keys()][0] ?? '') =>
    new NatGateway(ec2.run(), 'network/nat/a', 'dp-sensors-dev-nat-a', {
      subnetId: () => subnetId,
      allocationId: () => allocationId,
    })
  const nat = () => [...ec2.nats.values()].at(-1)!

  beforeEach(async () => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
    ec2.subnets.set('subnet-1', { SubnetId: 'subnet-1', VpcId: 'vpc-1' })
    ec2.gateways.set('igw-1', {
      InternetGatewayId: 'igw-1',
      Attachments: [{ VpcId: 'vpc-1', State: 'attached' }],
    })
    await ensure(address())
  })

  it('is waited for, found by its tags, and costs by the hour', async () => {
    ec2.lag = 3
    const made = make()
    await withoutWaiting(() => ensure(made))
    expect(nat().State).to.equal('available')
    expect(made.attributes).to.deep.equal({ natGatewayId: nat().NatGatewayId })
    expect((await ensure(make())).action).to.equal('unchanged')
    expect(made.cost().map(({ monthlyUsd }) => monthlyUsd.toFixed(2))).to.deep.equal(['32.85'])
    expect(
      address()
        .cost()
        .map(({ monthlyUsd }) => monthlyUsd.toFixed(2)),
    ).to.deep.equal(['3.65'])
  })

  it('uses another token each time, and the same one for each attempt', async () => {
    const made = make()
    ec2.fail('CreateNatGateway', awsError('InvalidSubnetID.NotFound'))
    await withoutWaiting(() => made.create(testOperation()))
    const [first, second] = ec2.inputsOf('CreateNatGateway').map((input) => input.ClientToken)
    expect(first).to.be.a('string').and.to.equal(second)
    await remove(make())
    await ensure(make())
    expect(ec2.inputsOf('CreateNatGateway')[0]?.ClientToken).to.be.a('string').and.not.to.equal(first)
  })

  it('says why it failed, and is replaced the next time', async () => {
    ec2.gateways.clear()
    const error = await make()
      .create(testOperation())
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'WAIT_FAILED' })
    expect((error as Error).message).to.contain('Gateway.NotAttached')
    expect(await drift(make())).to.deep.equal([
      { path: 'state', from: 'failed', to: 'available', replaces: true },
    ])
  })

  it('is replaced for another subnet or address', async () => {
    await ensure(make())
    const changes = await drift(make('subnet-2', 'eipalloc-9'))
    expect(changes.map(({ path, replaces }) => [path, replaces])).to.deep.equal([
      ['subnetId', true],
      ['allocationId', true],
    ])
  })

  it('takes its default routes along and is gone before its address is released', async () => {
    await ensure(make())
    const NatGatewayId = nat().NatGatewayId
    const tags = nat().Tags
    ec2.tables.set('rtb-1', {
      RouteTableId: 'rtb-1',
      Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId, State: 'active' }],
      Tags: tags,
    })
    ec2.lag = 3
    expect(await withoutWaiting(() => remove(make()))).to.deep.equal({ status: 'deleted' })
    expect(ec2.tables.get('rtb-1')?.Routes).to.deep.equal([])
    expect(nat().State).to.equal('deleted')
    expect(await make().read()).to.equal(undefined)
    expect(await remove(address())).to.deep.equal({ status: 'deleted' })
    expect(ec2.addresses.size).to.equal(0)
  })

  it('waits for its predecessor, which holds the address', async () => {
    await ensure(make())
    const first = nat().NatGatewayId
    ec2.lag = 3
    nat().State = 'deleting'
    const successor = make()
    expect(await successor.read()).to.equal(undefined)
    const op = { ...testOperation(), waiting: () => void (ec2.nats.get(first!)!.State = 'deleted') }
    await withoutWaiting(() => successor.create(op))
    expect(nat().NatGatewayId).not.to.equal(first)
  })

  for (const error of [
    awsError('InvalidIPAddress.InUse'),
    awsError('AuthFailure', 'You do not have permission to access the specified resource.'),
  ])
    it(`the address is released although EC2 says ${error.name} at first`, async () => {
      const released = address()
      ec2.fail('ReleaseAddress', error, error)
      expect(await withoutWaiting(() => remove(released))).to.deep.equal({ status: 'deleted' })
      expect(ec2.called('ReleaseAddress')).to.have.length(3)
    })

  it('the address stays, and says who has it, when that does not let go', async () => {
    await ensure(make())
    const seen = ec2.addresses.values().next().value!
    Object.assign(seen, { AssociationId: 'eipassoc-1', NetworkInterfaceId: 'eni-7' })
    const held = await withoutWaiting(() => remove(address()))
    expect(held).to.deep.equal({ status: 'blocked', by: [`eni-7 uses ${seen.PublicIp}`] })
  })

  it('the address is not released by an expired login that looks the same', async () => {
    const kept = address()
    ec2.fail(
      'ReleaseAddress',
      awsError('AuthFailure', 'AWS was not able to validate the provided access credentials'),
    )
    const error = await remove(kept).catch((thrown: unknown) => thrown)
    expect(error).to.include({ name: 'AuthFailure' })
    expect(ec2.called('ReleaseAddress')).to.have.length(1)
  })
})
