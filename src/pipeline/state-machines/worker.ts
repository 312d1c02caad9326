import { DATA_ERROR_EXIT_CODE } from '../../transform/exit-codes.js'
import { DEFAULT_TIER, SIZE_TIERS } from '../size-tiers.js'
import { BACK_OFF, RETRY_MESSAGE } from './retry.js'

export interface WorkerSettings {
  env: string
  clusterArn: string
  /** Without revision, so that a new revision is used by the next execution. */
  taskFamilyArn: string
  /** The container of the task definition that the overrides are for. */
  container: string
  subnetIds: string[]
  securityGroupIds: string[]
  assignPublicIp: boolean
  failedQueueUrl: string
  topicArn: string
}

/** How often a task that died, not one that found bad data, is tried again. */
const TASK_ATTEMPTS = 3

/**
 * The worker: one object version -> one Fargate task sized by the object. A task that says its data is bad is not repeated;
 * one that died is. What fails in the end goes to the failed-files queue and to the alerts topic (spec §9.3).
 */
export function workerDefinition(settings: WorkerSettings): object {
  return {
    Comment: 'datapipe worker: one object -> one Fargate task',
    StartAt: 'Begin',
    TimeoutSeconds: 21_600,
    States: {
      Begin: { Type: 'Pass', Result: { count: 1 }, ResultPath: '$.attempt', Next: 'ChooseSize' },
      ...sizeStates(),
      Transform: transformState(settings),
      ...failureStates(),
      ...reportStates(settings),
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  }
}

function sizeStates(): Record<string, object> {
  const tierStates = SIZE_TIERS.map((tier) => [
    tier.state,
    {
      Type: 'Pass',
      Result: {
        cpu: String(tier.cpu),
        memory: String(tier.memoryMiB),
        ephemeralGiB: tier.ephemeralGiB,
        timeout: tier.timeoutSeconds,
      },
      ResultPath: '$.compute',
      Next: 'Transform',
    },
  ])
  const [last] = SIZE_TIERS.slice(-1)
  return {
    ChooseSize: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.size', IsPresent: false, Next: 'SizeUnknown' },
        { Variable: '$.size', NumericLessThan: 0, Next: DEFAULT_TIER.state },
        ...SIZE_TIERS.filter((tier) => tier.below !== undefined).map((tier) => ({
          Variable: '$.size',
          NumericLessThan: tier.below,
          Next: tier.state,
        })),
      ],
      Default: last!.state,
    },
    SizeUnknown: { Type: 'Pass', Result: -1, ResultPath: '$.size', Next: DEFAULT_TIER.state },
    ...(Object.fromEntries(tierStates) as Record<string, object>),
  }
}

function transformState(settings: WorkerSettings): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::ecs:runTask.sync',
    TimeoutSecondsPath: '$.compute.timeout',
    Parameters: {
      Cluster: settings.clusterArn,
      TaskDefinition: settings.taskFamilyArn,
      CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE', Weight: 1 }],
      PlatformVersion: '1.4.0',
      EnableECSManagedTags: true,
      PropagateTags: 'TASK_DEFINITION',
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          Subnets: settings.subnetIds,
          SecurityGroups: settings.securityGroupIds,
          AssignPublicIp: settings.assignPublicIp ? 'ENABLED' : 'DISABLED',
        },
      },
      Overrides: {
        'Cpu.$': '$.compute.cpu',
        'Memory.$': '$.compute.memory',
        EphemeralStorage: { 'SizeInGiB.$': '$.compute.ephemeralGiB' },
        ContainerOverrides: [
          {
            Name: settings.container,
            Environment: [
              { Name: 'DP_BUCKET', 'Value.$': '$.bucket' },
              { Name: 'DP_KEY', 'Value.$': '$.key' },
              { Name: 'DP_VERSION_ID', 'Value.$': '$.versionId' },
              { Name: 'DP_SIZE', 'Value.$': "States.Format('{}', $.size)" },
              { Name: 'DP_MEMORY_MB', 'Value.$': '$.compute.memory' },
              { Name: 'DP_EXECUTION', 'Value.$': '$$.Execution.Name' },
            ],
          },
        ],
      },
    },
    ResultSelector: { 'taskArn.$': '$.TaskArn' },
    ResultPath: '$.ecs',
    Retry: [
      {
        ErrorEquals: [
          'AmazonECS.Unknown',
          'ECS.AmazonECSException',
          'ECS.ServerException',
          'ECS.ThrottlingException',
          'ECS.SdkClientException',
        ],
        IntervalSeconds: 15,
        MaxDelaySeconds: 300,
        MaxAttempts: 8,
        ...BACK_OFF,
      },
    ],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Diagnose' }],
    Next: 'Done',
  }
}

/** Bad data, or a task that died? Only the task's own report, the Cause of States.TaskFailed, tells. */
function failureStates(): Record<string, object> {
  const exitCode = '$.task.report.Containers[0].ExitCode'
  return {
    Diagnose: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.error.Error', StringEquals: 'States.TaskFailed' },
            { Variable: '$.error.Cause', StringMatches: '{*"Containers"*}' },
          ],
          Next: 'ReadReport',
        },
      ],
      Default: 'ToFailedQueue',
    },
    ReadReport: {
      Type: 'Pass',
      Parameters: { 'report.$': 'States.StringToJson($.error.Cause)' },
      ResultPath: '$.task',
      Next: 'WhatFailed',
    },
    WhatFailed: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: exitCode, IsPresent: true },
            { Variable: exitCode, NumericEquals: DATA_ERROR_EXIT_CODE },
          ],
          Next: 'DataError',
        },
        { Variable: '$.attempt.count', NumericLessThan: TASK_ATTEMPTS, Next: 'CountAttempt' },
      ],
      Default: 'ToFailedQueue',
    },
    CountAttempt: {
      Type: 'Pass',
      Parameters: { 'count.$': 'States.MathAdd($.attempt.count, 1)' },
      ResultPath: '$.attempt',
      Next: 'WaitBeforeRetry',
    },
    WaitBeforeRetry: { Type: 'Wait', Seconds: 30, Next: 'Transform' },
    DataError: {
      Type: 'Pass',
      Parameters: { Error: 'datapipe.DataError', 'Cause.$': '$.error.Cause' },
      ResultPath: '$.error',
      Next: 'ToFailedQueue',
    },
  }
}

function reportStates(settings: WorkerSettings): Record<string, object> {
  return {
    ToFailedQueue: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage',
      Parameters: {
        QueueUrl: settings.failedQueueUrl,
        MessageBody: {
          schema: 1,
          'bucket.$': '$.bucket',
          'key.$': '$.key',
          'versionId.$': '$.versionId',
          'execution.$': '$$.Execution.Id',
          'error.$': '$.error.Error',
          'cause.$': '$.error.Cause',
        },
      },
      ResultPath: null,
      Retry: RETRY_MESSAGE,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Notify' }],
      Next: 'Notify',
    },
    Notify: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sns:publish',
      Parameters: {
        TopicArn: settings.topicArn,
        // ASCII, at most 100 characters, no new line: never the key (spec §9.3).
        Subject: `datapipe ${settings.env}: file failed`,
        Message: {
          'bucket.$': '$.bucket',
          'key.$': '$.key',
          'versionId.$': '$.versionId',
          'execution.$': '$$.Execution.Id',
          'error.$': '$.error.Error',
        },
      },
      ResultPath: null,
      Retry: RETRY_MESSAGE,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Failed' }],
      Next: 'Failed',
    },
  }
}
