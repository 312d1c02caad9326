import { UNKNOWN } from './change.js'
import type { EngineListener } from './events.js'
import type { Resource } from './resource.js'

export interface ResourceRef {
  id: string
  /** The CloudFormation type name. */
  type: string
}

/** It was attempted and went wrong. */
export interface Failure extends ResourceRef {
  error: unknown
  /** Of what stands there instead of what should, where it is known. */
  physicalId?: string
}

/** It was not attempted, or given up half-way because the run stops. */
export interface Skipped extends ResourceRef {
  /** `interrupted`, or in words what it waited for. */
  reason: string
  /** The id of the resource that failed. */
  because?: string
}

/** Something that is no longer part of the environment and stays nevertheless. */
export interface Kept extends ResourceRef {
  physicalId: string
  reason: string
}

/** What every run takes. */
export interface RunOptions {
  /** How many resources may be in flight at once; default 32. */
  concurrency?: number
  /** Aborted: nothing new starts, what is in flight is drained, the rest is reported as skipped. */
  signal?: AbortSignal
  /** The lease: called before each dispatch; when it throws, nothing new starts. */
  assertHeld?: () => void
  onEvent?: EngineListener
}

export function refOf(resource: Resource): ResourceRef {
  return { id: resource.id, type: resource.type }
}

/** The physical id if it can be told before creation. */
export function expectedIdOf(resource: Resource): string | undefined {
  const expected = resource.expectedPhysicalId
  return expected === UNKNOWN ? undefined : expected
}
