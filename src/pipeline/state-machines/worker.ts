import { failureNotification, successNotification } from '../notifications.js'
import { runTiers, type RunTier } from '../size-tiers.js'
import { FIRST_ATTEMPT, failureStates, spotFailureStates } from './failure-states.js'
import { RETRY_MESSAGE } from './retry.js'
import { sizeStates } from './size-states.js'
import { transformOnSpotState, transformState, type TransformSettings } from './transform-states.js'

export interface WorkerSettings extends TransformSettings {
  env: string
  /** Default: every tier as the table has it, on on-demand capacity. */
  tiers?: readonly RunTier[]
  failedQueueUrl: string
  topicArn: string
  /** Tell of every file that was loaded, too. */
  onSuccess?: boolean
}

/** Only against an execution that hangs: what takes its time or waits for its turn ends in the failed-files queue before. */
const WEEK_SECONDS = 604_800

/**
 * The worker: one object version -> one Fargate task sized by the object. A task that says its data is bad is not repeated;
 * one that died is, and one that found no room waits. What fails in the end goes to the failed-files queue and to the alerts
 * topic (spec §9.3).
 */
export function workerDefinition({ tiers = runTiers({}, false), ...settings }: WorkerSettings): object {
  const loaded = settings.onSuccess === true ? 'Loaded' : 'Done'
  const onSpot = tiers.some(({ spot }) => spot)
  return {
    Comment: 'datapipe worker: one object -> one Fargate task',
    StartAt: 'Begin',
    TimeoutSeconds: WEEK_SECONDS,
    States: {
      Begin: { Type: 'Pass', Result: FIRST_ATTEMPT, ResultPath: '$.attempt', Next: 'ChooseSize' },
      ...sizeStates(tiers),
      ...(onSpot ? { TransformOnSpot: transformOnSpotState(settings, loaded), ...spotFailureStates() } : {}),
      Transform: transformState(settings, loaded),
      ...failureStates(),
      ...reportStates(settings),
      ...(settings.onSuccess === true ? { Loaded: loadedState(settings) } : {}),
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  }
}

/** A message that cannot be sent does not make a load that succeeded fail. */
function loadedState(settings: Pick<WorkerSettings, 'env' | 'topicArn'>): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::sns:publish',
    Parameters: successNotification(settings),
    ResultPath: null,
    Retry: RETRY_MESSAGE,
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Done' }],
    Next: 'Done',
  }
}

function reportStates(
  settings: Pick<WorkerSettings, 'env' | 'failedQueueUrl' | 'topicArn'>,
): Record<string, object> {
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
      Parameters: failureNotification(settings),
      ResultPath: null,
      Retry: RETRY_MESSAGE,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Failed' }],
      Next: 'Failed',
    },
  }
}
