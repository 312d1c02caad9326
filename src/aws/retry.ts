import type { Operation } from '../engine/operation.js'
import { retryWhile } from '../engine/wait.js'
import { messageOf } from '../errors.js'

/** The error's code as the service names it. */
export function awsErrorName(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** true when the error has one of these names; a trailing `*` matches any ending. */
export function isAwsError(error: unknown, ...names: string[]): boolean {
  const name = awsErrorName(error)
  return names.some((wanted) =>
    wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted,
  )
}

/** `undefined` instead of an error with one of these names: for reads, where "not found" is an answer. */
export async function unlessMissing<T>(call: Promise<T>, ...names: string[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isAwsError(error, ...names)) return undefined
    throw error
  }
}

const THROTTLING = [
  'BandwidthLimitExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]

/** The call came too often, and was not executed (spec §14). */
export function isThrottling(error: unknown): boolean {
  return isAwsError(error, ...THROTTLING) || messageOf(error).startsWith('Rate exceeded')
}

/** What a role, a policy or a key that was created seconds ago makes other services say (spec §14). */
const PROPAGATION = [
  /authorized to assume the provided role/,
  /authorized to access the Log Destination/,
  /not authorized to create managed-rule/,
  /not authorized to perform: sts:AssumeRole/,
  /[Uu]nable to assume/,
  /security token included in the request is invalid\. \(Service:/,
  /must allow AWS EventBridge Scheduler to assume the role/,
  /cannot be assumed by principal/,
  /invalid principals/,
  /Invalid principal in policy/,
  /PrincipalNotFound/,
  /Invalid value for the parameter Policy/,
  /access test failed/,
  /The specified KMS key does not exist or is not allowed to be used/,
  /service linked role/,
]

const CONFLICTS = [
  'OperationAborted',
  'OperationAbortedException',
  'ConcurrentModificationException',
  'ConcurrentModification',
  'ConcurrentAccessException',
  'ConflictException',
  'UpdateInProgressException',
  'StateMachineDeleting',
  'ResourceInUseException',
]

/** First use of something new in IAM or KMS: dense steps, 2 min, or 5 min where the spec says so (spec §1.7). */
export function retryPropagation<T>(
  action: () => Promise<T>,
  op: Operation,
  timeoutMs = 120_000,
): Promise<T> {
  return retryWhile(
    action,
    {
      what: 'waiting for new permissions to take effect',
      retryable: (error) => PROPAGATION.some((message) => message.test(messageOf(error))),
      timeoutMs,
      minDelayMs: 250,
      maxDelayMs: 2000,
    },
    op,
  )
}

/** Two changes met on one thing: the service wants them one after the other (spec §14). */
export function retryConflict<T>(action: () => Promise<T>, op: Operation, timeoutMs = 300_000): Promise<T> {
  return retryWhile(
    action,
    {
      what: 'waiting for another change to finish',
      retryable: (error) => isAwsError(error, ...CONFLICTS),
      timeoutMs,
      minDelayMs: 500,
      maxDelayMs: 10_000,
    },
    op,
  )
}

/** What still holds a thing lets go in its own time, like a network interface that AWS removes itself (spec §2.3, §14). */
export function retryDependency<T>(
  action: () => Promise<T>,
  what: string,
  op: Operation,
  timeoutMs = 900_000,
): Promise<T> {
  return retryWhile(
    action,
    {
      what,
      retryable: (error) => isAwsError(error, 'DependencyViolation', 'InvalidGroup.InUse'),
      timeoutMs,
      minDelayMs: 1000,
      maxDelayMs: 15_000,
    },
    op,
  )
}

/** Reads right after a create may not see it yet: up to 60 s of "not found" is not an answer (spec §1.3). */
export function retryNotFound<T>(
  action: () => Promise<T>,
  what: string,
  op: Operation,
  ...names: string[]
): Promise<T> {
  return retryWhile(
    action,
    {
      what,
      retryable: (error) => isAwsError(error, ...names),
      timeoutMs: 60_000,
      minDelayMs: 250,
      maxDelayMs: 5000,
    },
    op,
  )
}
