import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Role } from '../resources/iam/role.js'
import type { AwsResource } from '../resources/resource.js'
import { ScheduleGroup } from '../resources/scheduler/schedule-group.js'
import { Schedule } from '../resources/scheduler/schedule.js'
import type { Backfill } from './backfill.js'
import type { Messaging } from './messaging.js'
import { schedulerRolePolicy, schedulerTrust } from './policies/scheduler.js'
import type { Security } from './security.js'
import type { BackfillInput } from './state-machines/backfill.js'

export interface ScheduleParts {
  security: Security
  messaging: Messaging
  backfill: Backfill | undefined
}

/** What a sweep looks at: everything uploaded. */
const SWEEP: BackfillInput = { prefix: 'inbox/' }
/** Scheduler tries a day, then leaves the call in the queue of events that were not delivered. */
const RETRY = { attempts: 185, ageSeconds: 86_400 }

/** Sweeps what is pending at the times that the configuration says; nothing without `schedule.cron`. */
export function schedule(
  aws: AwsContext,
  environment: Environment,
  { backfill, messaging, security }: ScheduleParts,
): { resources: AwsResource[] } {
  const { cron, enabled, timezone } = environment.schedule
  if (cron === undefined || backfill === undefined) return { resources: [] }
  const { names } = aws
  const { key } = security
  const role = new Role(
    aws,
    'security/role/scheduler',
    names.role('scheduler'),
    {
      description: `datapipe ${environment.name}: the schedule`,
      trust: () => schedulerTrust(names),
      policy: () => schedulerRolePolicy(names, key.attributes.arn),
      permissionsBoundary: environment.permissionsBoundary,
    },
    { dependsOn: [key] },
  )
  const group = new ScheduleGroup(aws, 'schedule/group', names.scheduleGroup)
  const sweep = new Schedule(
    aws,
    'schedule/sweep',
    names.sweepSchedule,
    {
      group: names.scheduleGroup,
      expression: `cron(${cron})`,
      timezone,
      enabled,
      target: () => ({
        arn: backfill.machine.attributes.arn,
        roleArn: role.attributes.arn,
        input: SWEEP,
        deadLetterArn: messaging.eventsDlq.attributes.arn,
        retry: RETRY,
      }),
    },
    { within: [group], dependsOn: [role, backfill.machine, messaging.eventsDlq] },
  )
  return { resources: [role, group, sweep] }
}
