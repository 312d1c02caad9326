import { expect } from 'chai'
import { InternetGateway } from '../../../src/resources/ec2/internet-gateway.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'

describe('InternetGateway', () => {
  let ec2: FakeEc2
  const make = (vpcId = 'vpc-1') =>
    new InternetGateway(ec2.run(), 'network/gateway', 'dp-sensors-dev', { vpcId: () => vpcId })
  const attached = () => [...ec2.gateways.values()].map((gateway) => gateway.Attachments?.[0]?.VpcId)

  beforeEach(() => {
    ec2 = new FakeEc2()
    for (const VpcId of ['vpc-1', 'vpc-2'])
      ec2.vpcs.set(VpcId, { VpcId, dnsSupport: true, dnsHostnames: true })
  })

  it('is created and attached', async () => {
    await ensure(make())
    expect(attached()).to.deep.equal(['vpc-1'])
    expect((await ensure(make())).action).to.equal('unchanged')
  })

  it('is attached when an earlier run did not come to that', async () => {
    await ensure(make())
    ec2.gateways.values().next().value!.Attachments = []
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'attachedTo', from: null, to: 'vpc-1', replaces: false },
    ])
    expect(attached()).to.deep.equal(['vpc-1'])
    expect(ec2.gateways.size).to.equal(1)
  })

  it('is moved from another VPC', async () => {
    await ensure(make('vpc-2'))
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'attachedTo', from: 'vpc-2', to: 'vpc-1', replaces: false },
    ])
    expect(attached()).to.deep.equal(['vpc-1'])
  })

  it('is fine when EC2 says that it is attached already', async () => {
    const gateway = make()
    await ensure(gateway)
    ec2.gateways.values().next().value!.Attachments = []
    const seen = await gateway.read()
    const changes = gateway.diff(seen!)
    ec2.gateways.values().next().value!.Attachments = [{ VpcId: 'vpc-1' }]
    await gateway.update(seen!, changes, testOperation())
    expect(attached()).to.deep.equal(['vpc-1'])
  })

  it('does not take an attachment to another VPC for success', async () => {
    const gateway = make()
    await ensure(gateway)
    ec2.gateways.values().next().value!.Attachments = []
    const seen = await gateway.read()
    const changes = gateway.diff(seen!)
    ec2.gateways.values().next().value!.Attachments = [{ VpcId: 'vpc-2' }]
    const error = await gateway.update(seen!, changes, testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'WAIT_FAILED' })
  })

  it('is created although EC2 does not see it everywhere at once', async () => {
    const gateway = make()
    ec2.fail('AttachInternetGateway', awsError('InvalidInternetGatewayID.NotFound'))
    await withoutWaiting(async () => gateway.resolve(await gateway.create(testOperation())))
    expect(attached()).to.deep.equal(['vpc-1'])
  })

  it('gets its tags back', async () => {
    await ensure(make())
    const [gateway] = ec2.gateways.values()
    gateway!.Tags = gateway!.Tags?.map((tag) => (tag.Key === 'Name' ? { ...tag, Value: 'mine' } : tag))
    expect((await ensure(make())).changes.map((change) => change.path)).to.deep.equal(['tags.Name'])
    expect(await drift(make())).to.deep.equal([])
  })

  it('is never picked from two', async () => {
    await make().create(testOperation())
    await make().create(testOperation())
    const error = await make()
      .read()
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'DUPLICATE_RESOURCE' })
  })

  it('is detached before it is deleted, or only deleted when it is not attached', async () => {
    await ensure(make())
    expect(await remove(make())).to.deep.equal({ status: 'deleted' })
    expect(ec2.gateways.size).to.equal(0)
    await ensure(make())
    ec2.gateways.values().next().value!.Attachments = []
    expect(await remove(make())).to.deep.equal({ status: 'deleted' })
    expect(ec2.called('DetachInternetGateway')).to.deep.equal([])
  })

  it('names the public address that keeps it attached', async () => {
    await ensure(make())
    const inVpc = { VpcId: 'vpc-1', Status: 'in-use' as const }
    ec2.interfaces.set('eni-1', {
      NetworkInterfaceId: 'eni-1',
      ...inVpc,
      Association: { PublicIp: '3.3.3.3' },
    })
    ec2.interfaces.set('eni-2', { NetworkInterfaceId: 'eni-2', ...inVpc })
    expect(await withoutWaiting(() => remove(make()))).to.deep.equal({
      status: 'blocked',
      by: ['network interface eni-1 (in-use, 3.3.3.3)'],
    })
    expect(attached()).to.deep.equal(['vpc-1'])
  })

  it('is absent, not an error, when it is gone already', async () => {
    await ensure(make())
    const gateway = make()
    const seen = await gateway.read()
    ec2.gateways.clear()
    expect(await gateway.delete(seen!, testOperation())).to.deep.equal({ status: 'absent' })
  })
})
