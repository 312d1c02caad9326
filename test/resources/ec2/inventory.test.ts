import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import { Ec2Inventory } from '../../../src/resources/ec2/inventory.js'
import { testContext } from '../../support/resource.js'

describe('Ec2Inventory', () => {
  it('reads to the last page, and only what is alive in this environment', async () => {
    const aws = testContext()
    const client = mockClient(aws.clients.of(EC2Client))
    client.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: 'subnet-1' }], NextToken: 'more' })
    client
      .on(DescribeSubnetsCommand, { NextToken: 'more' })
      .resolves({ Subnets: [], NextToken: 'still more' })
      .on(DescribeSubnetsCommand, { NextToken: 'still more' })
      .resolves({ Subnets: [{ SubnetId: 'subnet-2' }] })
    const subnets = await Ec2Inventory.of(aws).subnets.get()
    expect(subnets.map((subnet) => subnet.SubnetId)).to.deep.equal(['subnet-1', 'subnet-2'])
    for (const call of client.commandCalls(DescribeSubnetsCommand)) {
      expect(call.args[0].input.Filters).to.deep.equal([
        { Name: 'tag:datapipe:project', Values: ['sensors'] },
        { Name: 'tag:datapipe:env', Values: ['dev'] },
        { Name: 'state', Values: ['pending', 'available'] },
      ])
    }
  })

  it('is one per context', () => {
    const aws = testContext()
    expect(Ec2Inventory.of(aws)).to.equal(Ec2Inventory.of(aws))
    expect(Ec2Inventory.of(aws)).not.to.equal(Ec2Inventory.of(testContext()))
  })
})
