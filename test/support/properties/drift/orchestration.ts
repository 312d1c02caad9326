import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge'
import {
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler'
import {
  DescribeStateMachineCommand,
  SFNClient,
  UpdateStateMachineCommand,
  type UpdateStateMachineInput,
} from '@aws-sdk/client-sfn'
import { drift, type Drift } from '../drift.js'

const OTHER_ROLE = 'arn:aws:iam::123456789012:role/somebody'
const OTHER = 'arn:aws:sqs:eu-north-1:123456789012:somebody'

const machine = (
  name: string,
  paths: string | string[],
  change: (found: { definition: string; logs: string; key: string }) => Partial<UpdateStateMachineInput>,
): Drift =>
  drift(`orchestration/${name}`, paths, async (world) => {
    const sfn = world.client(SFNClient)
    const stateMachineArn = world.id(`orchestration/${name}`)
    const found = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))
    const logs = found.loggingConfiguration?.destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn ?? ''
    const key = found.encryptionConfiguration?.kmsKeyId ?? ''
    return sfn.send(
      new UpdateStateMachineCommand({
        stateMachineArn,
        ...change({ definition: found.definition ?? '', logs, key }),
      }),
    )
  })

const logging = (logs: string, settings: object) => ({
  loggingConfiguration: {
    level: 'ERROR' as const,
    includeExecutionData: false,
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs } }],
    ...settings,
  },
})

const edited = (definition: string, edit: (states: Record<string, object>) => void): string => {
  const document = JSON.parse(definition) as { States: Record<string, object> }
  edit(document.States)
  return JSON.stringify(document)
}

const RULE = 'orchestration/rule'
const rule = (
  paths: string | string[],
  by: (events: EventBridgeClient, name: string) => Promise<unknown>,
): Drift => drift(RULE, paths, (world) => by(world.client(EventBridgeClient), world.id(RULE)))

const target = (path: string, change: (found: Target) => Target): Drift =>
  rule(path, async (events, Rule) => {
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule }))
    return events.send(new PutTargetsCommand({ Rule, Targets: Targets.map(change) }))
  })

const schedule = (
  id: 'schedule/sweep' | 'monitoring/schedule',
  path: string,
  change: (found: UpdateScheduleCommandInput) => Partial<UpdateScheduleCommandInput>,
): Drift =>
  drift(id, path, async (world) => {
    const scheduler = world.client(SchedulerClient)
    const [GroupName, Name] = world.id(id).split('/').slice(-2)
    const found = (await scheduler.send(
      new GetScheduleCommand({ GroupName, Name }),
    )) as unknown as UpdateScheduleCommandInput
    const { ActionAfterCompletion, FlexibleTimeWindow, ScheduleExpression } = found
    const { ScheduleExpressionTimezone, State, Target: to } = found
    const settings = { ActionAfterCompletion, FlexibleTimeWindow, ScheduleExpression }
    return scheduler.send(
      new UpdateScheduleCommand({
        GroupName,
        Name,
        ...settings,
        ScheduleExpressionTimezone,
        State,
        Target: to,
        ...change(found),
      }),
    )
  })

const scheduleTarget = (
  id: 'schedule/sweep' | 'monitoring/schedule',
  path: string,
  settings: Partial<UpdateScheduleCommandInput['Target']>,
) =>
  schedule(id, `target.${path}`, ({ Target: found }) => ({
    Target: { ...found, ...settings } as UpdateScheduleCommandInput['Target'],
  }))

