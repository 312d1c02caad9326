import { availableParallelism } from 'node:os'
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn'
import pLimit from 'p-limit'
import type { AwsContext } from '../aws/context.js'
import type { MachineName } from '../aws/names.js'
import { sleep } from '../engine/wait.js'
import { DatapipeError, InterruptedError } from '../errors.js'
import type { Execution, Orchestrator, StateEntered, WorkerInput } from '../operate/orchestrator.js'
import { impatient, systemClock, type Clock } from './asl/clock.js'
import type { StateMachine } from './asl/definition.js'
import { executionArn, type TaskHandler } from './asl/interpreter.js'
import type { Json } from './asl/json.js'
import { parseDefinition } from './asl/supported.js'
import { dispatch } from './dispatch.js'
import { ExecutionStore, toExecution } from './execution-store.js'
import { publish, sendMessage } from './messages.js'
import { getObject } from './objects.js'
import { identityOf } from './process-identity.js'
import { runTask } from './task/run-task.js'
import { WorkerRun } from './worker-run.js'

export interface LocalOrchestratorOptions {
  /** Connected to an emulator. */
  aws: AwsContext
  /** Program and arguments that stand for the container; default: the bundled transform. */
  command?: readonly string[]
  /** Executions at once; the others wait. Default: half the processors. */
  concurrency?: number
  clock?: Clock
}

/** On one machine waiting makes nothing better: back-off and Wait states last no longer than this. */
const LONGEST_WAIT_MS = 2000
const POLL_MS = 500

/**
 * Runs the state machines that are deployed on an emulator in this process: what Step Functions and Fargate do on AWS.
 * Executions live as long as this object: `watch` them to their end, or `close` to stop them.
 */
export class LocalOrchestrator implements Orchestrator {
  readonly #aws: AwsContext
  readonly clock: Clock
  readonly #limit
  readonly #store: ExecutionStore
  readonly #runs = new Map<string, { run: WorkerRun; done: Promise<Execution> }>()
  readonly #handlers: Record<string, TaskHandler>

