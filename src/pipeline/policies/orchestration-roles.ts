import type { MachineName, Names } from '../../aws/names.js'
import { MAP_LABEL, MAP_RESULTS_PREFIX } from '../state-machines/backfill.js'
import { RESULTS_PREFIX } from '../../transform/layout.js'
import { policy, trust, type PolicyDocument, type Statement } from '../../aws/policy.js'

/** Who may become a state machine's role: our state machines (spec §6). */
export function statesTrust(names: Names): PolicyDocument {
  return trust('states.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnLike: { 'aws:SourceArn': names.arn('states', `stateMachine:${names.stem}-*`) },
  })
}

/**
 * Logs, tracing and the key of a state machine (spec §6.3). Log delivery and X-Ray work on `*` only. `kms:ViaService` must
 * not be added here: AWS warns that it stops executions.
 */
export function observability(names: Names, machine: MachineName, keyArn: string): Statement[] {
  return [
    {
      Sid: 'KmsSelf',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: keyArn,
      Condition: {
        StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': names.stateMachineArn(machine) },
      },
    },
    {
      Sid: 'KmsLogs',
      Effect: 'Allow',
      Action: 'kms:GenerateDataKey',
      Resource: keyArn,
      Condition: { StringLike: { 'kms:EncryptionContext:SourceArn': names.arn('logs', '*') } },
    },
    {
      Sid: 'LogDelivery',
      Effect: 'Allow',
      Action: [
        'logs:CreateLogDelivery',
        'logs:CreateLogStream',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutLogEvents',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
      ],
      Resource: '*',
    },
    {
      Sid: 'XRay',
      Effect: 'Allow',
      Action: [
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      Resource: '*',
    },
  ]
}

export interface WorkerRights {
  /** It tells of every file that was loaded, with the numbers that the task left. */
  readsResults?: boolean
}

/** The worker: one Fargate task, and word of its failure (spec §6.3). */
export function workerRolePolicy(
  names: Names,
  keyArn: string,
  { readsResults = false }: WorkerRights = {},
): PolicyDocument {
  const { region } = names.place
  const tasks = names.arn('ecs', `task/${names.cluster}/*`)
  return policy(
    {
      // RunTask is authorised on the resolved revision, never on the bare family.
      Sid: 'Run',
      Effect: 'Allow',
      Action: 'ecs:RunTask',
      Resource: names.arn('ecs', `task-definition/${names.taskFamily}:*`),
      Condition: { ArnEquals: { 'ecs:cluster': names.arn('ecs', `cluster/${names.cluster}`) } },
    },
    { Sid: 'Watch', Effect: 'Allow', Action: ['ecs:StopTask', 'ecs:DescribeTasks'], Resource: tasks },
    {
      Sid: 'TagTask',
      Effect: 'Allow',
      Action: 'ecs:TagResource',
      Resource: tasks,
      Condition: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
    },
    {
      Sid: 'ManagedRule',
      Effect: 'Allow',
      Action: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      Resource: names.arn('events', 'rule/StepFunctionsGetEventsForECSTaskRule'),
    },
    {
      Sid: 'Pass',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: [names.roleArn('ecs-exec'), names.roleArn('ecs-task')],
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    {
      Sid: 'FailedFiles',
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: names.arn('sqs', names.queue('failed')),
    },
    { Sid: 'Alerts', Effect: 'Allow', Action: 'sns:Publish', Resource: names.arn('sns', names.topic) },
    {
      Sid: 'KmsSqsSns',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: keyArn,
      Condition: {
        StringEquals: { 'kms:ViaService': [`sqs.${region}.amazonaws.com`, `sns.${region}.amazonaws.com`] },
      },
    },
    ...(readsResults ? resultRights(names, keyArn) : []),
    ...observability(names, 'worker', keyArn),
  )
}

function resultRights(names: Names, keyArn: string): Statement[] {
  return [
    {
      Sid: 'ReadResult',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: `${names.bucketArn('transformed')}/${RESULTS_PREFIX}/*`,
    },
    {
      Sid: 'KmsResult',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `s3.${names.place.region}.amazonaws.com` } },
    },
  ]
}

/** The dispatcher: starts the worker, and leaves what it could not start in the failed-files queue (spec §6.4). */
export function dispatchRolePolicy(names: Names, keyArn: string): PolicyDocument {
  return policy(
    {
      Sid: 'StartWorker',
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: names.stateMachineArn('worker'),
    },
    {
      Sid: 'FailedFiles',
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: names.arn('sqs', names.queue('failed')),
    },
    {
      Sid: 'KmsSqs',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `sqs.${names.place.region}.amazonaws.com` } },
    },
    ...observability(names, 'dispatch', keyArn),
  )
}

/**
 * The backfill: itself (the children of the map), the worker and its end, the list of objects and their versions, and the
 * results of the map (spec §6.4).
 */
export function backfillRolePolicy(names: Names, keyArn: string): PolicyDocument {
  const backfill = names.stateMachine('backfill')
  const children = names.arn('states', `execution:${backfill}/${MAP_LABEL}:*`)
  return policy(
    {
      Sid: 'Start',
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: [names.stateMachineArn('backfill'), names.stateMachineArn('worker')],
    },
    {
      Sid: 'Follow',
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:StopExecution'],
      Resource: [
        names.arn('states', `execution:${backfill}:*`),
        children,
        names.arn('states', `execution:${names.stateMachine('worker')}:*`),
      ],
    },
    { Sid: 'Redrive', Effect: 'Allow', Action: 'states:RedriveExecution', Resource: children },
    {
      Sid: 'Count',
      Effect: 'Allow',
      Action: 'states:DescribeMapRun',
      Resource: names.arn('states', `mapRun:${backfill}/${MAP_LABEL}:*`),
    },
    {
      Sid: 'ManagedRule',
      Effect: 'Allow',
      Action: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      Resource: names.arn('events', 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule'),
    },
    {
      Sid: 'ListInbox',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: names.bucketArn('raw'),
      Condition: { StringLike: { 's3:prefix': 'inbox/*' } },
    },
    // HeadObject is authorised as GetObject.
    {
      Sid: 'Version',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: `${names.bucketArn('raw')}/inbox/*`,
    },
    {
      Sid: 'MapResults',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
      Resource: `${names.bucketArn('artifacts')}/${MAP_RESULTS_PREFIX}/*`,
    },
    {
      Sid: 'KmsS3',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `s3.${names.place.region}.amazonaws.com` } },
    },
    {
      // `.sync` describes the worker's execution, and who describes what is encrypted must be able to decrypt it.
      Sid: 'KmsWorker',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: keyArn,
      Condition: {
        StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': names.stateMachineArn('worker') },
      },
    },
    ...observability(names, 'backfill', keyArn),
  )
}

/** Who may become the rule's role: our rule. */
export function eventsTrust(names: Names): PolicyDocument {
  return trust('events.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnEquals: { 'aws:SourceArn': names.arn('events', `rule/${names.rule}`) },
  })
}

/** The rule: starts the dispatcher. It needs no right on the key, although the machine is encrypted (spec §6.5). */
export function eventsRolePolicy(names: Names): PolicyDocument {
  return policy({
    Sid: 'StartDispatch',
    Effect: 'Allow',
    Action: 'states:StartExecution',
    Resource: names.stateMachineArn('dispatch'),
  })
}