/** State machines, the rule and the schedules. */
export const orchestrationDrift: Drift[] = [
  machine('worker', 'definition.States.by-hand', ({ definition }) => ({
    definition: edited(definition, (states) => {
      states['by-hand'] = { Type: 'Succeed' }
    }),
  })),
  machine('dispatch', 'definition.TimeoutSeconds', ({ definition }) => ({
    definition: JSON.stringify({ ...(JSON.parse(definition) as object), TimeoutSeconds: 1 }),
  })),
  machine('backfill', 'roleArn', () => ({ roleArn: OTHER_ROLE })),
  machine('crawl', 'logging.level', ({ logs }) => logging(logs, { level: 'ALL' })),
  machine('success-check', 'logging.includeExecutionData', ({ logs }) =>
    logging(logs, { includeExecutionData: true }),
  ),
  machine('worker', 'logging.destinations', () =>
    logging('arn:aws:logs:eu-north-1:123456789012:log-group:somebody:*', {}),
  ),
  machine('dispatch', 'tracing', () => ({ tracingConfiguration: { enabled: false } })),
  machine('backfill', 'encryption.kmsKeyId', () => ({
    encryptionConfiguration: {
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kmsKeyId: 'arn:aws:kms:eu-north-1:123456789012:key/00000000-0000-0000-0000-000000000000',
      kmsDataKeyReusePeriodSeconds: 300,
    },
  })),
  machine('crawl', 'encryption.kmsDataKeyReusePeriodSeconds', ({ key }) => ({
    encryptionConfiguration: {
      type: 'CUSTOMER_MANAGED_KMS_KEY',
      kmsKeyId: key,
      kmsDataKeyReusePeriodSeconds: 900,
    },
  })),
  machine(
    'success-check',
    ['encryption.type', 'encryption.kmsKeyId', 'encryption.kmsDataKeyReusePeriodSeconds'],
    () => ({ encryptionConfiguration: { type: 'AWS_OWNED_KEY' } }),
  ),
  rule('state', (events, Name) => events.send(new DisableRuleCommand({ Name }))),
  rule('pattern', async (events, Name) => {
    const { State } = await events.send(new DescribeRuleCommand({ Name }))
    return events.send(new PutRuleCommand({ Name, State, EventPattern: '{"source":["aws.s3"]}' }))
  }),
  target('targets.dispatch.arn', (found) => ({ ...found, Arn: OTHER })),
  target('targets.dispatch.roleArn', (found) => ({ ...found, RoleArn: OTHER_ROLE })),
  target('targets.dispatch.deadLetterArn', ({ DeadLetterConfig: _none, ...found }) => found),
  target('targets.dispatch.retry.attempts', (found) => ({
    ...found,
    RetryPolicy: { ...found.RetryPolicy, MaximumRetryAttempts: 0 },
  })),
  target('targets.dispatch.retry.ageSeconds', (found) => ({
    ...found,
    RetryPolicy: { ...found.RetryPolicy, MaximumEventAgeInSeconds: 60 },
  })),
  rule('targets.dispatch', (events, Rule) =>
    events.send(new RemoveTargetsCommand({ Rule, Ids: ['dispatch'] })),
  ),
  rule('targets.more', (events, Rule) =>
    events.send(new PutTargetsCommand({ Rule, Targets: [{ Id: 'more', Arn: OTHER }] })),
  ),
  schedule('schedule/sweep', 'expression', () => ({ ScheduleExpression: 'rate(1 days)' })),
  schedule('monitoring/schedule', 'timezone', () => ({ ScheduleExpressionTimezone: 'Asia/Tokyo' })),
  schedule('schedule/sweep', 'state', () => ({ State: 'DISABLED' })),
  schedule('monitoring/schedule', 'window', () => ({
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
  })),
  schedule('monitoring/schedule', 'startDate', () => ({ StartDate: new Date('2030-01-01') })),
  schedule('schedule/sweep', 'endDate', () => ({ EndDate: new Date('2030-01-01') })),
  schedule('monitoring/schedule', 'keyArn', () => ({
    KmsKeyArn: 'arn:aws:kms:eu-north-1:123456789012:key/00000000-0000-0000-0000-000000000000',
  })),
  scheduleTarget('schedule/sweep', 'arn', { Arn: OTHER }),
  scheduleTarget('monitoring/schedule', 'roleArn', { RoleArn: OTHER_ROLE }),
  scheduleTarget('schedule/sweep', 'input', { Input: '{"by":"hand"}' }),
  scheduleTarget('monitoring/schedule', 'deadLetterArn', { DeadLetterConfig: { Arn: OTHER } }),
  scheduleTarget('schedule/sweep', 'retry.attempts', {
    RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 86_400 },
  }),
  scheduleTarget('monitoring/schedule', 'retry.ageSeconds', {
    RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 60 },
  }),
]
