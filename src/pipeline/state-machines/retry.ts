/** Exponential back-off with full jitter, as every retrier of our state machines uses it. */
export const BACK_OFF = { BackoffRate: 2, JitterStrategy: 'FULL' } as const

/** A message or a notification: worth several tries, never worth failing the execution for. */
export const RETRY_MESSAGE = [
  { ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 6, ...BACK_OFF },
]

/** How ECS says that there is no room now: vCPUs of the account, tasks started per second, room in the zone, `failures[]`. */
export const NO_ROOM_ERRORS = [
  'AmazonECS.Unknown',
  'ECS.AmazonECSException',
  'ECS.ThrottlingException',
  'ECS.LimitExceededException',
]

/**
 * Starting a task. The first retrier is the cheap part of waiting for room: up to half an hour, 15 minutes on average. What
 * is still refused then is counted and waits on (failure-states.ts), because a retrier begins again at each visit of its state
 * and so sets no limit to the whole. The second is for calls that went wrong on the way.
 */
export const START_TASK = [
  {
    ErrorEquals: NO_ROOM_ERRORS,
    IntervalSeconds: 15,
    MaxDelaySeconds: 300,
    MaxAttempts: 10,
    ...BACK_OFF,
  },
  {
    ErrorEquals: ['ECS.ServerException', 'ECS.SdkClientException'],
    IntervalSeconds: 15,
    MaxDelaySeconds: 300,
    MaxAttempts: 8,
    ...BACK_OFF,
  },
]

/** Starting an execution above a limit of the account: about a day, 600 times half of 300 s on average. */
export const WAIT_FOR_EXECUTION = {
  ErrorEquals: ['StepFunctions.ExecutionLimitExceededException', 'StepFunctions.ThrottlingException'],
  IntervalSeconds: 15,
  MaxDelaySeconds: 300,
  MaxAttempts: 600,
  ...BACK_OFF,
}

/** Calls of Step Functions, S3 and the like from a state machine, which pass with time when they fail at all. */
export function retryCalls(...errors: string[]): object {
  return { ErrorEquals: errors, IntervalSeconds: 5, MaxAttempts: 6, MaxDelaySeconds: 60, ...BACK_OFF }
}
