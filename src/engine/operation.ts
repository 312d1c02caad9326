/** What every resource operation gets from the run it is part of. */
export interface Operation {
  /** Aborted when the run must stop: every wait and retry honours it. */
  readonly signal: AbortSignal
  /** Says what is being waited for; renderers show it beside the resource, at most every 10 s. */
  waiting(message: string): void
}
