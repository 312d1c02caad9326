import { successNotification, type NotificationSettings } from '../notifications.js'
import { retryCalls, RETRY_MESSAGE } from './retry.js'
import { RESULT_KEY } from './transform-states.js'

/** Where a task that ended well leads. */
export const FIRST_LOADED = 'ReadResult'

const RESULT = '$.read.result'
const COUNTS = ['rowsIn', 'rowsOut', 'rowsRejected', 'seconds']
const OUTCOME = `${RESULT}.outcome`
const isOutcome = (outcome: string) => ({
  And: [
    { Variable: OUTCOME, IsPresent: true },
    { Variable: OUTCOME, StringEquals: outcome },
  ],
})

/**
 * Says that a file was loaded, with the numbers that the task left. A load that succeeded never fails for its message: without
 * the numbers it goes out without them, and one that cannot be sent is given up. Nothing is said of a version that was loaded
 * before or that a newer one has superseded.
 *
 * Each number is looked at before it is used: a path that leads nowhere ends an execution, whatever its catchers say.
 */
export function loadedStates(
  settings: NotificationSettings,
  { account, resultsBucket }: { account: string; resultsBucket: string },
): Record<string, object> {
  const publish = (Parameters: object) => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::sns:publish',
    Parameters,
    ResultPath: null,
    Retry: RETRY_MESSAGE,
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Done' }],
    Next: 'Done',
  })
  return {
    [FIRST_LOADED]: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:s3:getObject',
      Parameters: { Bucket: resultsBucket, 'Key.$': RESULT_KEY, ExpectedBucketOwner: account },
      ResultSelector: { 'result.$': 'States.StringToJson($.Body)' },
      ResultPath: '$.read',
      Retry: [
        // Without s3:ListBucket a key that is not there is a 403, S3Exception.
        {
          ErrorEquals: ['S3.NoSuchKeyException', 'S3.S3Exception', 'States.IntrinsicFailure'],
          MaxAttempts: 0,
        },
        retryCalls('States.ALL'),
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'LoadedWithoutNumbers' }],
      Next: 'WhatWasLoaded',
    },
    WhatWasLoaded: {
      Type: 'Choice',
      Choices: [
        { Or: [isOutcome('superseded'), isOutcome('already-loaded')], Next: 'Done' },
        {
          And: COUNTS.flatMap((count) => [
            { Variable: `${RESULT}.${count}`, IsPresent: true },
            { Variable: `${RESULT}.${count}`, IsNumeric: true },
          ]),
          Next: 'Loaded',
        },
      ],
      Default: 'LoadedWithoutNumbers',
    },
    Loaded: publish(successNotification(settings, true)),
    LoadedWithoutNumbers: publish(successNotification(settings, false)),
  }
}
