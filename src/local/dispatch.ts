import { randomUUID } from 'node:crypto'
import type { AwsContext } from '../aws/context.js'
import { DatapipeError } from '../errors.js'
import type { WorkerInput } from '../operate/orchestrator.js'
import type { Clock } from './asl/clock.js'
import type { StateMachine } from './asl/definition.js'
import { AbortedError, StatesError } from './asl/errors.js'
import { executionArn, interpret, type TaskHandler } from './asl/interpreter.js'
import { isObject, type Json } from './asl/json.js'
import { sendMessage } from './messages.js'
import { objectCreated } from './object-created.js'

export interface DispatchOptions {
  aws: AwsContext
  /** The deployed dispatcher. */
  machine: StateMachine
  input: WorkerInput
  clock: Clock
  /** The name that the worker is to have. */
  name: string
  startWorker: (input: Json) => Promise<'started' | 'exists'>
}

/**
 * Lets the deployed dispatcher take the "Object Created" event of an object, as EventBridge does on AWS. undefined: the
 * dispatcher would give the worker another name; then nothing was started.
 * @throws DatapipeError DISPATCH_FAILED
 */
export async function dispatch(options: DispatchOptions): Promise<'started' | 'exists' | undefined> {
  const { aws, input, machine, name, startWorker } = options
  const workerArn = aws.names.stateMachineArn('worker')
  const giveUp = new AbortController()
  let result: 'started' | 'exists' | undefined
  let refusal: DatapipeError | undefined
  const startExecution: TaskHandler = async ({ parameters }) => {
    const call = isObject(parameters) ? parameters : {}
    if (call.StateMachineArn !== workerArn) {
      throw new StatesError(
        'StepFunctions.StateMachineDoesNotExistException',
        `State Machine Does Not Exist: '${JSON.stringify(call.StateMachineArn)}'`,
      )
    }
    if (call.Name !== name) {
      giveUp.abort()
      throw new AbortedError()
    }
    result = await startWorker(call.Input ?? {}).catch((error: unknown) => {
      // Ours, not a failing service: the dispatcher's retries would not help.
      if (error instanceof DatapipeError) {
        refusal = error
        giveUp.abort()
      }
      throw error
    })
    const arn = executionArn(workerArn, name)
    if (result === 'started') return { ExecutionArn: arn, StartDate: Date.now() }
    throw new StatesError(
      'StepFunctions.ExecutionAlreadyExistsException',
      `Execution Already Exists: '${arn}' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists)`,
    )
  }
  const outcome = await interpret(machine, {
    stateMachineArn: aws.names.stateMachineArn('dispatch'),
    name: randomUUID(),
    input: await objectCreated(aws, input),
    handlers: {
      [`arn:${aws.partition}:states:::states:startExecution`]: startExecution,
      [`arn:${aws.partition}:states:::sqs:sendMessage`]: sendMessage(aws),
    },
    signal: giveUp.signal,
    clock: options.clock,
  })
  if (refusal !== undefined) throw refusal
  if (giveUp.signal.aborted) return undefined
  if (outcome.status === 'SUCCEEDED' && result !== undefined) return result
  throw new DatapipeError(
    'DISPATCH_FAILED',
    `The dispatcher did not start a worker for s3://${input.bucket}/${input.key}: ${outcome.status}${
      outcome.error === undefined ? '' : `, ${outcome.error}`
    }. ${outcome.cause ?? ''}`.trimEnd(),
    { suggestions: [`Run \`datapipe up --env ${aws.env}\`, and the command again.`] },
  )
}
