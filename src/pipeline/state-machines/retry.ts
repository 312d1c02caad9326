/** Exponential back-off with full jitter, as every retrier of our state machines uses it. */
export const BACK_OFF = { BackoffRate: 2, JitterStrategy: 'FULL' } as const

/** A message or a notification: worth several tries, never worth failing the execution for. */
export const RETRY_MESSAGE = [
  { ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 6, ...BACK_OFF },
]
