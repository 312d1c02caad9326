import { failureNotification } from '../notifications.js'
import { runTiers, type RunTier } from '../size-tiers.js'
import { FIRST_ATTEMPT, failureStates, spotFailureStates } from './failure-states.js'
import { failedQueueState } from './failed-queue-state.js'
import { FIRST_LOADED, loadedStates } from './loaded-states.js'
import { RETRY_MESSAGE } from './retry.js'
import { sizeStates } from './size-states.js'
import { transformOnSpotState, transformState, type TransformSettings } from './transform-states.js'

export interface WorkerSettings extends TransformSettings {
  env: string
  /** Default: every tier as the table has it, on on-demand capacity. */
  tiers?: readonly RunTier[]
  failedQueueUrl: string
  topicArn: string
  /** Tell of every file that was loaded, too: with the numbers that its task leaves in this bucket. */
  onSuccess?: { resultsBucket: string; account: string }
}

/** Only against an execution that hangs: what takes its time or waits for its turn ends in the failed-files queue before. */
const WEEK_SECONDS = 604_800

/**
 * The worker: one object version -> one Fargate task sized by the object. A task that says its data is bad is not repeated;
 * one that died is, and one that found no room waits. What fails in the end goes to the failed-files queue and to the alerts
 * topic (spec §9.3).
 */
export function workerDefinition({ tiers = runTiers({}, false), ...settings }: WorkerSettings): object {
  const loaded = settings.onSuccess === undefined ? 'Done' : FIRST_LOADED
  const task = { ...settings, reportsResult: settings.onSuccess !== undefined }
  const onSpot = tiers.some(({ spot }) => spot)
  return {
    Comment: 'datapipe worker: one object -> one Fargate task',
    StartAt: 'Begin',
    TimeoutSeconds: WEEK_SECONDS,
    States: {
      Begin: { Type: 'Pass', Result: FIRST_ATTEMPT, ResultPath: '$.attempt', Next: 'ChooseSize' },
      ...sizeStates(tiers),
      ...(onSpot ? { TransformOnSpot: transformOnSpotState(task, loaded), ...spotFailureStates() } : {}),
      Transform: transformState(task, loaded),
      ...failureStates(),
      ...reportStates(settings),
      ...(settings.onSuccess === undefined ? {} : loadedStates(settings, settings.onSuccess)),
      Done: { Type: 'Succeed' },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  }
}

function reportStates(
  settings: Pick<WorkerSettings, 'env' | 'failedQueueUrl' | 'topicArn'>,
): Record<string, object> {
  return {
    ToFailedQueue: failedQueueState(settings.failedQueueUrl, 'Notify'),
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