  constructor(options: LocalOrchestratorOptions) {
    const concurrency = options.concurrency ?? Math.max(1, Math.floor(availableParallelism() / 2))
    this.#aws = options.aws
    this.clock = options.clock ?? impatient(systemClock, LONGEST_WAIT_MS)
    this.#limit = pLimit(concurrency)
    this.#store = new ExecutionStore(options.aws, 'worker')
    const { partition } = options.aws
    this.#handlers = {
      [`arn:${partition}:states:::ecs:runTask.sync`]: runTask(options.aws, {
        command: options.command,
        concurrency,
      }),
      [`arn:${partition}:states:::sqs:sendMessage`]: sendMessage(options.aws),
      [`arn:${partition}:states:::sns:publish`]: publish(options.aws),
      [`arn:${partition}:states:::aws-sdk:s3:getObject`]: getObject(options.aws),
    }
  }

  /**
   * As an upload would: the "Object Created" event goes through the deployed dispatcher, which names the worker after the
   * object version. A name that is not the dispatcher's, such as `r1-…` for processing again, starts the worker directly.
   * @throws DatapipeError ENVIRONMENT_NOT_UP, DISPATCH_FAILED, UNSUPPORTED_DEFINITION, INVALID_EXECUTION_NAME
   */
  async start(name: string, input: WorkerInput): Promise<'started' | 'exists'> {
    if (!/^[\w-]{1,80}$/.test(name)) {
      throw new DatapipeError(
        'INVALID_EXECUTION_NAME',
        `"${name}" is not the name of an execution: 1-80 letters, digits, - or _.`,
      )
    }
    const dispatched = await dispatch({
      aws: this.#aws,
      machine: await this.#deployed('dispatch'),
      input,
      clock: this.clock,
      name,
      startWorker: (workerInput) => this.startWorker(name, workerInput),
    })
    return dispatched ?? this.startWorker(name, { ...input })
  }

  async describe(name: string): Promise<Execution | undefined> {
    const record = this.#runs.get(name)?.run.record ?? (await this.#store.read(name))
    return record === undefined ? undefined : toExecution(record)
  }

  /**
   * Follows an execution to its end, also one of another process. Stopping to watch one of this process stops it: nobody
   * else could finish it.
   * @throws DatapipeError EXECUTION_NOT_FOUND; InterruptedError
   */
  async watch(
    name: string,
    onState: (entered: StateEntered) => void,
    signal: AbortSignal,
  ): Promise<Execution> {
    const mine = this.#runs.get(name)
    if (mine === undefined) return this.#poll(name, onState, signal)
    const stop = (): void => {
      mine.run.stop()
    }
    const unfollow = mine.run.follow(onState)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      const execution = await mine.done
      if (execution.status === 'ABORTED' && signal.aborted) throw new InterruptedError()
      return execution
    } finally {
      unfollow()
      signal.removeEventListener('abort', stop)
    }
  }

  /** Stops what still runs in this process and records that. */
  async close(): Promise<void> {
    for (const { run } of this.#runs.values()) run.stop()
    await Promise.allSettled([...this.#runs.values()].map(({ done }) => done))
  }

  /** As a state machine does, without a dispatcher. @throws DatapipeError ENVIRONMENT_NOT_UP, UNSUPPORTED_DEFINITION */
  async startWorker(name: string, input: Json): Promise<'started' | 'exists'> {
    const stateMachineArn = this.#aws.names.stateMachineArn('worker')
    const machine = await this.#deployed('worker')
    const run = new WorkerRun(
      {
        schemaVersion: 1,
        name,
        arn: executionArn(stateMachineArn, name),
        status: 'RUNNING',
        input,
        startedAt: new Date().toISOString(),
        owner: await identityOf(process.pid),
        states: [],
      },
      this.#store,
    )
    if (!(await this.#store.create(run.record))) return 'exists'
    const done = this.#limit(() =>
      run.run(machine, { stateMachineArn, handlers: this.#handlers, clock: this.clock }),
    )
    // For whoever watches; nobody may.
    done.catch(() => undefined)
    this.#runs.set(name, { run, done })
    return 'started'
  }

  async #poll(
    name: string,
    onState: (entered: StateEntered) => void,
    signal: AbortSignal,
  ): Promise<Execution> {
    for (let told = 0; ;) {
      const record = await this.#store.read(name)
      if (record === undefined) {
        throw new DatapipeError('EXECUTION_NOT_FOUND', `There is no execution ${name}.`)
      }
      for (const state of record.states.slice(told)) onState({ execution: name, state })
      told = record.states.length
      if (record.status !== 'RUNNING') return toExecution(record)
      await sleep(POLL_MS, signal)
    }
  }

  /** The definition as it is deployed now; undefined when there is none. @throws DatapipeError UNSUPPORTED_DEFINITION */
  async find(machine: MachineName): Promise<StateMachine | undefined> {
    const stateMachineArn = this.#aws.names.stateMachineArn(machine)
    try {
      const { definition } = await this.#aws.clients
        .of(SFNClient)
        .send(new DescribeStateMachineCommand({ stateMachineArn }))
      return parseDefinition(definition ?? '')
    } catch (error) {
      if ((error as Error).name !== 'StateMachineDoesNotExist') throw error
      return undefined
    }
  }

  /** @throws DatapipeError ENVIRONMENT_NOT_UP, UNSUPPORTED_DEFINITION */
  async #deployed(machine: MachineName): Promise<StateMachine> {
    const found = await this.find(machine)
    if (found !== undefined) return found
    throw new DatapipeError(
      'ENVIRONMENT_NOT_UP',
      `Environment ${this.#aws.env} has no state machine ${this.#aws.names.stateMachine(machine)}.`,
      { suggestions: [`Create it: datapipe up --env ${this.#aws.env}`] },
    )
  }
}
