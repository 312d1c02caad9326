import type { BackfillInput } from '../pipeline/state-machines/backfill.js'

/** The input of the worker state machine: one version of one object. */
export interface WorkerInput {
  bucket: string
  key: string
  versionId: string
  size?: number
  /** Who asked: `s3-event`, `run`, `backfill`. */
  source: string
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

export interface Execution {
  name: string
  status: ExecutionStatus
  startedAt?: string
  stoppedAt?: string
  error?: string
  cause?: string
}

/** A state entered while watching, for example `Transform` of the worker. */
export interface StateEntered {
  execution: string
  state: string
}

/** How far a backfill is, in uploaded objects: it looks at all of them, also at those that have nothing pending. */
export interface BackfillProgress {
  total: number
  pending: number
  running: number
  /** Loaded, or nothing to do. */
  processed: number
  failed: number
}

/** Runs the backfill: Step Functions on AWS (`run/sfn-backfill.ts`), the in-process interpreter on `--env local`. */
export interface BackfillRunner {
  /** @throws DatapipeError BACKFILL_NOT_DEPLOYED */
  start(name: string, input: BackfillInput): Promise<void>
  /**
   * Follows it to its end.
   * @param workers names of the workers that it may start, so that their failures are counted
   */
  watch(
    name: string,
    workers: ReadonlySet<string>,
    onProgress: (progress: BackfillProgress) => void,
    signal: AbortSignal,
  ): Promise<Execution>
}

/** Runs workers: Step Functions on AWS (`sfn-orchestrator.ts`), the in-process interpreter on `--env local`. */
export interface Orchestrator {
  /** Starts a worker under a name that is unique for ever. `exists`: this name was used before, nothing was started. */
  start(name: string, input: WorkerInput): Promise<'started' | 'exists'>
  describe(name: string): Promise<Execution | undefined>
  /** Follows an execution to its end. */
  watch(name: string, onState: (entered: StateEntered) => void, signal: AbortSignal): Promise<Execution>
}
