import {
  AssociateKmsKeyCommand,
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
  PutRetentionPolicyCommand,
  ResourceNotFoundException,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { expect } from 'chai'
import { LogGroup } from '../../../src/resources/logs/log-group.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/abc'

describe('LogGroup', () => {
  const aws = testContext()
  const logs = suiteMock(CloudWatchLogsClient)
  const op = testOperation()
  const group = new LogGroup(aws, 'logs/ecs', '/dp/sensors-dev/ecs', { retentionDays: 30, keyArn: () => KEY })

  beforeEach(() => logs.reset())

  it('is absent when only a sibling with the same prefix exists', async () => {
    logs.on(DescribeLogGroupsCommand).resolves({ logGroups: [{ logGroupName: '/dp/sensors-dev/ecs-other' }] })
    expect(await group.read()).to.equal(undefined)
  })

  it('sees retention, key and tags, and names each difference', async () => {
    logs
      .on(DescribeLogGroupsCommand)
      .resolves({ logGroups: [{ logGroupName: group.name, retentionInDays: 7, kmsKeyId: KEY }] })
    logs.on(ListTagsForResourceCommand).resolves({ tags: { ...group.tags, Name: 'renamed' } })
    const observed = (await group.read())!
    expect(observed.owned).to.equal(true)
    expect(group.diff(observed)).to.deep.equal([
      { path: 'retentionDays', from: 7, to: 30, replaces: false },
      { path: 'tags.Name', from: 'renamed', to: '/dp/sensors-dev/ecs', replaces: false },
    ])
  })

  it('is foreign without our tags', async () => {
    logs.on(DescribeLogGroupsCommand).resolves({ logGroups: [{ logGroupName: group.name }] })
    logs.on(ListTagsForResourceCommand).resolves({ tags: {} })
    expect((await group.read())!.owned).to.equal(false)
  })

  it('changes only what differs', async () => {
    const observed = {
      physicalId: group.name,
      attributes: { arn: 'arn' },
      owned: true,
      properties: { retentionDays: 7, keyArn: KEY },
      tags: group.tags,
    }
    await group.update(observed, group.diff(observed), op)
    expect(
      logs.commandCalls(PutRetentionPolicyCommand).map((c) => c.args[0].input.retentionInDays),
    ).to.deep.equal([30])
    expect(logs.commandCalls(AssociateKmsKeyCommand)).to.have.length(0)
    expect(logs.commandCalls(TagResourceCommand)).to.have.length(0)
  })

  it('waits for a new key that CloudWatch Logs does not see yet', async () => {
    const denied = Object.assign(
      new Error('The specified KMS key does not exist or is not allowed to be used with Arn'),
      {
        name: 'AccessDeniedException',
      },
    )
    logs.on(CreateLogGroupCommand).rejectsOnce(denied).resolves({})
    logs.on(PutRetentionPolicyCommand).resolves({})
    expect(await group.create(op)).to.deep.equal({
      arn: 'arn:aws:logs:us-east-1:111122223333:log-group:/dp/sensors-dev/ecs',
    })
    expect(logs.commandCalls(CreateLogGroupCommand)[1]!.args[0].input).to.deep.include({
      kmsKeyId: KEY,
      tags: group.tags,
    })
  })

  it('waits while another change is under way, and until the new group is seen everywhere', async () => {
    const refused = (name: string) => Object.assign(new Error('Try again.'), { name })
    logs.on(CreateLogGroupCommand).rejectsOnce(refused('OperationAbortedException')).resolves({})
    logs
      .on(PutRetentionPolicyCommand)
      .rejectsOnce(refused('ResourceNotFoundException'))
      .rejectsOnce(refused('OperationAbortedException'))
      .resolves({})
    await group.create(op)
    expect(logs.commandCalls(CreateLogGroupCommand)).to.have.length(2)
    expect(logs.commandCalls(PutRetentionPolicyCommand)).to.have.length(3)
  })

  it('is absent, not an error, when it is gone already', async () => {
    logs.on(DeleteLogGroupCommand).rejects(new ResourceNotFoundException({ message: 'gone', $metadata: {} }))
    const observed = {
      physicalId: group.name,
      attributes: { arn: '' },
      owned: true,
      properties: { retentionDays: 1, keyArn: KEY },
      tags: {},
    }
    expect(await group.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
