import type { State } from '@aws-sdk/client-ec2'
import { expect } from 'chai'
import type { PolicyDocument } from '../../../src/aws/policy.js'
import { VpcEndpoint } from '../../../src/resources/ec2/vpc-endpoint.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure, withoutWaiting } from './converge.js'
import { awsError, FakeEc2 } from './fake-ec2.js'
import { S3_POLICY } from './network.js'

describe('VpcEndpoint', () => {
  let ec2: FakeEc2
  const make = (tables = ['rtb-1', 'rtb-2'], policy: PolicyDocument = S3_POLICY, vpcId = 'vpc-1') =>
    new VpcEndpoint(ec2.run(), 'network/endpoint/s3', 'dp-sensors-dev-s3', {
      vpcId: () => vpcId,
      service: 's3',
      routeTableIds: () => tables,
      policy: () => policy,
    })
  const endpoint = () => [...ec2.endpoints.values()][0]!

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
  })

  it('is a gateway to S3 in the route tables, with its policy', async () => {
    const made = make()
    await ensure(made)
    expect(made.attributes).to.deep.equal({ endpointId: endpoint().VpcEndpointId })
    expect(endpoint()).to.include({ VpcEndpointType: 'Gateway', ServiceName: 'com.amazonaws.us-east-1.s3' })
    expect(endpoint().RouteTableIds).to.deep.equal(['rtb-1', 'rtb-2'])
    expect(JSON.parse(endpoint().PolicyDocument ?? '')).to.deep.equal(S3_POLICY)
    expect((await ensure(make())).action).to.equal('unchanged')
  })

  it('takes a policy that says the same in other words for the same', async () => {
    await ensure(make())
    const [{ Effect, ...statement }] = S3_POLICY.Statement as [PolicyDocument['Statement'][number]]
    const reworded = {
      ...statement,
      Action: ['s3:PutObject', 's3:GetObject'],
      Effect,
      Resource: [statement.Resource],
    }
    endpoint().PolicyDocument = JSON.stringify({ Statement: reworded, Version: '2012-10-17' })
    expect(await drift(make())).to.deep.equal([])
  })

  it('changes its route tables and its policy in one call, naming only what differs', async () => {
    await ensure(make())
    const wider = {
      ...S3_POLICY,
      Statement: S3_POLICY.Statement.map((statement) => ({ ...statement, Action: 's3:*' })),
    }
    expect(
      (await ensure(make(['rtb-2', 'rtb-3'], wider))).changes.map((change) => change.path),
    ).to.deep.equal(['routeTableIds', 'policy'])
    expect(ec2.inputsOf('ModifyVpcEndpoint')).to.deep.equal([
      {
        VpcEndpointId: endpoint().VpcEndpointId,
        AddRouteTableIds: ['rtb-3'],
        RemoveRouteTableIds: ['rtb-1'],
        PolicyDocument: JSON.stringify(wider),
      },
    ])
    expect(await drift(make(['rtb-3', 'rtb-2'], wider))).to.deep.equal([])
  })

  it('sees a condition or a statement that somebody added', async () => {
    const condition = { StringEquals: { 'aws:PrincipalAccount': '111122223333' } }
    await ensure(
      make(undefined, { ...S3_POLICY, Statement: [{ ...S3_POLICY.Statement[0]!, Condition: condition }] }),
    )
    expect((await drift(make())).map((change) => change.path)).to.deep.equal(['policy'])
  })

  it('gets its tags back, and is replaced when it is in another VPC', async () => {
    await ensure(make())
    endpoint().Tags = endpoint().Tags?.filter((tag) => tag.Key !== 'Name')
    expect((await ensure(make())).changes.map((change) => change.path)).to.deep.equal(['tags.Name'])
    expect(await drift(make(undefined, undefined, 'vpc-2'))).to.deep.equal([
      { path: 'vpcId', from: 'vpc-1', to: 'vpc-2', replaces: true },
    ])
  })

  for (const state of ['available', 'Available'] as State[]) {
    it(`is ready when its state reads ${state}`, async () => {
      await ensure(make())
      endpoint().State = state
      expect(await drift(make())).to.deep.equal([])
    })
  }

  it('is waited for when it was left pending, and replaced when it failed', async () => {
    await ensure(make())
    endpoint().State = 'pending' as State
    const op = { ...testOperation(), waiting: () => void (endpoint().State = 'available' as State) }
    expect((await withoutWaiting(() => ensure(make(), op))).action).to.equal('update')
    endpoint().State = 'failed' as State
    expect(await drift(make())).to.deep.equal([
      { path: 'state', from: 'failed', to: 'available', replaces: true },
    ])
  })

  it('is absent while it is being deleted, and its successor waits until it is gone', async () => {
    await ensure(make())
    const first = endpoint().VpcEndpointId!
    endpoint().State = 'deleting' as State
    const successor = make()
    expect(await successor.read()).to.equal(undefined)
    let overlapped = true
    const op = {
      ...testOperation(),
      waiting: () => {
        overlapped = ec2.called('CreateVpcEndpoint').length > 0
        ec2.endpoints.delete(first)
      },
    }
    const { endpointId } = await withoutWaiting(() => successor.create(op))
    expect(overlapped).to.equal(false)
    expect(endpointId).not.to.equal(first)
  })

  it('is never picked from two', async () => {
    await make().create(testOperation())
    await make().create(testOperation())
    const error = await make()
      .read()
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'DUPLICATE_RESOURCE' })
  })

  it('is created although EC2 does not see its route tables yet', async () => {
    const made = make()
    ec2.fail('CreateVpcEndpoint', awsError('InvalidRouteTableId.NotFound'))
    await withoutWaiting(() => made.create(testOperation()))
    const [first, second] = ec2.inputsOf('CreateVpcEndpoint').map((input) => input.ClientToken)
    expect(first).to.be.a('string').and.to.equal(second)
    expect(ec2.endpoints.size).to.equal(1)
  })

  it('answers to the name of its service again when somebody switched that off', async () => {
    ec2.groups.set('sg-1', { GroupId: 'sg-1', VpcId: 'vpc-1' })
    const service = 'ecr.api'
    const [zone = ''] = ec2.services[service] ?? []
    const subnet = { subnetId: 'subnet-1', zoneId: zone, zoneName: `${zone}-name` }
    ec2.subnets.set('subnet-1', { SubnetId: 'subnet-1', VpcId: 'vpc-1', AvailabilityZoneId: zone })
    const ecr = () =>
      new VpcEndpoint(ec2.run(), `network/endpoint/${service}`, `dp-sensors-dev-${service}`, {
        kind: 'interface',
        vpcId: () => 'vpc-1',
        service,
        subnets: [{ attributes: subnet }],
        securityGroupIds: () => ['sg-1'],
        policy: () => S3_POLICY,
      })
    await withoutWaiting(() => ensure(ecr()))
    endpoint().PrivateDnsEnabled = false
    expect((await withoutWaiting(() => ensure(ecr()))).changes).to.deep.equal([
      { path: 'privateDns', from: false, to: true, replaces: false },
    ])
    expect(await drift(ecr())).to.deep.equal([])
  })

  it('is deleted, and absent when it is gone already', async () => {
    await ensure(make())
    const made = make()
    const seen = await made.read()
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'deleted' })
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'absent' })
  })

  it('fails when EC2 answers well but did not delete it', async () => {
    await ensure(make())
    const made = make()
    const seen = await made.read()
    const failure = { Code: 'UnauthorizedOperation', Message: 'You are not authorized' }
    ec2.answer('DeleteVpcEndpoints', { Unsuccessful: [{ ResourceId: seen!.physicalId, Error: failure }] })
    const error = await made.delete(seen!, testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.include({ name: 'UnauthorizedOperation', message: 'You are not authorized' })
  })
})
