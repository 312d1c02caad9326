import { expect } from 'chai'
import { AwsClients } from '../../../src/aws/clients.js'
import { AwsContext } from '../../../src/aws/context.js'
import { Names } from '../../../src/aws/names.js'
import { EC2Client } from '@aws-sdk/client-ec2'
import { mockClient } from 'aws-sdk-client-mock'
import { UsageError } from '../../../src/errors.js'
import { chooseZones } from '../../../src/resources/ec2/availability-zones.js'
import { Subnet } from '../../../src/resources/ec2/subnet.js'
import { ensure } from './converge.js'
import { FakeEc2 } from './fake-ec2.js'

describe('chooseZones', () => {
  let ec2: FakeEc2

  const addSubnet = (letter: string, zoneId: string) => {
    ec2.vpcs.set('vpc-1', { VpcId: 'vpc-1', dnsSupport: true, dnsHostnames: true })
    const properties = { vpcId: () => 'vpc-1', cidr: `10.20.${ec2.subnets.size}.0/24`, zoneId }
    return ensure(new Subnet(ec2.run(), `network/subnet/private/${letter}`, letter, properties))
  }

  beforeEach(() => {
    ec2 = new FakeEc2()
  })

  it('takes the first zones in order', async () => {
    expect(await chooseZones(ec2.run(), 2)).to.deep.equal(['use1-az1', 'use1-az2'])
    expect(ec2.inputsOf('DescribeAvailabilityZones')).to.deep.equal([
      {
        Filters: [
          { Name: 'state', Values: ['available'] },
          { Name: 'opt-in-status', Values: ['opt-in-not-required'] },
          { Name: 'zone-type', Values: ['availability-zone'] },
        ],
      },
    ])
  })

  it('keeps the zones of subnets that exist, also when another zone comes or one is impaired', async () => {
    await addSubnet('a', 'use1-az2')
    await addSubnet('b', 'use1-az4')
    ec2.zones = ['use1-az1', 'use1-az4']
    expect(await chooseZones(ec2.run(), 2)).to.deep.equal(['use1-az2', 'use1-az4'])
    expect(await chooseZones(ec2.run(), 3)).to.deep.equal(['use1-az2', 'use1-az4', 'use1-az1'])
  })

  it('gives a subnet that is gone a free zone, and moves no other', async () => {
    await addSubnet('b', 'use1-az1')
    expect(await chooseZones(ec2.run(), 2)).to.deep.equal(['use1-az2', 'use1-az1'])
  })

  it('leaves out zones where Fargate does not run', async () => {
    const region = 'ca-central-1'
    const place = {
      project: 'sensors',
      env: 'dev',
      account: '111122223333',
      bucketNamespace: 'global' as const,
    }
    const aws = new AwsContext({
      clients: new AwsClients({ region }),
      names: new Names({ ...place, region }),
      emulated: false,
    })
    const zones = ['cac1-az4', 'cac1-az2', 'cac1-az1'].map((ZoneId) => ({ ZoneId }))
    mockClient(aws.clients.of(EC2Client)).onAnyCommand().resolves({ Subnets: [], AvailabilityZones: zones })
    expect(await chooseZones(aws, 2)).to.deep.equal(['cac1-az1', 'cac1-az2'])
    const error = await chooseZones(aws, 3).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(UsageError)
    expect(error).to.include({
      code: 'TOO_FEW_ZONES',
      message:
        'The network wants 3 availability zones, but ca-central-1 has 2 that are available and run Fargate (cac1-az1, cac1-az2).',
    })
  })
})
