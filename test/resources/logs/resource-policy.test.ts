import {
  CloudWatchLogsClient,
  DeleteResourcePolicyCommand,
  DescribeResourcePoliciesCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { expect } from 'chai'
import { policy } from '../../../src/aws/policy.js'
import { LogResourcePolicy } from '../../../src/resources/logs/resource-policy.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const GROUP = 'arn:aws:logs:us-east-1:111122223333:log-group:/dp/sensors-dev/datasync'
const DOCUMENT = policy({
  Sid: 'Write',
  Effect: 'Allow',
  Principal: { Service: 'datasync.amazonaws.com' },
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: `${GROUP}:*`,
})

describe('LogResourcePolicy', () => {
  const logs = suiteMock(CloudWatchLogsClient)
  const op = testOperation()
  const one = new LogResourcePolicy(testContext(), 'ingestion/log-policy', 'dp-sensors-dev-datasync', {
    logGroupArn: GROUP,
    policy: () => DOCUMENT,
  })

  beforeEach(() => {
    logs.reset()
    logs.onAnyCommand().rejects(new Error('unexpected call'))
  })

  it('is looked for on the group only, on every page, and compared as a whole', async () => {
    logs
      .on(DescribeResourcePoliciesCommand, {
        resourceArn: GROUP,
        policyScope: 'RESOURCE',
        nextToken: undefined,
      })
      .resolves({ resourcePolicies: [{ policyName: 'other' }], nextToken: 'more' })
    logs
      .on(DescribeResourcePoliciesCommand, { resourceArn: GROUP, policyScope: 'RESOURCE', nextToken: 'more' })
      .resolves({
        resourcePolicies: [
          { policyName: one.name, policyDocument: JSON.stringify(DOCUMENT), revisionId: 'r1' },
        ],
      })
    const observed = (await one.read())!
    expect(one.diff(observed)).to.deep.equal([])
    const wider = { ...observed, policy: { Version: '2012-10-17', Statement: [] } }
    expect(one.diff(wider).map(({ path }) => path)).to.deep.equal(['policy'])
  })

  it('is absent while there is no log group', async () => {
    logs
      .on(DescribeResourcePoliciesCommand)
      .rejects(Object.assign(new Error('no group'), { name: 'ResourceNotFoundException' }))
    expect(await one.read()).to.equal(undefined)
  })

  it('is put on the group, and replaced and deleted by its revision', async () => {
    logs.on(PutResourcePolicyCommand).resolves({}).on(DeleteResourcePolicyCommand).resolves({})
    await one.create(op)
    const observed = {
      physicalId: one.name,
      attributes: { policyName: one.name },
      owned: true,
      policy: null,
      revision: 'r7',
    }
    await one.update(observed, one.diff(observed), op)
    const [created, updated] = logs.commandCalls(PutResourcePolicyCommand).map(({ args }) => args[0].input)
    expect(created).to.deep.equal({
      policyName: one.name,
      policyDocument: JSON.stringify(DOCUMENT),
      resourceArn: GROUP,
    })
    expect(updated!.expectedRevisionId).to.equal('r7')
    expect(await one.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(logs.commandCalls(DeleteResourcePolicyCommand)[0]!.args[0].input).to.deep.equal({
      policyName: one.name,
      resourceArn: GROUP,
      expectedRevisionId: 'r7',
    })
  })
})
