import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument } from '../../aws/policy.js'

/**
 * Who may become the schedule's role: our group of schedules. The ARN of a schedule itself would make CreateSchedule fail
 * (spec §6).
 */
export function schedulerTrust(names: Names): PolicyDocument {
  return trust('scheduler.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnEquals: { 'aws:SourceArn': names.arn('scheduler', `schedule-group/${names.scheduleGroup}`) },
  })
}

/**
 * The schedule: starts the backfill, and leaves word where that fails (spec §6.5). It needs no right on the key for the machine,
 * but for the queue, which it writes to as this role.
 */
export function schedulerRolePolicy(names: Names, keyArn: string): PolicyDocument {
  return policy(
    {
      Sid: 'StartBackfill',
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: names.stateMachineArn('backfill'),
    },
    {
      Sid: 'DeadLetters',
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: names.arn('sqs', names.queue('events-dlq')),
    },
    {
      Sid: 'KmsSqs',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `sqs.${names.place.region}.amazonaws.com` } },
    },
  )
}
