import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  type DescribeExecutionCommandOutput,
} from '@aws-sdk/client-sfn'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { sleep } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import type { Execution, ExecutionStatus, Orchestrator, StateEntered, WorkerInput } from '../orchestrator.js'

const FASTEST_POLL_MS = 1000
const SLOWEST_POLL_MS = 5000
const STATUSES: readonly string[] = [
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'ABORTED',
] satisfies ExecutionStatus[]

/** Runs workers in Step Functions. */
export class SfnOrchestrator implements Orchestrator {
  readonly #sfn: SFNClient

  constructor(private readonly aws: AwsContext) {
    this.#sfn = aws.clients.of(SFNClient)
  }

  /** @throws DatapipeError ENVIRONMENT_NOT_UP */
  async start(name: string, input: WorkerInput): Promise<'started' | 'exists'> {
    try {
      await this.#sfn.send(
        new StartExecutionCommand({
          stateMachineArn: this.aws.names.stateMachineArn('worker'),
          name,
          input: JSON.stringify(input),
        }),
      )
      return 'started'
    } catch (error) {
      // The same name with the same input while it runs is a success to Step Functions; everything else is this (spec §9.3).
      if (isAwsError(error, 'ExecutionAlreadyExists')) return 'exists'
      if (isAwsError(error, 'StateMachineDoesNotExist', 'StateMachineDeleting')) throw notUp(this.aws, error)
      throw error
    }
  }

  async describe(name: string): Promise<Execution | undefined> {
    const found = await this.#describe(name)
    if (found === undefined) return undefined
    return {
      name,
      // A state that is newer than this program is not an end.
      status: STATUSES.includes(found.status ?? '') ? (found.status as ExecutionStatus) : 'RUNNING',
      startedAt: found.startDate?.toISOString(),
      stoppedAt: found.stopDate?.toISOString(),
      error: found.error,
      cause: found.cause,
    }
  }

  /** Polls, at first every second, then less often. @throws InterruptedError; DatapipeError EXECUTION_NOT_FOUND */
  async watch(
    name: string,
    onState: (entered: StateEntered) => void,
    signal: AbortSignal,
  ): Promise<Execution> {
    let seenEvent = 0
    let pauseMs = FASTEST_POLL_MS
    for (;;) {
      const execution = await this.describe(name)
      if (execution === undefined) {
        throw new DatapipeError('EXECUTION_NOT_FOUND', `Step Functions knows no execution ${name}.`)
      }
      // After the description, so that the history of one that has ended is complete.
      seenEvent = await this.#newStates(name, seenEvent, onState)
      if (execution.status !== 'RUNNING') return execution
      await sleep(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 1.3, SLOWEST_POLL_MS)
    }
  }

  async #newStates(name: string, after: number, onState: (entered: StateEntered) => void): Promise<number> {
    let last = after
    let token: string | undefined
    do {
      const page = await this.#sfn.send(
        new GetExecutionHistoryCommand({
          executionArn: this.#arn(name),
          includeExecutionData: false,
          maxResults: 1000,
          nextToken: token,
        }),
      )
      for (const event of page.events ?? []) {
        const id = event.id ?? 0
        if (id <= last) continue
        last = id
        const state = event.stateEnteredEventDetails?.name
        if (state !== undefined) onState({ execution: name, state })
      }
      token = page.nextToken
    } while (token !== undefined)
    return last
  }

  async #describe(name: string): Promise<DescribeExecutionCommandOutput | undefined> {
    const executionArn = this.#arn(name)
    try {
      return await this.#sfn.send(new DescribeExecutionCommand({ executionArn }))
    } catch (error) {
      if (isAwsError(error, 'ExecutionDoesNotExist')) return undefined
      if (!isAwsError(error, 'Kms*')) throw error
      // Input, output and cause are encrypted with a key that we may not use, or that is disabled; the status is not.
      return await this.#sfn.send(
        new DescribeExecutionCommand({ executionArn, includedData: 'METADATA_ONLY' }),
      )
    }
  }

  #arn(name: string): string {
    return this.aws.names.arn('states', `execution:${this.aws.names.stateMachine('worker')}:${name}`)
  }
}

function notUp(aws: AwsContext, cause: unknown): DatapipeError {
  return new DatapipeError(
    'ENVIRONMENT_NOT_UP',
    `Environment ${aws.env} has no state machine ${aws.names.stateMachine('worker')}.`,
    { cause, suggestions: [`Create it: datapipe up --env ${aws.env}`] },
  )
}
