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

/** Runs workers: Step Functions on AWS (`sfn-orchestrator.ts`), the in-process interpreter on `--env local`. */
export interface Orchestrator {
  /** Starts a worker under a name that is unique for ever. `exists`: this name was used before, nothing was started. */
  start(name: string, input: WorkerInput): Promise<'started' | 'exists'>
  describe(name: string): Promise<Execution | undefined>
  /** Follows an execution to its end. */
  watch(name: string, onState: (entered: StateEntered) => void, signal: AbortSignal): Promise<Execution>
}
