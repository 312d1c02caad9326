import type { Emulator } from './emulator.js'
import type { AwsRequest } from './request.js'

/** What a service says when it refuses a call. */
export interface Refusal {
  code: string
  message: string
  /** Default 400. */
  status?: number
}

export type Verdict = { refuse: Refusal } | { answer: string } | undefined

/**
 * Something that the real AWS does and the emulator does not. A rule sees the calls of one service before they reach the
 * emulator, and may refuse them or answer them itself; it sees the answers to them, and may change what they say.
 */
export interface Rule {
  name: string
  service: string
  actions: readonly string[] | 'all'
  before?: (request: AwsRequest, emulator: Emulator) => Promise<Verdict> | Verdict
  /** Only for calls that succeeded. @returns the body to send instead */
  after?: (request: AwsRequest, body: string, emulator: Emulator) => Promise<string> | string
}

/** A refusal for a reason that is there, none for a reason that is not. */
export function refuseIf(reason: unknown, code: string, message: string, status = 400): Verdict {
  const held = Array.isArray(reason) ? reason.length > 0 : reason !== undefined && reason !== false
  return held ? { refuse: { code, message, status } } : undefined
}
