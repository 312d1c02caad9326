import { DATA_ERROR_EXIT_CODE } from '../../transform/exit-codes.js'

/** How often a task that died, not one that found bad data, is tried again. */
const TASK_ATTEMPTS = 3
const FIRST_WAIT_SECONDS = 30
const SHORTEST_BOUND_SECONDS = 15
const LONGEST_BOUND_SECONDS = 240
/**
 * Waits of two minutes on average, so 20 hours, and at most 11,000 of the 25,000 events that an execution may have. Even with
 * ten minutes for each task that never starts they end within six days, before the execution's own time-out could lose the file.
 */
const CAPACITY_WAITS = 600
/** What the retrier's quarter of an hour counts for: with it 100 rounds, 30 hours. */
const WAITS_OF_RETRIER = 5

/** `$.attempt`: attempts made, the longest wait before the next one; waits for room so far, and the longest next one. */
export const FIRST_ATTEMPT = {
  count: 1,
  backoff: FIRST_WAIT_SECONDS,
  waits: 0,
  bound: SHORTEST_BOUND_SECONDS,
}

/** `$.attempt` with some of its fields anew. */
function attempt(changes: Record<string, string>, next: string): object {
  const kept = Object.keys(FIRST_ATTEMPT).map((field) => [`${field}.$`, `$.attempt.${field}`] as const)
  return {
    Type: 'Pass',
    Parameters: { ...Object.fromEntries(kept), ...changes },
    ResultPath: '$.attempt',
    Next: next,
  }
}

/** How refusals for want of room and tasks that found none on the way read. */
const NO_ROOM = [
  '*limit on the number of*',
  '*imit exceeded*',
  '*Rate exceeded*',
  '*Capacity is unavailable*',
  '*InsufficientFreeAddresses*',
  '*enough free addresses*',
]
const saysNoRoom = (variable: string) => ({
  Or: NO_ROOM.map((text) => ({ Variable: variable, StringMatches: text })),
})

const COUNTED_WAIT = {
  'waits.$': 'States.MathAdd($.attempt.waits, 1)',
  'seconds.$': 'States.MathRandom(1, $.attempt.bound)',
}

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
          And: [{ Variable: '$.error.Error', StringMatches: 'ECS.*' }, saysNoRoom('$.error.Cause')],
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
          And: [{ Variable: STOPPED_REASON, IsPresent: true }, saysNoRoom(STOPPED_REASON)],
          Next: 'WaitsLeft',
        },
        { Variable: '$.attempt.count', NumericLessThan: TASK_ATTEMPTS, Next: 'CountAttempt' },
      ],
      Default: 'ToFailedQueue',
    },
    CountAttempt: attempt(
      {
        'count.$': 'States.MathAdd($.attempt.count, 1)',
        // Full jitter up to the bound, which doubles each time.
        'seconds.$': 'States.MathRandom(1, $.attempt.backoff)',
        'backoff.$': 'States.MathAdd($.attempt.backoff, $.attempt.backoff)',
      },
      'WaitBeforeRetry',
    ),
    WaitBeforeRetry: { Type: 'Wait', SecondsPath: '$.attempt.seconds', Next: 'Transform' },
    CountRetries: attempt({ 'waits.$': `States.MathAdd($.attempt.waits, ${WAITS_OF_RETRIER})` }, 'WaitsLeft'),
    WaitsLeft: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.attempt.waits', NumericGreaterThanEquals: CAPACITY_WAITS, Next: 'ToFailedQueue' },
        { Variable: '$.attempt.bound', NumericLessThan: LONGEST_BOUND_SECONDS, Next: 'CountWait' },
      ],
      Default: 'CountLongestWait',
    },
    // Full jitter, or all that were refused together would come back together.
    CountWait: attempt(
      { ...COUNTED_WAIT, 'bound.$': 'States.MathAdd($.attempt.bound, $.attempt.bound)' },
      'WaitForCapacity',
    ),
    CountLongestWait: attempt(COUNTED_WAIT, 'WaitForCapacity'),
    WaitForCapacity: { Type: 'Wait', SecondsPath: '$.attempt.seconds', Next: 'Transform' },
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
