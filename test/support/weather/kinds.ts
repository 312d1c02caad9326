import type { AwsRequest } from '../realism/request.js'
import type { Refusal } from '../realism/rule.js'
import type { Chance } from './chance.js'

/** What can happen to a call. The last three come from what was created before it. */
export const FAULT_KINDS = [
  'slow',
  'throttled',
  'server-error',
  'server-error-after',
  'cut-before',
  'cut-after',
  'cut-during',
  'conflict',
  'expired',
  'unseen',
  'refused-role',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What is done with a call: refused, its connection cut, or its answer replaced although it was executed. */
export interface Fault {
  kind: FaultKind
  delayMs?: number
  /** Answered instead of executing it. */
  refuse?: Refusal
  /** Answered although it was executed. */
  refuseAfter?: Refusal
  /** Where its connection ends: before it is executed, in the middle of the answer, or before the answer. */
  cut?: 'before' | 'during' | 'after'
}

export interface Injected {
  kind: FaultKind
  /** `service:Action#n`: the n-th call of that action. */
  call: string
}

/** What rules about what was just created work with. */
export interface Fresh {
  chance: Chance
  /** Share of what is created that it happens to. */
  rate: number
  /** Told of each call that it happened to. */
  injected: (kind: FaultKind, request: AwsRequest) => void
  /** What to call when time has passed. */
  forgetting: (() => void)[]
}
