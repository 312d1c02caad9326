import {
  ListTargetsByRuleCommand,
  type EventBridgeClient,
  type Target as AwsTarget,
} from '@aws-sdk/client-eventbridge'
import { unlessMissing } from '../../aws/retry.js'
import { diffProperties, type Change } from '../../engine/change.js'
import { DatapipeError } from '../../errors.js'

/** Where a rule sends its events: unchanged, because a transformer breaks on keys with quotes (spec §9.1). */
export interface Target {
  /** Unique in the rule. */
  id: string
  arn: string
  roleArn: string
  /** A queue for what could not be delivered. */
  deadLetterArn?: string
  /** Given up after so many attempts or at that age, whichever is first. */
  retry: { attempts: number; ageSeconds: number }
}

/** What AWS does when a target says nothing about retries (spec §9.1). */
const DEFAULT_RETRY = { attempts: 185, ageSeconds: 86_400 }

export function toAws(target: Target): AwsTarget {
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    ...(target.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    RetryPolicy: {
      MaximumRetryAttempts: target.retry.attempts,
      MaximumEventAgeInSeconds: target.retry.ageSeconds,
    },
  }
}

function fromAws(target: AwsTarget): Target {
  return {
    id: target.Id ?? '',
    arn: target.Arn ?? '',
    roleArn: target.RoleArn ?? '',
    deadLetterArn: target.DeadLetterConfig?.Arn,
    retry: {
      attempts: target.RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRY.attempts,
      ageSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_RETRY.ageSeconds,
    },
  }
}

/** All targets of a rule, also of one that is gone meanwhile: none. */
export async function listTargets(events: EventBridgeClient, rule: string): Promise<Target[]> {
  const found: Target[] = []
  let token: string | undefined
  do {
    const page = await unlessMissing(
      events.send(new ListTargetsByRuleCommand({ Rule: rule, NextToken: token })),
      'ResourceNotFoundException',
    )
    found.push(...(page?.Targets ?? []).map(fromAws))
    token = page?.NextToken
  } while (token !== undefined)
  return found
}

/** `targets.<id>.<property>`; a missing target goes from null, a superfluous one to null. */
export function diffTargets(observed: Target[], desired: Target[]): Change[] {
  const superfluous = observed.filter((target) => desired.every(({ id }) => id !== target.id))
  return diffProperties(
    { targets: byId(observed.map((target) => [target.id, target])) },
    {
      targets: byId([
        ...desired.map((target): [string, object] => [
          target.id,
          { ...target, deadLetterArn: target.deadLetterArn ?? null },
        ]),
        ...superfluous.map((target): [string, null] => [target.id, null]),
      ]),
    },
  )
}

function byId<T>(entries: [string, T][]): Record<string, T> {
  return Object.fromEntries(entries)
}

interface FailedEntry {
  TargetId?: string
  ErrorCode?: string
  ErrorMessage?: string
}

/**
 * These calls succeed as a whole and fail target by target.
 * @throws DatapipeError EVENT_TARGETS_FAILED, named after the service's code so that conflicts are retried
 */
export function assertNoneFailed(
  action: string,
  count: number | undefined,
  entries: FailedEntry[] | undefined,
): void {
  if ((count ?? 0) === 0) return
  const reasons = (entries ?? []).map(
    (entry) => `${entry.TargetId ?? '?'}: ${entry.ErrorMessage ?? entry.ErrorCode ?? 'no reason given'}`,
  )
  const error = new DatapipeError(
    'EVENT_TARGETS_FAILED',
    `EventBridge did not ${action}: ${reasons.join('; ') || `${count} failed`}`,
  )
  error.name = entries?.[0]?.ErrorCode ?? error.name
  throw error
}
