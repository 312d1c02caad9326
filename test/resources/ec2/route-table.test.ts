import { expect } from 'chai'
import { RouteTable } from '../../../src/resources/ec2/route-table.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, remove, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'

describe('RouteTable', () => {
  let ec2: FakeEc2
  const make = (gateway = 'igw-1', subnets = ['subnet-1', 'subnet-2'], id = 'network/routes/public') =>
    new RouteTable(ec2.run(), id, `dp-sensors-dev-${id.slice('network/routes/'.length)}`, {
      vpcId: () => 'vpc-1',
      routes: [{ cidr: '0.0.0.0/0', gatewayId: () => gateway }],
      subnetIds: () => subnets,
    })
  const table = (index = 0) => [...ec2.tables.values()][index]!
  const subnetsOf = (index = 0) => table(index).Associations?.map((association) => association.SubnetId)
  const routesOf = () =>
    Object.fromEntries(
      (table().Routes ?? []).map((route) => [route.DestinationCidrBlock ?? '', route.GatewayId] as const),
    )

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', CidrBlock: '10.20.0.0/16', dnsSupport: true, dnsHostnames: true })
    for (const SubnetId of ['subnet-1', 'subnet-2', 'subnet-3'])
      ec2.subnets.set(SubnetId, { SubnetId, VpcId: 'vpc-1' })
  })

  it('is created with its routes and subnets, and a token for repeated attempts', async () => {
    await ensure(make())
    expect(routesOf()).to.deep.equal({ '10.20.0.0/16': 'local', '0.0.0.0/0': 'igw-1' })
    expect(subnetsOf()).to.deep.equal(['subnet-1', 'subnet-2'])
    expect(ec2.inputsOf('CreateRouteTable')[0]!.ClientToken).to.match(/^[0-9a-f-]{36}$/)
    expect((await ensure(make())).action).to.equal('unchanged')
  })

  it('repeats a create with the same token, and starts another one with another', async () => {
    const first = make()
    ec2.fail('CreateRouteTable', awsError('InvalidVpcID.NotFound'))
    await withoutWaiting(() => first.create(testOperation()))
    const tokens = ec2.inputsOf('CreateRouteTable').map((input) => input.ClientToken)
    expect(tokens).to.have.length(2)
    expect(tokens[0]).to.equal(tokens[1])
    await make('igw-1', []).create(testOperation())
    expect(ec2.inputsOf('CreateRouteTable')[0]!.ClientToken).not.to.equal(tokens[0])
  })

  it('points a route elsewhere, and one whose target is gone back', async () => {
    await ensure(make('igw-0'))
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'routes.0.0.0.0/0', from: 'igw-0', to: 'igw-1', replaces: false },
    ])
    expect(routesOf()).to.include({ '0.0.0.0/0': 'igw-1' })
    table().Routes!.find((route) => route.GatewayId === 'igw-1')!.State = 'blackhole'
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'routes.0.0.0.0/0', from: 'blackhole (igw-1)', to: 'igw-1', replaces: false },
    ])
    expect(await drift(make())).to.deep.equal([])
  })

  it('sends a route to a NAT gateway as one', async () => {
    ec2.nats.set('nat-1', { NatGatewayId: 'nat-1', State: 'available' })
    await ensure(make('nat-1'))
    expect(ec2.inputsOf('CreateRoute')[0])
      .to.include({ NatGatewayId: 'nat-1' })
      .and.not.have.property('GatewayId')
    expect(await drift(make('nat-1'))).to.deep.equal([])
  })

  it('removes routes that nobody asked for, but not those of endpoints and of propagation', async () => {
    await ensure(make())
    table().Routes!.push(
      { DestinationCidrBlock: '192.168.0.0/16', VpcPeeringConnectionId: 'pcx-1', Origin: 'CreateRoute' },
      { DestinationIpv6CidrBlock: '::/0', GatewayId: 'igw-1', Origin: 'CreateRoute' },
      { DestinationPrefixListId: 'pl-s3', GatewayId: 'vpce-1', Origin: 'CreateRoute' },
      { DestinationCidrBlock: '172.16.0.0/12', GatewayId: 'vgw-1', Origin: 'EnableVgwRoutePropagation' },
    )
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'routes.192.168.0.0/16', from: 'pcx-1', to: null, replaces: false },
      { path: 'routes.::/0', from: 'igw-1', to: null, replaces: false },
    ])
    expect(table().Routes!.map((route) => route.GatewayId)).to.deep.equal([
      'local',
      'igw-1',
      'vpce-1',
      'vgw-1',
    ])
  })

  it('takes its subnets from other tables, and lets go of those that are not its own', async () => {
    await ensure(make('igw-1', ['subnet-1'], 'network/routes/other'))
    await ensure(make('igw-1', ['subnet-2', 'subnet-3']))
    expect(subnetsOf(1)).to.deep.equal(['subnet-2', 'subnet-3'])
    expect((await ensure(make())).changes).to.deep.equal([
      { path: 'subnetIds', from: ['subnet-2', 'subnet-3'], to: ['subnet-1', 'subnet-2'], replaces: false },
    ])
    expect(subnetsOf(0)).to.deep.equal([])
    expect(subnetsOf(1)!.toSorted()).to.deep.equal(['subnet-1', 'subnet-2'])
  })

  it('is fine when a route and an association appeared since it looked', async () => {
    await ensure(make('igw-1', []))
    table().Routes = table().Routes!.slice(0, 1)
    const routes = make()
    const seen = await routes.read()
    const changes = routes.diff(seen!)
    table().Routes!.push({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-0', Origin: 'CreateRoute' })
    const known = { RouteTableAssociationId: 'rtbassoc-1', RouteTableId: table().RouteTableId }
    table().Associations = [{ ...known, SubnetId: 'subnet-1', Main: false }]
    await routes.update(seen!, changes, testOperation())
    expect(ec2.called('ReplaceRouteTableAssociation')).to.deep.equal([])
    expect(await drift(make())).to.deep.equal([])
  })

  it('is created although EC2 does not see everything everywhere at once', async () => {
    const routes = make()
    ec2.fail('CreateRoute', awsError('InvalidRouteTableID.NotFound'), awsError('InvalidGatewayID.NotFound'))
    ec2.fail('AssociateRouteTable', awsError('InvalidSubnetID.NotFound'))
    await withoutWaiting(() => routes.create(testOperation()))
    expect(ec2.tables.size).to.equal(1)
    expect(await drift(make())).to.deep.equal([])
  })

  it('gets its tags back, and is replaced when it is in another VPC', async () => {
    await ensure(make())
    table().Tags = table().Tags?.filter((tag) => tag.Key !== 'Name')
    expect((await ensure(make())).changes.map((change) => change.path)).to.deep.equal(['tags.Name'])
    table().VpcId = 'vpc-0'
    expect(await drift(make())).to.deep.equal([{ path: 'vpcId', from: 'vpc-0', to: 'vpc-1', replaces: true }])
  })

  it('leaves the list of subnets that it was given as it was', async () => {
    const subnets = ['subnet-2', 'subnet-1']
    await ensure(make('igw-1', subnets))
    await drift(make('igw-1', subnets))
    expect(subnets).to.deep.equal(['subnet-2', 'subnet-1'])
  })

  it('lets go of its subnets and is deleted', async () => {
    await ensure(make())
    expect(await remove(make())).to.deep.equal({ status: 'deleted' })
    expect(ec2.tables.size).to.equal(0)
  })

  it('says so when it was made the main table of its VPC', async () => {
    await ensure(make())
    table().Associations = [{ Main: true, RouteTableId: table().RouteTableId }]
    expect(await withoutWaiting(() => remove(make()))).to.deep.equal({
      status: 'blocked',
      by: ['VPC vpc-1 uses it as its main route table'],
    })
  })
})
