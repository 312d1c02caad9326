import type { AwsRequest } from '../realism/request.js'
import type { Rule } from '../realism/rule.js'
import { Chance } from './chance.js'
import { conflict } from './conflicts.js'
import { freshRoles } from './fresh-roles.js'
import { FAULT_KINDS, type Fault, type FaultKind, type Injected } from './kinds.js'
import { expiredToken, serverError, throttling } from './shapes.js'
import { delayedVisibility } from './visibility.js'

export interface WeatherOptions {
  seed: number
  /** Share of the calls that something happens to. Default 0.05. */
  rate?: number
  /** Default all. */
  kinds?: readonly FaultKind[]
  /** Each call takes up to this much longer. Default 0. */
  latencyMs?: number
  /** How long a `slow` call takes longer. Default 1000. */
  slowMs?: number
  /** How long at most what was just created is not seen. Default 1000. */
  unseenMs?: number
  /** How many uses at most of what was just created in IAM and KMS are refused. Default 4. */
  refusals?: number
  /** Share of what was just created that is unseen, or refused, at first. Default: four times the rate. */
  freshRate?: number
  /** Share of the commands whose credentials expire on the way. Default: the rate. */
  expiryRate?: number
}

/** How likely the kinds are to each other, where they apply. */
const WEIGHTS: readonly (readonly [FaultKind, number])[] = [
  ['slow', 3],
  ['throttled', 4],
  ['server-error', 4],
  ['server-error-after', 2],
  ['cut-before', 3],
  ['cut-after', 3],
  ['cut-during', 3],
  ['conflict', 4],
]
/** A command whose credentials expire has made at most this many calls by then. */
const LAST_EXPIRY = 250

/**
 * What AWS does to calls on a bad day. What happens to a call depends on the seed and on the call's own name and number alone,
 * so the same seed brings the same faults, in whatever order parallel calls arrive.
 *
 * `startRealisticAws(target, [...weather.rules, ...deletionRules()], weather)`
 */
export class Weather {
  /** In the order of the calls. */
  readonly injected: Injected[] = []
  /** Where what was just created is not seen, or refused, yet. Before all other rules. */
  readonly rules: readonly Rule[]
  readonly #chance: Chance
  readonly #kinds: ReadonlySet<FaultKind>
  readonly #numbers = new Map<string, number>()
  readonly #forgetting: (() => void)[] = []
  #command = 0
  #callsLeft = Infinity

  constructor(private readonly options: WeatherOptions) {
    this.#chance = new Chance(options.seed)
    this.#kinds = new Set(options.kinds ?? FAULT_KINDS)
    const { rate = 0.05, freshRate = rate * 4 } = options
    const fresh = {
      chance: this.#chance,
      rate: freshRate,
      injected: (kind: FaultKind, request: AwsRequest) => this.injected.push({ kind, call: name(request) }),
      forgetting: this.#forgetting,
    }
    this.rules = [
      ...(this.#kinds.has('unseen') ? delayedVisibility({ ...fresh, ms: options.unseenMs ?? 1000 }) : []),
      ...(this.#kinds.has('refused-role') ? freshRoles({ ...fresh, refusals: options.refusals ?? 4 }) : []),
    ]
  }

  /**
   * The next command begins: with fresh credentials, and some time after the one before, so that everything is seen by now.
   * Its credentials may expire on the way.
   */
  startCommand(): void {
    this.clear()
    const { expiryRate = this.options.rate ?? 0.05 } = this.options
    const command = `command#${++this.#command}`
    const expires = this.#kinds.has('expired') && this.#chance.of(`${command} expires`) < expiryRate
    this.#callsLeft = expires ? this.#chance.whole(`${command} calls`, 1, LAST_EXPIRY) : Infinity
  }

  /** Time has passed: credentials are renewed, and what was created is seen and usable everywhere. */
  clear(): void {
    this.#callsLeft = Infinity
    for (const forget of this.#forgetting) forget()
  }

  /** From the n-th call on (1: the next) the credentials have expired, until `clear` or `startCommand`. */
  expireAfter(calls: number): void {
    this.#callsLeft = calls
  }

  /** What happens to this call, if anything; to be asked once for each. */
  strike(request: AwsRequest): Fault {
    const call = this.#number(request)
    const { latencyMs = 0, rate = 0.05 } = this.options
    const delayMs = latencyMs === 0 ? 0 : this.#chance.of(`${call} latency`) * latencyMs
    const none: Fault = { kind: 'slow', delayMs }
    if (--this.#callsLeft <= 0) return this.#note(call, { kind: 'expired', refuse: expiredToken(request) })
    if (this.#chance.of(call) >= rate) return none
    const fault = this.#choose(call, request)
    return fault === undefined ? none : this.#note(call, { ...fault, delayMs: fault.delayMs ?? delayMs })
  }

  #choose(call: string, request: AwsRequest): Fault | undefined {
    const possible = WEIGHTS.filter(([kind]) => this.#kinds.has(kind) && applies(kind, request))
    const sum = possible.reduce((total, [, weight]) => total + weight, 0)
    let rest = this.#chance.of(`${call} kind`) * sum
    const chosen = possible.find(([, weight]) => (rest -= weight) < 0)
    if (chosen === undefined) return undefined
    const status = this.#chance.of(`${call} status`) < 0.5 ? 500 : 503
    return this.#fault(chosen[0], request, status)
  }

  #fault(kind: FaultKind, request: AwsRequest, status: 500 | 503): Fault {
    switch (kind) {
      case 'throttled':
        return { kind, refuse: throttling(request) }
      case 'server-error':
        return { kind, refuse: serverError(request, status) }
      case 'server-error-after':
        return { kind, refuseAfter: serverError(request, 500) }
      case 'cut-before':
        return { kind, cut: 'before' }
      case 'cut-after':
        return { kind, cut: 'after' }
      case 'cut-during':
        return { kind, cut: 'during' }
      case 'conflict':
        return { kind, refuse: conflict(request) }
      case 'slow':
      case 'expired':
      case 'unseen':
      case 'refused-role':
        return { kind, delayMs: this.options.slowMs ?? 1000 }
    }
  }

  #number(request: AwsRequest): string {
    const of = name(request)
    const number = (this.#numbers.get(of) ?? 0) + 1
    this.#numbers.set(of, number)
    return `${of}#${number}`
  }

  #note(call: string, fault: Fault): Fault {
    this.injected.push({ kind: fault.kind, call })
    return fault
  }
}

const name = ({ action, service }: AwsRequest) => `${service}:${action}`

function applies(kind: FaultKind, request: AwsRequest): boolean {
  // Elsewhere answers are so short that they arrive whole.
  if (kind === 'cut-during') return request.service === 's3' && request.method === 'GET'
  return kind !== 'conflict' || conflict(request) !== undefined
}
