import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListTagsForResourceCommand,
  ResourceNotFoundException,
  SchedulerClient,
  UpdateScheduleCommand,
  ValidationException,
  type GetScheduleCommandOutput,
} from '@aws-sdk/client-scheduler'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { Schedule } from '../../../src/resources/scheduler/schedule.js'
import { testContext, testOperation } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const GROUP = 'arn:aws:scheduler:us-east-1:111122223333:schedule-group/dp-sensors-dev'
const ARN = 'arn:aws:scheduler:us-east-1:111122223333:schedule/dp-sensors-dev/dp-sensors-dev-sweep'
const answer = { $metadata: {}, Message: 'no', message: 'no' }

/** Everything that is sent, whether to create or to update. */
const SENT = {
  GroupName: 'dp-sensors-dev',
  Name: 'dp-sensors-dev-sweep',
  ScheduleExpression: 'cron(0 6 1 * ? *)',
  ScheduleExpressionTimezone: 'Europe/Stockholm',
  State: 'ENABLED',
  FlexibleTimeWindow: { Mode: 'OFF' },
  ActionAfterCompletion: 'NONE',
  Target: {
    Arn: 'machine',
    RoleArn: 'role',
    Input: '{"prefix":"inbox/"}',
    DeadLetterConfig: { Arn: 'queue' },
    RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
  },
} as const
const AS_WANTED: GetScheduleCommandOutput = { ...SENT, Arn: ARN, ...answer }

describe('Schedule', () => {
  const aws = testContext()
  const scheduler = suiteMock(SchedulerClient)
  const op = testOperation()
  const schedule = make(true)

  function make(enabled: boolean): Schedule {
    return new Schedule(aws, 'schedule/sweep', 'dp-sensors-dev-sweep', {
      group: 'dp-sensors-dev',
      expression: 'cron(0 6 1 * ? *)',
      timezone: 'Europe/Stockholm',
      enabled,
      target: () => ({
        arn: 'machine',
        roleArn: 'role',
        input: { prefix: 'inbox/' },
        deadLetterArn: 'queue',
        retry: { attempts: 185, ageSeconds: 86_400 },
      }),
    })
  }

  beforeEach(() => {
    scheduler.reset()
    scheduler
      .on(ListTagsForResourceCommand, { ResourceArn: GROUP })
      .resolves({ Tags: upperTags(aws.tags('schedule/group', 'dp-sensors-dev')) })
  })

  const observe = async (seen: Partial<GetScheduleCommandOutput> = {}) => {
    scheduler.on(GetScheduleCommand).resolves({ ...AS_WANTED, ...seen })
    return (await schedule.read())!
  }

  it('is absent without an error, also when its group is', async () => {
    scheduler.on(GetScheduleCommand).rejects(new ResourceNotFoundException(answer))
    expect(await schedule.read()).to.equal(undefined)
  })

  it('is ours when its group is', async () => {
    expect(await observe()).to.deep.include({ physicalId: ARN, owned: true })
    scheduler.on(ListTagsForResourceCommand).resolves({ Tags: [] })
    expect((await observe()).owned).to.equal(false)
  })

  it('does not differ from what it made, however the input is written', async () => {
    const Input = '{ "prefix" : "inbox/" }'
    expect(schedule.diff(await observe({ Target: { ...SENT.Target, Input } }))).to.deep.equal([])
  })

  const drifts: [string, Partial<GetScheduleCommandOutput>, unknown, unknown][] = [
    ['expression', { ScheduleExpression: 'rate(1 day)' }, 'rate(1 day)', 'cron(0 6 1 * ? *)'],
    ['timezone', { ScheduleExpressionTimezone: 'UTC' }, 'UTC', 'Europe/Stockholm'],
    ['state', { State: 'DISABLED' }, 'DISABLED', 'ENABLED'],
    ['window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'FLEXIBLE', 'OFF'],
    ['afterCompletion', { ActionAfterCompletion: 'DELETE' }, 'DELETE', 'NONE'],
    ['endDate', { EndDate: new Date(0) }, '1970-01-01T00:00:00.000Z', null],
    ['startDate', { StartDate: new Date(0) }, '1970-01-01T00:00:00.000Z', null],
    ['keyArn', { KmsKeyArn: 'key' }, 'key', null],
    ['target.arn', { Target: { ...SENT.Target, Arn: 'x' } }, 'x', 'machine'],
    ['target.roleArn', { Target: { ...SENT.Target, RoleArn: 'x' } }, 'x', 'role'],
    ['target.input', { Target: { ...SENT.Target, Input: 'text' } }, 'text', '{"prefix":"inbox/"}'],
    ['target.deadLetterArn', { Target: { ...SENT.Target, DeadLetterConfig: undefined } }, null, 'queue'],
    [
      'target.retry.attempts',
      { Target: { ...SENT.Target, RetryPolicy: { ...SENT.Target.RetryPolicy, MaximumRetryAttempts: 0 } } },
      0,
      185,
    ],
  ]
  for (const [path, seen, from, to] of drifts) {
    it(`names ${path} when that alone differs, and repairs it by sending everything`, async () => {
      const observed = await observe(seen)
      const changes = schedule.diff(observed)
      expect(changes).to.deep.equal([{ path, from, to, replaces: false }])
      await schedule.update(observed, changes, op)
      expect(scheduler.commandCalls(UpdateScheduleCommand).map((call) => call.args[0].input)).to.deep.equal([
        SENT,
      ])
    })
  }

  it('is kept but starts nothing when it is not enabled', async () => {
    const off = make(false)
    expect(off.diff(await observe()).map(({ path, to }) => [path, to])).to.deep.equal([['state', 'DISABLED']])
  })

  it('waits until the role can be assumed', async () => {
    scheduler
      .on(CreateScheduleCommand)
      .rejectsOnce(
        new ValidationException({
          ...answer,
          message: 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
        }),
      )
      .resolves({})
    expect(await schedule.create(op)).to.deep.equal({ arn: ARN, name: 'dp-sensors-dev-sweep' })
    expect(scheduler.commandCalls(CreateScheduleCommand).map((call) => call.args[0].input)).to.deep.equal([
      SENT,
      SENT,
    ])
  })

  it('is deleted by group and name, after a change that is under way; absent when it is gone', async () => {
    const observed = await observe()
    scheduler.on(DeleteScheduleCommand).rejectsOnce(new ConflictException(answer)).resolves({})
    expect(await schedule.delete(observed, op)).to.deep.equal({ status: 'deleted' })
    expect(scheduler.commandCalls(DeleteScheduleCommand)[1]!.args[0].input).to.deep.equal({
      GroupName: 'dp-sensors-dev',
      Name: 'dp-sensors-dev-sweep',
    })
    scheduler.on(DeleteScheduleCommand).rejects(new ResourceNotFoundException(answer))
    expect(await schedule.delete(observed, op)).to.deep.equal({ status: 'absent' })
  })
})
