import type { Names } from '../../src/aws/names.js'
import { MAP_LABEL, MAP_RESULTS_PREFIX } from '../../src/pipeline/state-machines/backfill.js'
import { keyOf } from './iam-requests.js'
import type { Facts } from './iam-recording.js'
import type { IamRequest } from './iam-simulator.js'

export type Parameters = Record<string, unknown>

/** What a task asks IAM for as the role of its state machine: documentation of the service integrations (spec §6.3, §6.4). */
export const INTEGRATIONS: Readonly<
  Record<string, (parameters: Parameters, names: Names, facts: Facts, arn: string) => IamRequest[]>
> = {
  'ecs:runTask.sync': (parameters, names) => {
    const cluster = parameters.Cluster as string
    const context = { 'ecs:cluster': cluster }
    const task = names.arn('ecs', `task/${cluster.split('/')[1] ?? ''}/0123456789abcdef`)
    const rule = names.arn('events', 'rule/StepFunctionsGetEventsForECSTaskRule')
    const passed = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }
    return [
      // Authorised on the revision that the family resolves to.
      { action: 'ecs:RunTask', resource: `${parameters.TaskDefinition as string}:7`, context },
      { action: 'ecs:DescribeTasks', resource: task, context },
      { action: 'ecs:StopTask', resource: task, context },
      ...(parameters.PropagateTags === undefined
        ? []
        : [{ action: 'ecs:TagResource', resource: task, context: { 'ecs:CreateAction': 'RunTask' } }]),
      ...['PutRule', 'PutTargets', 'DescribeRule'].map((operation) => ({
        action: `events:${operation}`,
        resource: rule,
      })),
      ...(['ecs-exec', 'ecs-task'] as const).map((role) => ({
        action: 'iam:PassRole',
        resource: names.roleArn(role),
        context: passed,
      })),
    ]
  },
  'sqs:sendMessage': (parameters, names, facts) => [
    {
      action: 'sqs:SendMessage',
      resource: names.arn('sqs', (parameters.QueueUrl as string).split('/').at(-1) ?? ''),
    },
    ...throughService('sqs', names, facts),
  ],
  'sns:publish': (parameters, names, facts) => [
    { action: 'sns:Publish', resource: parameters.TopicArn as string },
    ...throughService('sns', names, facts),
  ],
  'aws-sdk:s3:getObject': (parameters, names, facts) => [
    {
      action: 's3:GetObject',
      // What is computed has one part that is not known before.
      resource: `arn:aws:s3:::${parameters.Bucket as string}/${String(parameters['Key.$']).replace(/^.*'(.*)\{\}(.*)'.*$/, '$1o-1$2')}`,
    },
    ...throughService('s3', names, facts).filter(({ action }) => action === 'kms:Decrypt'),
  ],
  'states:startExecution': (parameters) => [
    { action: 'states:StartExecution', resource: parameters.StateMachineArn as string },
  ],
  // It waits by a rule and by looking, and who looks at what is encrypted must be able to read it.
  'states:startExecution.sync:2': (parameters, names, facts) => {
    const started = parameters.StateMachineArn as string
    const execution = `${started.replace(':stateMachine:', ':execution:')}:x`
    const context = { 'kms:EncryptionContext:aws:states:stateMachineArn': started }
    return [
      { action: 'states:StartExecution', resource: started },
      { action: 'states:DescribeExecution', resource: execution },
      { action: 'states:StopExecution', resource: execution },
      ...['PutRule', 'PutTargets', 'DescribeRule'].map((operation) => ({
        action: `events:${operation}`,
        resource: names.arn('events', 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule'),
      })),
      { action: 'kms:Decrypt', resource: keyOf(names, facts).resource, context },
    ]
  },
  'aws-sdk:sfn:listExecutions': (parameters) => [
    { action: 'states:ListExecutions', resource: parameters.StateMachineArn as string },
  ],
  'aws-sdk:sfn:describeStateMachine': (parameters, names, facts) => [
    { action: 'states:DescribeStateMachine', resource: parameters.StateMachineArn as string },
    ...(parameters.IncludedData === 'METADATA_ONLY'
      ? []
      : [{ action: 'kms:Decrypt', resource: keyOf(names, facts).resource }]),
  ],
  'aws-sdk:sfn:describeMapRun': (_parameters, _names, _facts, arn) => [
    {
      action: 'states:DescribeMapRun',
      resource: `${arn.replace(':stateMachine:', ':mapRun:')}/${MAP_LABEL}:x`,
    },
  ],
  'aws-sdk:glue:startCrawler': crawlerCall('StartCrawler'),
  'aws-sdk:glue:getCrawler': crawlerCall('GetCrawler'),
  // What the backfill looks at.
  'aws-sdk:s3:headObject': (_parameters, names, facts) => [
    { action: 's3:GetObject', resource: `${names.bucketArn('raw')}/inbox/temperature/a.csv` },
    { action: 's3:ListBucket', resource: names.bucketArn('raw'), context: { 's3:prefix': 'inbox/a' } },
    ...throughService('s3', names, facts).filter(({ action }) => action === 'kms:Decrypt'),
  ],
}

function crawlerCall(operation: string): (parameters: Parameters, names: Names) => IamRequest[] {
  return (parameters, names) => [
    { action: `glue:${operation}`, resource: names.arn('glue', `crawler/${parameters.Name as string}`) },
  ]
}

/** A distributed map starts the machine itself, reads its items and writes its results (spec §6.4). */
export function mapRequests(arn: string, names: Names, facts: Facts): IamRequest[] {
  const child = `${arn.replace(':stateMachine:', ':execution:')}/${MAP_LABEL}:x`
  const results = `${names.bucketArn('artifacts')}/${MAP_RESULTS_PREFIX}/manifest.json`
  return [
    { action: 'states:StartExecution', resource: arn },
    ...['DescribeExecution', 'StopExecution', 'RedriveExecution'].map((operation) => ({
      action: `states:${operation}`,
      resource: child,
    })),
    { action: 's3:ListBucket', resource: names.bucketArn('raw'), context: { 's3:prefix': 'inbox/' } },
    ...['PutObject', 'GetObject', 'ListMultipartUploadParts', 'AbortMultipartUpload'].map((operation) => ({
      action: `s3:${operation}`,
      resource: results,
    })),
    ...throughService('s3', names, facts),
  ]
}

function throughService(service: string, names: Names, facts: Facts): IamRequest[] {
  const { resource } = keyOf(names, facts)
  const context = { 'kms:ViaService': `${service}.${names.place.region}.amazonaws.com` }
  return ['kms:GenerateDataKey', 'kms:Decrypt'].map((action) => ({ action, resource, context }))
}
