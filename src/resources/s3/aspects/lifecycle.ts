import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  type LifecycleRule as AwsRule,
  type TransitionStorageClass,
} from '@aws-sdk/client-s3'
import { unlessMissing } from '../../../aws/retry.js'
import { diffProperties } from '../../../engine/change.js'
import type { Aspect } from './aspect.js'

/** What happens to objects as they age, in days. */
export interface LifecycleRule {
  /** Unique in its bucket. */
  id: string
  /** Empty: the whole bucket. */
  prefix: string
  /** After this age the object expires: in a versioned bucket it becomes a noncurrent version. */
  expirationDays?: number
  /** How long a version that was overwritten or deleted is kept. */
  noncurrentExpirationDays?: number
  abortIncompleteUploadDays?: number
  /** S3 moves no object under 128 KiB. */
  transitions?: { days: number; storageClass: TransitionStorageClass }[]
}

/** A rule with everything it says, so that what was added to it shows as well. */
interface ComparableRule {
  prefix: string
  status: string
  expirationDays: number | null
  noncurrentExpirationDays: number | null
  abortIncompleteUploadDays: number | null
  transitions: { days: number; storageClass: string }[]
  /** Of an observed rule: what rules of ours never say, as the service words it. */
  other: unknown
}

/** The lifecycle rules, all of them: S3 replaces them as a set, and what others added shows as a change to nothing. */
export function lifecycle(wanted: readonly LifecycleRule[]): Aspect {
  return {
    path: 'lifecycle',
    async read({ at, s3 }): Promise<Record<string, ComparableRule>> {
      const answer = await unlessMissing(
        s3.send(new GetBucketLifecycleConfigurationCommand(at)),
        'NoSuchLifecycleConfiguration',
      )
      return Object.fromEntries((answer?.Rules ?? []).map((rule) => [rule.ID ?? '', fromAws(rule)]))
    },
    diff(seen) {
      const observed = seen as Record<string, ComparableRule>
      const unwanted = Object.keys(observed).map((id) => [id, null] as const)
      const desired = {
        ...Object.fromEntries(unwanted),
        ...Object.fromEntries(wanted.map((rule) => [rule.id, comparable(rule)])),
      }
      return diffProperties({ lifecycle: observed }, { lifecycle: desired })
    },
    put: ({ at, s3 }) =>
      wanted.length === 0
        ? s3.send(new DeleteBucketLifecycleCommand(at))
        : s3.send(
            new PutBucketLifecycleConfigurationCommand({
              ...at,
              LifecycleConfiguration: { Rules: wanted.map(toAws) },
            }),
          ),
  }
}

function comparable(rule: LifecycleRule): ComparableRule {
  return {
    prefix: rule.prefix,
    status: 'Enabled',
    expirationDays: rule.expirationDays ?? null,
    noncurrentExpirationDays: rule.noncurrentExpirationDays ?? null,
    abortIncompleteUploadDays: rule.abortIncompleteUploadDays ?? null,
    transitions: byAge(rule.transitions ?? []),
    other: null,
  }
}

function fromAws(rule: AwsRule): ComparableRule {
  const { Days: expirationDays, ...expiration } = rule.Expiration ?? {}
  const { NoncurrentDays: noncurrentDays, ...noncurrent } = rule.NoncurrentVersionExpiration ?? {}
  const { Prefix: prefix, ...filter } = rule.Filter ?? {}
  return {
    prefix: prefix ?? rule.Prefix ?? '',
    status: rule.Status ?? '',
    expirationDays: expirationDays ?? null,
    noncurrentExpirationDays: noncurrentDays ?? null,
    abortIncompleteUploadDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
    transitions: byAge(
      (rule.Transitions ?? []).map((transition) => ({
        days: transition.Days ?? 0,
        storageClass: transition.StorageClass ?? '',
      })),
    ),
    other: said({
      Expiration: said(expiration),
      Filter: said(filter),
      NoncurrentVersionExpiration: said(noncurrent),
      NoncurrentVersionTransitions: rule.NoncurrentVersionTransitions,
    }),
  }
}

/** What of it says anything: services answer empty lists and `false` for what was never set. */
function said(values: Record<string, unknown>): Record<string, unknown> | null {
  const kept = Object.entries(values).filter(
    ([, value]) =>
      value !== undefined &&
      value !== null &&
      value !== false &&
      !(Array.isArray(value) && value.length === 0),
  )
  return kept.length === 0 ? null : Object.fromEntries(kept)
}

function byAge<T extends { days: number }>(transitions: readonly T[]): T[] {
  return [...transitions].sort((a, b) => a.days - b.days)
}

function toAws(rule: LifecycleRule): AwsRule {
  return {
    ID: rule.id,
    Status: 'Enabled',
    // S3 wants a filter in every rule; an empty prefix is the whole bucket (spec §5.4).
    Filter: { Prefix: rule.prefix },
    ...(rule.expirationDays === undefined ? {} : { Expiration: { Days: rule.expirationDays } }),
    ...(rule.noncurrentExpirationDays === undefined
      ? {}
      : { NoncurrentVersionExpiration: { NoncurrentDays: rule.noncurrentExpirationDays } }),
    ...(rule.abortIncompleteUploadDays === undefined
      ? {}
      : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.abortIncompleteUploadDays } }),
    ...(rule.transitions === undefined
      ? {}
      : {
          Transitions: rule.transitions.map(({ days, storageClass }) => ({
            Days: days,
            StorageClass: storageClass,
          })),
        }),
  }
}
