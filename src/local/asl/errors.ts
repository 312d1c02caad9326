/** An error in the sense of the States Language: a name that Retry and Catch compare, and a cause for people. */
export class StatesError extends Error {
  constructor(
    readonly error: string,
    override readonly cause: string,
  ) {
    super(`${error}: ${cause}`)
    this.name = 'StatesError'
  }
}

/** A definition or an input that cannot be processed. No Retry and no Catch handles it. */
export function runtimeError(cause: string): StatesError {
  return new StatesError('States.Runtime', cause)
}

/** The execution was stopped from outside. */
export class AbortedError extends Error {
  constructor() {
    super('The execution was stopped.')
    this.name = 'AbortedError'
  }
}

/**
 * Whether a list of names covers an error, with the wildcards of Step Functions: `States.ALL` covers everything but
 * `States.DataLimitExceeded`; `States.TaskFailed` also not a time-out. `States.Runtime` is never covered.
 */
export function covers(names: readonly string[], error: string): boolean {
  if (error === 'States.Runtime') return false
  return names.some((name) => {
    if (name === error) return true
    if (name === 'States.Timeout') return error === 'States.HeartbeatTimeout'
    if (error === 'States.DataLimitExceeded') return false
    if (name === 'States.ALL') return true
    return name === 'States.TaskFailed' && error !== 'States.Timeout' && error !== 'States.HeartbeatTimeout'
  })
}
