import type { AwsContext } from '../aws/context.js'
import { InterruptedError } from '../errors.js'
import type { BackfillProgress, BackfillRunner, Execution } from '../operate/orchestrator.js'
import { backfillNotDeployed } from '../operate/run/backfill-errors.js'
import type { BackfillInput } from '../pipeline/state-machines/backfill.js'
import { StatesError } from './asl/errors.js'
import { executionArn, interpret, type Outcome, type TaskHandler } from './asl/interpreter.js'
import { isObject } from './asl/json.js'
import { MapRuns, type ItemCounts } from './asl/map-runs.js'
import { headObject, listObjects } from './objects.js'
import type { LocalOrchestrator } from './orchestrator.js'

interface LocalRun {
  startedAt: string
  input: BackfillInput
}

/**
 * Interprets the deployed backfill in this process, while somebody watches it: the map, its reader and the worker that each
 * child starts. Its workers are as real as those of `run`, so a backfill that was stopped goes on where it was.
 */
export class LocalBackfill implements BackfillRunner {
  readonly #runs = new Map<string, LocalRun>()

  constructor(
    readonly aws: AwsContext,
    readonly orchestrator: LocalOrchestrator,
  ) {}

  async start(name: string, input: BackfillInput): Promise<void> {
    await this.#machine()
    this.#runs.set(name, { startedAt: new Date().toISOString(), input })
  }

  async watch(
    name: string,
    _workers: ReadonlySet<string>,
    onProgress: (progress: BackfillProgress) => void,
    signal: AbortSignal,
  ): Promise<Execution> {
    const run = this.#runs.get(name)
    if (run === undefined) throw new Error(`${name} was not started by this process.`)
    let failed = 0
    const mapRuns = new MapRuns((counts) => onProgress(progressOf(counts, failed)))
    const outcome = await interpret(await this.#machine(), {
      stateMachineArn: this.aws.names.stateMachineArn('backfill'),
      name,
      input: { ...run.input },
      handlers: this.#handlers(mapRuns, () => failed++),
      signal,
      clock: this.orchestrator.clock,
      mapRuns,
    })
    if (signal.aborted) throw new InterruptedError()
    return toExecution(name, run, outcome)
  }

  async #machine() {
    const machine = await this.orchestrator.find('backfill')
    if (machine === undefined) throw backfillNotDeployed(this.aws.env)
    return machine
  }

  #handlers(mapRuns: MapRuns, onFailed: () => void): Record<string, TaskHandler> {
    const resource = (name: string) => `arn:${this.aws.partition}:states:::${name}`
    return {
      [resource('s3:listObjectsV2')]: listObjects(this.aws),
      [resource('aws-sdk:s3:headObject')]: headObject(this.aws),
      [resource('states:startExecution.sync:2')]: runWorker(this.aws, this.orchestrator, onFailed),
      [resource('aws-sdk:sfn:describeMapRun')]: ({ parameters }) =>
        Promise.resolve(mapRuns.describe(isObject(parameters) ? parameters.MapRunArn : null)),
    }
  }
}

/** Starts a worker and waits for its end, as `.sync:2` does. */
function runWorker(aws: AwsContext, orchestrator: LocalOrchestrator, onFailed: () => void): TaskHandler {
  const workerArn = aws.names.stateMachineArn('worker')
  return async ({ parameters, signal }) => {
    const call = isObject(parameters) ? parameters : {}
    const name = typeof call.Name === 'string' ? call.Name : ''
    if (call.StateMachineArn !== workerArn) {
      throw new StatesError(
        'StepFunctions.StateMachineDoesNotExistException',
        `State Machine Does Not Exist: '${JSON.stringify(call.StateMachineArn)}'`,
      )
    }
    const arn = executionArn(workerArn, name)
    if ((await orchestrator.startWorker(name, call.Input ?? {})) === 'exists') {
      throw new StatesError(
        'StepFunctions.ExecutionAlreadyExistsException',
        `Execution Already Exists: '${arn}'`,
      )
    }
    const ended = await orchestrator.watch(name, () => undefined, signal)
    const report = { ExecutionArn: arn, Name: name, Status: ended.status }
    if (ended.status === 'SUCCEEDED') return { ...report, Output: {} }
    onFailed()
    throw new StatesError(
      'States.TaskFailed',
      JSON.stringify({ ...report, Error: ended.error, Cause: ended.cause }),
    )
  }
}

/** A child whose worker failed is a success to the map, or about to become one. */
function progressOf(counts: ItemCounts, failedWorkers: number): BackfillProgress {
  const { aborted, failed, pending, running, succeeded, total } = counts
  return {
    total,
    pending,
    running,
    processed: Math.max(0, succeeded - failedWorkers),
    failed: failed + aborted + failedWorkers,
  }
}

function toExecution(name: string, { startedAt }: LocalRun, { cause, error, status }: Outcome): Execution {
  return { name, status, startedAt, stoppedAt: new Date().toISOString(), error, cause }
}
