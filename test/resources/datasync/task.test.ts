import {
  CancelTaskExecutionCommand,
  CreateTaskCommand,
  DataSyncClient,
  DeleteTaskCommand,
  DescribeTaskCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  UpdateTaskCommand,
  type DescribeTaskCommandOutput,
} from '@aws-sdk/client-datasync'
import { expect } from 'chai'
import { DataSyncTask } from '../../../src/resources/datasync/task.js'
import type { DataSyncTaskProperties } from '../../../src/resources/datasync/task-properties.js'
import { failure } from '../../operate/support.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { arn, invalidRequest, tagPage } from './support.js'

const TASK = arn('task', 1)
const LOGS = 'arn:aws:logs:us-east-1:111122223333:log-group:/dp/sensors-dev/datasync'
const ROLE = 'arn:aws:iam::111122223333:role/dp-sensors-dev-datasync-use1'
const BUCKET = 'arn:aws:s3:::artifacts'

const PROPERTIES: DataSyncTaskProperties = {
  sourceArn: () => arn('location', 1),
  destinationArn: () => arn('location', 2),
  logGroupArn: () => LOGS,
  include: ['/measurements/*', '/archive'],
  exclude: ['*.tmp', '*.filepart'],
  schedule: 'cron(0 3 * * ? *)',
  verify: 'transferred',
  bytesPerSecond: undefined,
  report: { bucketArn: BUCKET, path: 'datasync/reports', roleArn: ROLE },
}

const OPTIONS = {
  VerifyMode: 'ONLY_FILES_TRANSFERRED',
  OverwriteMode: 'ALWAYS',
  Atime: 'BEST_EFFORT',
  Mtime: 'PRESERVE',
  Uid: 'NONE',
  Gid: 'NONE',
  PosixPermissions: 'NONE',
  PreserveDeletedFiles: 'PRESERVE',
  TransferMode: 'CHANGED',
  TaskQueueing: 'ENABLED',
  LogLevel: 'BASIC',
  BytesPerSecond: -1,
} as const

