import type { Clock } from './clock.js'
import type { State } from './definition.js'
import type { Json } from './json.js'

/** What happened in an execution, named as in the history of Step Functions; RetryScheduled is ours. */
export type HistoryEventType =
  | 'ExecutionStarted'
  | 'ExecutionSucceeded'
  | 'ExecutionFailed'
  | 'ExecutionTimedOut'
  | 'ExecutionAborted'
  | `${State['Type']}StateEntered`
  | `${State['Type']}StateExited`
  | 'TaskScheduled'
  | 'TaskSucceeded'
  | 'TaskFailed'
  | 'TaskTimedOut'
  | 'RetryScheduled'

export interface HistoryDetails {
  /** Name of the state. */
  state?: string
  resource?: string
  input?: Json
  output?: Json
  error?: string
  cause?: string
  /** RetryScheduled: which retry this is, from 1, and after how long. */
  attempt?: number
  delaySeconds?: number
}

export interface HistoryEvent extends HistoryDetails {
  id: number
  timestamp: string
  type: HistoryEventType
}

/** Numbers events, keeps them and tells the listener. */
export class History {
  readonly events: HistoryEvent[] = []

  constructor(
    readonly clock: Clock,
    readonly listener: ((event: HistoryEvent) => void) | undefined,
  ) {}

  /** @returns the id of the event */
  add(type: HistoryEventType, details: HistoryDetails = {}): number {
    const event = {
      id: this.events.length + 1,
      timestamp: this.clock.now().toISOString(),
      type,
      ...details,
    }
    this.events.push(event)
    this.listener?.(event)
    return event.id
  }
}
