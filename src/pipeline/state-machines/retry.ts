/** Exponential back-off with full jitter, as every retrier of our state machines uses it. */
export const BACK_OFF = { BackoffRate: 2, JitterStrategy: 'FULL' } as const

/** A message or a notification: worth several tries, never worth failing the execution for. */
export const RETRY_MESSAGE = [
  { ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 6, ...BACK_OFF },
]

/**
 * Starting a task. The first retrier is the queue of what is above a cap (vCPUs of the account, tasks started per second, room
 * in the zone): ECS refuses, and the file waits for its turn. 600 tries, half of 300 s apart on average, are a day, and about
 * 2,500 of the 25,000 events that an execution may have. The second is for calls that went wrong on the way.
 */
export const WAIT_FOR_CAPACITY = [
  {
    ErrorEquals: [
      'AmazonECS.Unknown',
      'ECS.AmazonECSException',
      'ECS.ThrottlingException',
      'ECS.LimitExceededException',
    ],
    IntervalSeconds: 15,
    MaxDelaySeconds: 300,
    MaxAttempts: 600,
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

/** Calls of Step Functions, S3 and the like from a state machine, which pass with time when they fail at all. */
export function retryCalls(...errors: string[]): object {
  return { ErrorEquals: errors, IntervalSeconds: 5, MaxAttempts: 6, MaxDelaySeconds: 60, ...BACK_OFF }
}
