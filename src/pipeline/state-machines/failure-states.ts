import { DATA_ERROR_EXIT_CODE } from '../../transform/exit-codes.js'

/** How often a task that died, not one that found bad data, is tried again. */
const TASK_ATTEMPTS = 3
const FIRST_WAIT_SECONDS = 30
const CAPACITY_WAIT_SECONDS = 120
/** Together two thirds of a day, and about 8,000 of the 25,000 events that an execution may have. */
const CAPACITY_WAITS = 500

/** `$.attempt`: attempts made, the longest wait before the next one, and waits for room so far. */
export const FIRST_ATTEMPT = { count: 1, backoff: FIRST_WAIT_SECONDS, waits: 0 }

const EXIT_CODE = '$.task.report.Containers[0].ExitCode'
const STOP_CODE = '$.task.report.StopCode'
const STOPPED_REASON = '$.task.report.StoppedReason'

const HAS_REPORT = {
  And: [
    { Variable: '$.error.Error', StringEquals: 'States.TaskFailed' },
    { Variable: '$.error.Cause', StringMatches: '{*"Containers"*}' },
  ],
}
const DATA_ERROR = {
  And: [
    { Variable: EXIT_CODE, IsPresent: true },
    { Variable: EXIT_CODE, NumericEquals: DATA_ERROR_EXIT_CODE },
  ],
}
const readReport = (next: string) => ({
  Type: 'Pass',
  Parameters: { 'report.$': 'States.StringToJson($.error.Cause)' },
  ResultPath: '$.task',
  Next: next,
})

/**
 * Bad data, no room, or a task that died? Only the task's own report, the Cause of States.TaskFailed, tells. A refusal for
 * want of room comes under several names, some of which also mean "this can never work": there only the text tells.
 */
export function failureStates(): Record<string, object> {
  return {
    Diagnose: {
      Type: 'Choice',
      Choices: [
        { ...HAS_REPORT, Next: 'ReadReport' },
        {
          And: [
            { Variable: '$.error.Error', StringMatches: 'ECS.*' },
            {
              Or: [
                '*limit on the number of*',
                '*imit exceeded*',
                '*Rate exceeded*',
                '*Capacity is unavailable*',
              ].map((text) => ({ Variable: '$.error.Cause', StringMatches: text })),
            },
          ],
          Next: 'WaitsLeft',
        },
      ],
      Default: 'ToFailedQueue',
    },
    ReadReport: readReport('WhatFailed'),
    WhatFailed: {
      Type: 'Choice',
      Choices: [
        { ...DATA_ERROR, Next: 'DataError' },
        {
          And: [
            { Variable: STOPPED_REASON, IsPresent: true },
            { Variable: STOPPED_REASON, StringMatches: '*Capacity is unavailable*' },
          ],
          Next: 'WaitsLeft',
        },
        { Variable: '$.attempt.count', NumericLessThan: TASK_ATTEMPTS, Next: 'CountAttempt' },
      ],
      Default: 'ToFailedQueue',
    },
    CountAttempt: {
      Type: 'Pass',
      Parameters: {
        'count.$': 'States.MathAdd($.attempt.count, 1)',
        'waits.$': '$.attempt.waits',
        // Full jitter up to the bound, which doubles each time.
        'seconds.$': 'States.MathRandom(1, $.attempt.backoff)',
        'backoff.$': 'States.MathAdd($.attempt.backoff, $.attempt.backoff)',
      },
      ResultPath: '$.attempt',
      Next: 'WaitBeforeRetry',
    },
    WaitBeforeRetry: { Type: 'Wait', SecondsPath: '$.attempt.seconds', Next: 'Transform' },
    WaitsLeft: {
      Type: 'Choice',
      Choices: [{ Variable: '$.attempt.waits', NumericLessThan: CAPACITY_WAITS, Next: 'CountWait' }],
      Default: 'ToFailedQueue',
    },
    CountWait: {
      Type: 'Pass',
      Parameters: {
        'count.$': '$.attempt.count',
        'waits.$': 'States.MathAdd($.attempt.waits, 1)',
        'backoff.$': '$.attempt.backoff',
      },
      ResultPath: '$.attempt',
      Next: 'WaitForCapacity',
    },
    WaitForCapacity: { Type: 'Wait', Seconds: CAPACITY_WAIT_SECONDS, Next: 'Transform' },
    DataError: {
      Type: 'Pass',
      Parameters: { Error: 'datapipe.DataError', 'Cause.$': '$.error.Cause' },
      ResultPath: '$.error',
      Next: 'ToFailedQueue',
    },
  }
}

/**
 * After Spot: bad data is bad data, a time-out would happen again, and a task that died by itself has used one attempt. All
 * else, an interruption and no room above all, is not the file's fault and goes to on-demand capacity at once.
 */
export function spotFailureStates(): Record<string, object> {
  return {
    SpotFailed: {
      Type: 'Choice',
      Choices: [
        { ...HAS_REPORT, Next: 'ReadSpotReport' },
        { Variable: '$.error.Error', StringEquals: 'States.Timeout', Next: 'ToFailedQueue' },
      ],
      Default: 'Transform',
    },
    ReadSpotReport: readReport('WhatFailedOnSpot'),
    WhatFailedOnSpot: {
      Type: 'Choice',
      Choices: [
        { ...DATA_ERROR, Next: 'DataError' },
        {
          And: [
            { Variable: STOP_CODE, IsPresent: true },
            {
              Or: ['SpotInterruption', 'TerminationNotice', 'TaskFailedToStart'].map((code) => ({
                Variable: STOP_CODE,
                StringEquals: code,
              })),
            },
          ],
          Next: 'Transform',
        },
      ],
      Default: 'CountAttempt',
    },
  }
}
