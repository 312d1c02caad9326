import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  KmsAccessDeniedException,
  SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
} from '@aws-sdk/client-sfn'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import type { StateEntered } from '../../../src/operate/orchestrator.js'
import { SfnOrchestrator } from '../../../src/operate/run/sfn-orchestrator.js'
import { testContext } from '../../support/resource.js'
import { failure, signal } from '../support.js'

const input = { bucket: 'b', key: 'inbox/a/"x".csv', versionId: 'v', size: 3, source: 'run' }
const executionArn = 'arn:aws:states:us-east-1:111122223333:execution:dp-sensors-dev-worker:o-1'
const started = new Date('2026-01-01T00:00:00Z')
const message = { message: 'no', $metadata: {} }

describe('Step Functions as orchestrator', () => {
  const aws = testContext()
  const sfn = mockClient(aws.clients.of(SFNClient))
  const orchestrator = new SfnOrchestrator(aws)

  beforeEach(() => sfn.reset())

  it('starts the worker under the given name', async () => {
    sfn.on(StartExecutionCommand).resolves({})
    expect(await orchestrator.start('o-1', input)).to.equal('started')
    expect(sfn.commandCalls(StartExecutionCommand)[0]!.args[0].input).to.deep.equal({
      stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:dp-sensors-dev-worker',
      name: 'o-1',
      input: '{"bucket":"b","key":"inbox/a/\\"x\\".csv","versionId":"v","size":3,"source":"run"}',
    })
  })

  it('says when the name was used before', async () => {
    sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists(message))
    expect(await orchestrator.start('o-1', input)).to.equal('exists')
  })

  it('says when there is no worker', async () => {
    sfn.on(StartExecutionCommand).rejects(new StateMachineDoesNotExist(message))
    const error = await failure(orchestrator.start('o-1', input))
    expect(error.code).to.equal('ENVIRONMENT_NOT_UP')
    expect(error.message).to.equal('Environment dev has no state machine dp-sensors-dev-worker.')
  })

  it('describes executions; an unknown one is undefined', async () => {
    sfn.on(DescribeExecutionCommand, { executionArn }).resolves({
      status: 'FAILED',
      startDate: started,
      stopDate: new Date('2026-01-01T00:01:00Z'),
      error: 'States.TaskFailed',
      cause: '{}',
    })
    expect(await orchestrator.describe('o-1')).to.deep.equal({
      name: 'o-1',
      status: 'FAILED',
      startedAt: '2026-01-01T00:00:00.000Z',
      stoppedAt: '2026-01-01T00:01:00.000Z',
      error: 'States.TaskFailed',
      cause: '{}',
    })
    sfn.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist(message))
    expect(await orchestrator.describe('o-2')).to.equal(undefined)
  })

  it('takes the status alone when it may not use the key of the data', async () => {
    sfn
      .on(DescribeExecutionCommand, { executionArn })
      .rejects(new KmsAccessDeniedException(message))
      .on(DescribeExecutionCommand, { executionArn, includedData: 'METADATA_ONLY' })
      .resolves({ status: 'SUCCEEDED', startDate: started })
    expect(await orchestrator.describe('o-1')).to.include({ status: 'SUCCEEDED' })
  })

  it('watches to the end and tells every state once, also those of the last moment', async () => {
    sfn
      .on(DescribeExecutionCommand)
      .resolvesOnce({ status: 'RUNNING', startDate: started })
      .resolves({ status: 'SUCCEEDED', startDate: started })
    const entered = (id: number, name: string) => ({
      id,
      type: 'PassStateEntered' as const,
      timestamp: started,
      stateEnteredEventDetails: { name },
    })
    const other = { id: 3, type: 'PassStateExited' as const, timestamp: started }
    sfn
      .on(GetExecutionHistoryCommand)
      .resolvesOnce({ events: [entered(2, 'ChooseSize')], nextToken: 'p2' })
      .resolvesOnce({ events: [other] })
      .resolves({ events: [entered(2, 'ChooseSize'), other, entered(4, 'Transform'), entered(9, 'Done')] })
    const states: StateEntered[] = []
    const execution = await orchestrator.watch('o-1', (state) => states.push(state), signal)
    expect(execution.status).to.equal('SUCCEEDED')
    expect(states).to.deep.equal([
      { execution: 'o-1', state: 'ChooseSize' },
      { execution: 'o-1', state: 'Transform' },
      { execution: 'o-1', state: 'Done' },
    ])
  })

  it('stops watching when it is interrupted; the execution goes on', async () => {
    const stop = new AbortController()
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING', startDate: started })
    sfn.on(GetExecutionHistoryCommand).callsFake(() => {
      stop.abort()
      return { events: [] }
    })
    const error = await failure(orchestrator.watch('o-1', () => undefined, stop.signal))
    expect(error.code).to.equal('INTERRUPTED')
    expect(new Set(sfn.calls().map((call) => call.args[0].constructor.name))).to.deep.equal(
      new Set(['DescribeExecutionCommand', 'GetExecutionHistoryCommand']),
    )
  })

  it('does not wait for an execution that does not exist', async () => {
    sfn.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist(message))
    expect((await failure(orchestrator.watch('o-1', () => undefined, signal))).code).to.equal(
      'EXECUTION_NOT_FOUND',
    )
  })
})
