import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument } from '../../aws/policy.js'
import { observability } from './orchestration-roles.js'

/** The check of the last success: looks at the worker, and writes to the topic. */
export function successCheckRolePolicy(names: Names, keyArn: string): PolicyDocument {
  return policy(
    {
      Sid: 'LookAtWorker',
      Effect: 'Allow',
      Action: ['states:ListExecutions', 'states:DescribeStateMachine'],
      Resource: names.stateMachineArn('worker'),
    },
    { Sid: 'Alerts', Effect: 'Allow', Action: 'sns:Publish', Resource: names.arn('sns', names.topic) },
    {
      Sid: 'KmsSns',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `sns.${names.place.region}.amazonaws.com` } },
    },
    ...observability(names, 'success-check', keyArn),
  )
}

/** Who may become the role of the check's schedule: its group, never the schedule itself (spec §6). */
export function checkSchedulerTrust(names: Names): PolicyDocument {
  return trust('scheduler.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnEquals: { 'aws:SourceArn': names.arn('scheduler', `schedule-group/${names.monitoringGroup}`) },
  })
}

/** The check's schedule: starts the check, and leaves word where that fails, as the role (spec §6.5). */
export function checkSchedulerRolePolicy(names: Names, keyArn: string): PolicyDocument {
  return policy(
    {
      Sid: 'StartCheck',
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: names.stateMachineArn('success-check'),
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
