import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  type MapRunItemCounts,
} from '@aws-sdk/client-sfn'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import type { BackfillProgress } from '../../../src/operate/orchestrator.js'
import { SfnBackfill } from '../../../src/operate/run/sfn-backfill.js'
import { testContext } from '../../support/resource.js'
import { failure, signal } from '../support.js'

const started = new Date('2026-01-02T00:00:00Z')
const arn = (kind: string, name: string) => `arn:aws:states:us-east-1:111122223333:${kind}:${name}`
const executionArn = arn('execution', 'dp-sensors-dev-backfill:b1')
const mapRunArn = arn('mapRun', 'dp-sensors-dev-backfill/Objects:m1')

function counts(values: Partial<MapRunItemCounts>): { itemCounts: MapRunItemCounts } {
  const none = { pending: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0, total: 9 }
  return { itemCounts: { ...none, resultsWritten: 0, ...values } }
}

describe('the backfill in Step Functions', () => {
  const aws = testContext()
  const sfn = mockClient(aws.clients.of(SFNClient))
  const backfill = new SfnBackfill(aws)

  beforeEach(() => {
    sfn.reset()
    sfn.on(ListMapRunsCommand).resolves({ mapRuns: [] })
    sfn.on(ListExecutionsCommand).resolves({ executions: [] })
  })

  it('starts the deployed one with what it is to look at', async () => {
    sfn.on(StartExecutionCommand).resolves({})
    await backfill.start('b1', { prefix: 'inbox/a/', since: 5, again: true })
    expect(sfn.commandCalls(StartExecutionCommand)[0]!.args[0].input).to.deep.equal({
      stateMachineArn: arn('stateMachine', 'dp-sensors-dev-backfill'),
      name: 'b1',
      input: '{"prefix":"inbox/a/","since":5,"again":true}',
    })
  })

  it('says when there is none, and how to have one', async () => {
    sfn.on(StartExecutionCommand).rejects(new StateMachineDoesNotExist({ message: 'no', $metadata: {} }))
    const error = await failure(backfill.start('b1', { prefix: 'inbox/' }))
    expect(error.code).to.equal('BACKFILL_NOT_DEPLOYED')
    expect(error.suggestions.join()).to.include('backfill: true')
  })

  it('tells how far the map is, and counts workers of its own that failed since it began', async () => {
    sfn
      .on(DescribeExecutionCommand, { executionArn })
      .resolvesOnce({ status: 'RUNNING', startDate: started })
      .resolves({ status: 'SUCCEEDED', startDate: started, stopDate: new Date('2026-01-02T01:00:00Z') })
    sfn.on(ListMapRunsCommand, { executionArn }).resolves({
      mapRuns: [{ mapRunArn, executionArn, stateMachineArn: arn('stateMachine', 'x'), startDate: started }],
    })
    sfn
      .on(DescribeMapRunCommand, { mapRunArn })
      .resolvesOnce(counts({ pending: 6, running: 2, succeeded: 1 }))
      .resolves(counts({ succeeded: 7, failed: 1, aborted: 1 }))
    const worker = (name: string, startDate: Date) => ({
      name,
      startDate,
      executionArn: arn('execution', name),
      stateMachineArn: arn('stateMachine', 'dp-sensors-dev-worker'),
      status: 'FAILED' as const,
    })
    const earlier = new Date('2026-01-01T00:00:00Z')
    sfn
      .on(ListExecutionsCommand, { statusFilter: 'FAILED' })
      .resolves({
        executions: [worker('o-1', started), worker('o-of-an-event', started)],
        nextToken: 'p2',
      })
      .on(ListExecutionsCommand, { statusFilter: 'FAILED', nextToken: 'p2' })
      .resolves({ executions: [worker('o-2', started), worker('o-3', earlier)], nextToken: 'p3' })
    const seen: BackfillProgress[] = []
    const ended = await backfill.watch('b1', new Set(['o-1', 'o-2', 'o-3']), (now) => seen.push(now), signal)
    expect(seen).to.deep.equal([
      { total: 9, pending: 6, running: 2, processed: 0, failed: 2 },
      { total: 9, pending: 0, running: 0, processed: 5, failed: 4 },
    ])
    expect(ended).to.deep.include({ name: 'b1', status: 'SUCCEEDED', stoppedAt: '2026-01-02T01:00:00.000Z' })
  })

  it('stops watching when it is interrupted; the backfill goes on', async () => {
    const stop = new AbortController()
    sfn.on(DescribeExecutionCommand).callsFake(() => {
      stop.abort()
      return { status: 'RUNNING', startDate: started }
    })
    const error = await failure(backfill.watch('b1', new Set(), () => undefined, stop.signal))
    expect(error.code).to.equal('INTERRUPTED')
    const calls = sfn.calls().map((call) => call.args[0].constructor.name)
    expect(calls.filter((name) => /^(Stop|Start)/.test(name))).to.deep.equal([])
  })

  it('says how it failed', async () => {
    sfn
      .on(DescribeExecutionCommand)
      .resolves({ status: 'FAILED', startDate: started, error: 'datapipe.BackfillIncomplete', cause: 'Some' })
    const ended = await backfill.watch('b1', new Set(), () => undefined, signal)
    expect(ended).to.include({ status: 'FAILED', error: 'datapipe.BackfillIncomplete', cause: 'Some' })
  })
})