describe('DataSyncTask', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const op = testOperation()
  const taskWith = (changed: Partial<DataSyncTaskProperties>) =>
    new DataSyncTask(aws, 'ingestion/task', 'dp-sensors-dev-datasync', { ...PROPERTIES, ...changed })
  const task = taskWith({})

  const AS_DESIRED: Omit<DescribeTaskCommandOutput, '$metadata'> = {
    TaskArn: TASK,
    Status: 'AVAILABLE',
    Name: task.name,
    SourceLocationArn: arn('location', 1),
    DestinationLocationArn: arn('location', 2),
    // As AWS answers it.
    CloudWatchLogGroupArn: `${LOGS}:*`,
    Options: { ...OPTIONS, ObjectTags: 'PRESERVE' },
    Includes: [{ FilterType: 'SIMPLE_PATTERN', Value: '/measurements/*|/archive' }],
    Excludes: [{ FilterType: 'SIMPLE_PATTERN', Value: '*.tmp|*.filepart' }],
    Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'ENABLED' },
    TaskReportConfig: {
      Destination: {
        S3: { S3BucketArn: BUCKET, Subdirectory: 'datasync/reports/', BucketAccessRoleArn: ROLE },
      },
    },
    TaskMode: 'BASIC',
  }

  beforeEach(() => {
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync.on(ListTasksCommand).resolves({ Tasks: [{ TaskArn: TASK, Name: 'renamed by hand' }] })
    datasync.on(ListTagsForResourceCommand).resolves(tagPage(task.tags))
  })

  const observe = async (changed: Partial<DescribeTaskCommandOutput> = {}, of = task) => {
    datasync.on(DescribeTaskCommand).resolves({ ...AS_DESIRED, ...changed })
    return (await of.read())!
  }

  it('is as desired when it is, with what AWS adds by itself', async () => {
    expect(task.diff(await observe())).to.deep.equal([])
  })

  it('is created with one rule per filter, a schedule, a report and tags, and waited for', async () => {
    datasync.on(CreateTaskCommand).resolves({ TaskArn: TASK })
    datasync
      .on(DescribeTaskCommand)
      .resolvesOnce({ ...AS_DESIRED, Status: 'CREATING' })
      .resolves(AS_DESIRED)
    expect(await task.create(op)).to.deep.equal({ arn: TASK })
    expect(datasync.commandCalls(DescribeTaskCommand)).to.have.length(2)
    expect(datasync.commandCalls(CreateTaskCommand)[0]!.args[0].input).to.deep.equal({
      Name: task.name,
      SourceLocationArn: arn('location', 1),
      DestinationLocationArn: arn('location', 2),
      CloudWatchLogGroupArn: LOGS,
      Options: OPTIONS,
      Includes: AS_DESIRED.Includes,
      Excludes: AS_DESIRED.Excludes,
      Schedule: AS_DESIRED.Schedule,
      TaskMode: 'BASIC',
      TaskReportConfig: {
        Destination: {
          S3: { S3BucketArn: BUCKET, Subdirectory: 'datasync/reports', BucketAccessRoleArn: ROLE },
        },
        OutputType: 'STANDARD',
        ReportLevel: 'SUCCESSES_AND_ERRORS',
      },
      ...tagPage(task.tags),
    })
  })

  it('says why it is unavailable', async () => {
    datasync.on(CreateTaskCommand).resolves({ TaskArn: TASK })
    datasync.on(DescribeTaskCommand).resolves({
      ...AS_DESIRED,
      Status: 'UNAVAILABLE',
      ErrorCode: 'InvalidAgentStatus',
      ErrorDetail: 'Agent is offline',
    })
    const error = await failure(task.create(op))
    expect(error.code).to.equal('DATASYNC_TASK_UNAVAILABLE')
    expect(error.message).to.include('InvalidAgentStatus: Agent is offline')
    // The next `up` sees it, too.
    const observed = (await task.read())!
    expect(task.diff(observed).map(({ path }) => path)).to.deep.equal(['status'])
    expect((await failure(task.update(observed, task.diff(observed), op))).code).to.equal(
      'DATASYNC_TASK_UNAVAILABLE',
    )
    expect(datasync.commandCalls(UpdateTaskCommand)).to.have.length(0)
  })

  it('is replaced when it connects other locations, and changed in place otherwise', async () => {
    const observed = await observe({
      SourceLocationArn: arn('location', 8),
      DestinationLocationArn: arn('location', 9),
      TaskMode: 'ENHANCED',
      Name: 'old',
      Options: { ...OPTIONS, VerifyMode: 'NONE', BytesPerSecond: 5_000_000 },
    })
    expect(task.diff(observed).map(({ path, replaces }) => [path, replaces])).to.deep.equal([
      ['name', false],
      ['sourceArn', true],
      ['destinationArn', true],
      ['options.VerifyMode', false],
      ['options.BytesPerSecond', false],
      ['mode', true],
    ])
  })

  it('takes filters, schedule and report away', async () => {
    const bare = taskWith({ include: [], exclude: [], schedule: undefined, report: undefined })
    const observed = await observe({}, bare)
    const changes = bare.diff(observed)
    expect(changes.map(({ path, to }) => [path, to])).to.deep.equal([
      ['exclude', null],
      ['include', null],
      ['schedule', null],
      ['report', null],
    ])
    datasync.on(UpdateTaskCommand).resolves({})
    await bare.update(observed, changes, op)
    expect(datasync.commandCalls(UpdateTaskCommand)[0]!.args[0].input).to.deep.include({
      TaskArn: TASK,
      Includes: [],
      Excludes: [],
      Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'DISABLED' },
      TaskReportConfig: {},
    })
    // And then it is as desired.
    expect(
      bare.diff(
        await observe(
          {
            Includes: [],
            Excludes: [],
            Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'DISABLED' },
            TaskReportConfig: {},
          },
          bare,
        ),
      ),
    ).to.deep.equal([])
  })

  it('switches on again what somebody, or DataSync, switched off; a plan says why DataSync did', async () => {
    const byHand = await observe({
      Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'DISABLED' },
      ScheduleDetails: { DisabledBy: 'USER' },
    })
    expect(task.diff(byHand)).to.deep.equal([
      { path: 'schedule', from: null, to: 'cron(0 3 * * ? *)', replaces: false },
    ])
    const observed = await observe({
      Schedule: { ScheduleExpression: 'cron(0 3 * * ? *)', Status: 'DISABLED' },
      ScheduleDetails: { DisabledBy: 'SERVICE', DisabledReason: 'failed repeatedly' },
    })
    const changes = task.diff(observed)
    expect(changes).to.deep.equal([
      {
        path: 'schedule',
        from: 'cron(0 3 * * ? *) (switched off by DataSync: failed repeatedly)',
        to: 'cron(0 3 * * ? *)',
        replaces: false,
      },
    ])
    // Nothing to tell where no schedule is wanted.
    const unscheduled = taskWith({ schedule: undefined }).diff(observed)
    expect(unscheduled.map(({ path }) => path)).to.not.include('schedule')
    datasync.on(UpdateTaskCommand).resolves({})
    await task.update(observed, changes, op)
    expect(datasync.commandCalls(UpdateTaskCommand)[0]!.args[0].input.Schedule).to.deep.equal({
      ScheduleExpression: 'cron(0 3 * * ? *)',
      Status: 'ENABLED',
    })
  })

  it('stops what is being copied before it is deleted', async () => {
    const running = {
      ...AS_DESIRED,
      Status: 'RUNNING',
      CurrentTaskExecutionArn: `${TASK}/execution/exec-1`,
    } as const
    datasync.on(DescribeTaskCommand).resolvesOnce(running).resolvesOnce(running).resolves(AS_DESIRED)
    const observed = (await task.read())!
    datasync.on(CancelTaskExecutionCommand).resolves({}).on(DeleteTaskCommand).resolves({})
    expect(await task.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    const order = datasync
      .calls()
      .map(({ args }) => args[0].constructor.name)
      .filter((name) => /Cancel|DeleteTask|DescribeTask/.test(name))
    expect(order.slice(-4)).to.deep.equal([
      'CancelTaskExecutionCommand',
      'DescribeTaskCommand',
      'DescribeTaskCommand',
      'DeleteTaskCommand',
    ])
  })

  it('is deleted also when the copying ended just before it was to be stopped', async () => {
    const observed = await observe({ Status: 'RUNNING', CurrentTaskExecutionArn: `${TASK}/execution/exec-1` })
    datasync.on(DescribeTaskCommand).resolves(AS_DESIRED)
    datasync
      .on(CancelTaskExecutionCommand)
      .rejects(invalidRequest('cannot be cancelled in its current status'))
    datasync.on(DeleteTaskCommand).resolves({})
    expect(await task.delete(observed, op)).to.deep.equal({ status: 'deleted' })
  })
})
