import {
  DataSyncClient,
  DescribeAgentCommand,
  DescribeLocationNfsCommand,
  DescribeLocationS3Command,
  DescribeTaskCommand,
  DescribeTaskExecutionCommand,
  ListAgentsCommand,
  ListLocationsCommand,
  ListTagsForResourceCommand,
  ListTaskExecutionsCommand,
  ListTasksCommand,
} from '@aws-sdk/client-datasync'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { datasyncStatus } from '../../../src/operate/datasync/status.js'
import { arn } from '../../resources/datasync/support.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { signal } from '../support.js'
import { environmentWith, NFS } from './support.js'

describe('datasync status', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const environment = environmentWith(`${NFS}\nschedule: cron(0 3 * * ? *)`)

  beforeEach(() => {
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync.on(ListAgentsCommand).resolves({ Agents: [] })
    datasync.on(ListLocationsCommand).resolves({ Locations: [] })
    datasync.on(ListTasksCommand).resolves({ Tasks: [] })
  })

  const exists = (kind: 'agent' | 'location' | 'task', serial: number, id: string) =>
    datasync
      .on(ListTagsForResourceCommand, { ResourceArn: arn(kind, serial) })
      .resolves({ Tags: upperTags(aws.tags(id, 'x')) })

  it('says what is missing and what to do about it', async () => {
    const status = await datasyncStatus(aws, environment, signal)
    expect(status).to.deep.include({
      agent: null,
      source: null,
      destination: null,
      task: null,
      executions: [],
    })
    expect(status.problems.join('\n')).to.include('datapipe datasync activate').and.include('datapipe up')
  })

  it('tells everything, newest execution first, and what needs attention', async () => {
    datasync.on(ListAgentsCommand).resolves({ Agents: [{ AgentArn: arn('agent', 1) }] })
    datasync.on(ListLocationsCommand).resolves({
      Locations: [
        { LocationArn: arn('location', 1), LocationUri: 'nfs://files.example.com/export/measurements/' },
        { LocationArn: arn('location', 2), LocationUri: 's3://raw/inbox/' },
      ],
    })
    datasync.on(ListTasksCommand).resolves({ Tasks: [{ TaskArn: arn('task', 1) }] })
    exists('agent', 1, 'ingestion/agent')
    exists('location', 1, 'ingestion/source/nfs')
    exists('location', 2, 'ingestion/destination')
    exists('task', 1, 'ingestion/task')
    datasync.on(DescribeAgentCommand).resolves({
      Status: 'OFFLINE',
      EndpointType: 'PUBLIC',
      LastConnectionTime: new Date('2026-11-01T00:00:00Z'),
    })
    datasync
      .on(DescribeLocationNfsCommand)
      .resolves({ LocationUri: 'nfs://files.example.com/export/measurements/' })
    datasync.on(DescribeLocationS3Command).resolves({ LocationUri: 's3://raw/inbox/' })
    datasync.on(DescribeTaskCommand).resolves({
      TaskArn: arn('task', 1),
      Status: 'AVAILABLE',
      Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'DISABLED' },
      ScheduleDetails: { DisabledBy: 'SERVICE', DisabledReason: 'Task failed with AgentOffline' },
    })
    datasync
      .on(ListTaskExecutionsCommand, { NextToken: undefined })
      .resolves({ TaskExecutions: [{ TaskExecutionArn: 'exec-old' }], NextToken: 'more' })
      .on(ListTaskExecutionsCommand, { NextToken: 'more' })
      .resolves({ TaskExecutions: [{ TaskExecutionArn: 'exec-new' }] })
    datasync.on(DescribeTaskExecutionCommand, { TaskExecutionArn: 'exec-old' }).resolves({
      Status: 'SUCCESS',
      StartTime: new Date('2026-10-31T03:00:00Z'),
      FilesTransferred: 12,
      BytesWritten: 3400,
      Result: { TotalDuration: 61_000 },
    })
    datasync.on(DescribeTaskExecutionCommand, { TaskExecutionArn: 'exec-new' }).resolves({
      Status: 'ERROR',
      StartTime: new Date('2026-11-01T03:00:00Z'),
      FilesFailed: { Transfer: 2, Verify: 1 },
      Result: { ErrorCode: 'AgentOffline', ErrorDetail: 'The agent did not answer' },
    })

    const status = await datasyncStatus(aws, environment, signal)
    expect(status.agent).to.deep.equal({
      arn: arn('agent', 1),
      status: 'OFFLINE',
      lastConnection: '2026-11-01T00:00:00.000Z',
      endpoint: 'PUBLIC',
    })
    expect(status.source?.address).to.equal('nfs://files.example.com/export/measurements')
    expect(status.destination?.address).to.equal('s3://raw/inbox')
    expect(status.task?.schedule).to.deep.equal({
      expression: 'cron(0 3 * * ? *)',
      enabled: false,
      disabledBy: 'SERVICE',
      reason: 'Task failed with AgentOffline',
    })
    expect(
      status.executions.map((one) => [one.arn, one.status, one.filesTransferred, one.filesFailed]),
    ).to.deep.equal([
      ['exec-new', 'ERROR', null, 3],
      ['exec-old', 'SUCCESS', 12, 0],
    ])
    const problems = status.problems.join('\n')
    expect(problems).to.include('The agent is OFFLINE')
    expect(problems).to.include(
      'switched off by DataSync itself, after repeated failures (Task failed with AgentOffline)',
    )
    expect(problems).to.include('The last execution failed: AgentOffline: The agent did not answer')
  })
})
