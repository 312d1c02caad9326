import type { AwsContext } from '../aws/context.js'
import type { RoleName } from '../aws/names.js'
import type { PolicyDocument } from '../aws/policy.js'
import type { Environment } from '../config/schema.js'
import { Role } from '../resources/iam/role.js'
import type { AwsResource } from '../resources/resource.js'
import { ScheduleGroup } from '../resources/scheduler/schedule-group.js'
import { Schedule } from '../resources/scheduler/schedule.js'
import type { StateMachine } from '../resources/sfn/state-machine.js'
import type { Topic } from '../resources/sns/topic.js'
import type { Queue } from '../resources/sqs/queue.js'
import {
  checkSchedulerRolePolicy,
  checkSchedulerTrust,
  successCheckRolePolicy,
} from './policies/monitoring-roles.js'
import { statesTrust } from './policies/orchestration-roles.js'
import type { InventoryItem } from './inventory.js'
import type { Security } from './security.js'
import { encryptedMachine } from './state-machines/encrypted-machine.js'
import { successCheckDefinition } from './state-machines/success-check.js'

export interface SuccessCheckParts {
  security: Security
  worker: StateMachine
  topic: Topic
  eventsDlq: Queue
}

/** In the morning, when somebody reads it. UTC, as the days that it counts. */
const DAILY = 'cron(0 7 * * ? *)'
const GROUP_ID = 'monitoring/schedule-group'
/** The next day's check makes up for one that could not start. */
const RETRY = { attempts: 3, ageSeconds: 3600 }

/** The daily check of `monitoring.noSuccessDays`: a small state machine, its schedule, and the role of each. */
export function successCheck(
  aws: AwsContext,
  environment: Environment,
  { eventsDlq, security, topic, worker }: SuccessCheckParts,
): AwsResource[] {
  const { noSuccessDays: days } = environment.monitoring
  if (days === undefined) return []
  const { names } = aws
  const { key } = security
  const role = (
    name: RoleName,
    description: string,
    trust: () => PolicyDocument,
    policy: () => PolicyDocument,
  ) =>
    new Role(
      aws,
      `security/role/${name}`,
      names.role(name),
      {
        description: `datapipe ${environment.name}: ${description}`,
        trust,
        policy,
        permissionsBoundary: environment.permissionsBoundary,
      },
      { dependsOn: [key] },
    )
  const checkRole = role(
    'sfn-success-check',
    'the check of the last success',
    () => statesTrust(names),
    () => successCheckRolePolicy(names, key.attributes.arn),
  )
  const schedulerRole = role(
    'scheduler-check',
    'the schedule of the check',
    () => checkSchedulerTrust(names),
    () => checkSchedulerRolePolicy(names, key.attributes.arn),
  )
  const { logs, machine } = encryptedMachine(aws, environment, 'success-check', {
    key,
    role: checkRole,
    definition: () =>
      successCheckDefinition({
        env: environment.name,
        partition: aws.partition,
        topicArn: topic.attributes.arn,
        workerArn: worker.attributes.arn,
        days,
      }),
    dependsOn: [worker, topic],
  })
  const group = new ScheduleGroup(aws, GROUP_ID, names.monitoringGroup)
  const daily = new Schedule(
    aws,
    'monitoring/schedule',
    names.stateMachine('success-check'),
    {
      group: names.monitoringGroup,
      expression: DAILY,
      timezone: 'UTC',
      enabled: true,
      target: () => ({
        arn: machine.attributes.arn,
        roleArn: schedulerRole.attributes.arn,
        input: {},
        deadLetterArn: eventsDlq.attributes.arn,
        retry: RETRY,
      }),
    },
    { within: [group], dependsOn: [schedulerRole, machine, eventsDlq] },
  )
  return [checkRole, schedulerRole, logs, machine, group, daily]
}

/** The group of the schedule, where the check stands: not every tagging API tells of it, and it must not outlive the check. */
export function groupBesideCheck(aws: AwsContext, items: readonly InventoryItem[]): InventoryItem[] {
  if (!items.some(({ id }) => id === 'orchestration/success-check')) return []
  const { monitoringGroup: name } = aws.names
  const arn = aws.names.arn('scheduler', `schedule-group/${name}`)
  return [{ arn, id: GROUP_ID, tags: aws.tags(GROUP_ID, name) }]
}
