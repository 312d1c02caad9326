import { expect } from 'chai'
import { FlowLog } from '../../../src/resources/ec2/flow-log.js'
import { testOperation } from '../../support/resource.js'
import { drift, ensure } from './converge.js'
import { FakeEc2 } from './fake-ec2.js'

describe('FlowLog', () => {
  let ec2: FakeEc2
  const make = (bucketArn = 'arn:aws:s3:::logs') =>
    new FlowLog(ec2.run(), 'network/flow-log', 'dp-sensors-dev-flow-log', {
      vpcId: () => 'vpc-1',
      bucketArn: () => bucketArn,
    })
  const log = () => [...ec2.flowLogs.values()][0]!

  beforeEach(() => {
    ec2 = new FakeEc2()
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
  })

  it('records all traffic of the VPC to the bucket', async () => {
    await ensure(make())
    expect(log()).to.include({
      ...{ ResourceId: 'vpc-1', TrafficType: 'ALL', MaxAggregationInterval: 600 },
      ...{ LogDestinationType: 's3', LogDestination: 'arn:aws:s3:::logs' },
    })
    expect((await ensure(make())).action).to.equal('unchanged')
  })

  it('is replaced for everything but its tags', async () => {
    await ensure(make())
    expect(await drift(make('arn:aws:s3:::elsewhere'))).to.deep.equal([
      { path: 'destination.arn', from: 'arn:aws:s3:::logs', to: 'arn:aws:s3:::elsewhere', replaces: true },
    ])
    log().Tags = log().Tags?.filter((tag) => tag.Key !== 'Name')
    expect((await ensure(make())).changes.map(({ path }) => path)).to.deep.equal(['tags.Name'])
    expect(await drift(make())).to.deep.equal([])
  })

  it('takes over its own when the list did not show it, and no foreign one', async () => {
    await ensure(make())
    expect(await make().create(testOperation())).to.deep.equal({ flowLogId: log().FlowLogId })
    log().Tags = []
    const error = await make()
      .create(testOperation())
      .catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'FLOW_LOG_TAKEN' })
    expect(ec2.flowLogs.size).to.equal(1)
  })

  it('fails when EC2 answers well but made or deleted nothing', async () => {
    const failure = { Code: 'AccessDenied', Message: 'LogDestination undeliverable' }
    const made = make()
    ec2.answer('CreateFlowLogs', { FlowLogIds: [], Unsuccessful: [{ ResourceId: 'vpc-1', Error: failure }] })
    const error = await made.create(testOperation()).catch((thrown: unknown) => thrown)
    expect(error).to.include({ name: 'AccessDenied', message: 'LogDestination undeliverable' })
  })

  it('is deleted, and absent when it is gone already', async () => {
    await ensure(make())
    const made = make()
    const seen = await made.read()
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'deleted' })
    expect(await made.delete(seen!, testOperation())).to.deep.equal({ status: 'absent' })
  })
})
