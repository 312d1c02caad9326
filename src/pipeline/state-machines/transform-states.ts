import { RESULTS_PREFIX } from '../../transform/layout.js'
import { BACK_OFF, NO_ROOM_ERRORS, START_TASK } from './retry.js'

/** Key of the task's result in the transformed bucket, as the task and the states after it compute it. */
export const RESULT_KEY = `States.Format('${RESULTS_PREFIX}/{}.json', $$.Execution.Name)`

export interface TransformSettings {
  clusterArn: string
  /** Without revision, so that a new revision is used by the next execution. */
  taskFamilyArn: string
  /** The container of the task definition that the overrides are for. */
  container: string
  subnetIds: string[]
  securityGroupIds: string[]
  assignPublicIp: boolean
  /** The task is to leave its numbers where this execution finds them. */
  reportsResult?: boolean
}

/** The task on on-demand capacity. Above the account's cap it waits: here at first, then in the states of failure-states.ts. */
export function transformState(settings: TransformSettings, next: string): object {
  return {
    ...runTask(settings, 'FARGATE'),
    Retry: START_TASK,
    Catch: [
      { ErrorEquals: NO_ROOM_ERRORS, ResultPath: '$.error', Next: 'CountRetries' },
      { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Diagnose' },
    ],
    Next: next,
  }
}

/** The first attempt where Spot is asked for. What Spot has no room for is not waited for: it goes to on-demand capacity. */
export function transformOnSpotState(settings: TransformSettings, next: string): object {
  return {
    ...runTask(settings, 'FARGATE_SPOT'),
    Retry: [
      {
        ErrorEquals: ['ECS.ServerException', 'ECS.SdkClientException', 'ECS.ThrottlingException'],
        IntervalSeconds: 5,
        MaxDelaySeconds: 60,
        MaxAttempts: 3,
        ...BACK_OFF,
      },
    ],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'SpotFailed' }],
    Next: next,
  }
}

function runTask(settings: TransformSettings, capacityProvider: 'FARGATE' | 'FARGATE_SPOT'): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::ecs:runTask.sync',
    TimeoutSecondsPath: '$.compute.timeout',
    Parameters: {
      Cluster: settings.clusterArn,
      TaskDefinition: settings.taskFamilyArn,
      CapacityProviderStrategy: [{ CapacityProvider: capacityProvider, Weight: 1 }],
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
              ...(settings.reportsResult === true ? [{ Name: 'DP_RESULT_KEY', 'Value.$': RESULT_KEY }] : []),
            ],
          },
        ],
      },
    },
    ResultSelector: { 'taskArn.$': '$.TaskArn' },
    ResultPath: '$.ecs',
  }
}
