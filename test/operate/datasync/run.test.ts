import {
  DataSyncClient,
  DescribeTaskCommand,
  DescribeTaskExecutionCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  StartTaskExecutionCommand,
} from '@aws-sdk/client-datasync'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import { executionExitCode, type TransferExecution } from '../../../src/operate/datasync/execution.js'
import { transfer, type TransferRequest } from '../../../src/operate/datasync/run.js'
import { arn } from '../../resources/datasync/support.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'
import { failure, signal } from '../support.js'
import { environmentWith, NFS } from './support.js'

const TASK = arn('task', 1)
const EXECUTION = `${TASK}/execution/exec-00000000000000001`

describe('datasync run', () => {
  const aws = testContext()
  const datasync = suiteMock(DataSyncClient)
  const environment = environmentWith(NFS)
  let seen: TransferExecution[]

  beforeEach(() => {
    seen = []
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync.on(ListTasksCommand).resolves({ Tasks: [{ TaskArn: TASK }] })
    datasync
      .on(ListTagsForResourceCommand)
      .resolves({ Tags: upperTags(aws.tags('ingestion/task', aws.names.datasync)) })
    datasync.on(DescribeTaskCommand).resolves({ Status: 'AVAILABLE' })
    datasync.on(StartTaskExecutionCommand).resolves({ TaskExecutionArn: EXECUTION })
  })

  const request = (changed: Partial<TransferRequest> = {}): TransferRequest => ({
    watch: true,
    signal,
    onProgress: (execution) => seen.push(execution),
    pollMs: { first: 1, longest: 1 },
    ...changed,
  })

  it('follows the phases to the end and tells files, bytes and failures', async () => {
    datasync
      .on(DescribeTaskExecutionCommand)
      .resolvesOnce({ Status: 'LAUNCHING' })
      .resolvesOnce({ Status: 'TRANSFERRING', FilesTransferred: 1 })
      .resolvesOnce({ Status: 'TRANSFERRING', FilesTransferred: 1 })
      .resolvesOnce({ Status: 'VERIFYING', FilesTransferred: 3 })
      .resolves({
        Status: 'SUCCESS',
        FilesTransferred: 3,
        BytesWritten: 999,
        FilesFailed: { Transfer: 1 },
        Result: { TotalDuration: 5000 },
      })
    const { execution, started } = await transfer(aws, environment, request())
    expect(started).to.equal(true)
    expect(seen.map(({ status }) => status)).to.deep.equal([
      'LAUNCHING',
      'TRANSFERRING',
      'VERIFYING',
      'SUCCESS',
    ])
    expect(execution).to.deep.include({
      filesTransferred: 3,
      filesFailed: 1,
      bytesWritten: 999,
      durationMs: 5000,
    })
    expect(executionExitCode(execution)).to.equal(3)
  })

  it('joins what is under way instead of starting a second one', async () => {
    datasync.on(DescribeTaskCommand).resolves({ Status: 'RUNNING', CurrentTaskExecutionArn: EXECUTION })
    datasync
      .on(DescribeTaskExecutionCommand, { TaskExecutionArn: EXECUTION })
      .resolves({ Status: 'PREPARING' })
    const { execution, started } = await transfer(aws, environment, request({ watch: false }))
    expect(started).to.equal(false)
    expect(execution.status).to.equal('PREPARING')
    expect(executionExitCode(execution)).to.equal(0)
    expect(datasync.commandCalls(StartTaskExecutionCommand)).to.have.length(0)
  })

  it('fails with what DataSync says', async () => {
    datasync.on(DescribeTaskExecutionCommand).resolves({
      Status: 'ERROR',
      Result: { ErrorCode: 'AccessDenied', ErrorDetail: 'mount failed' },
    })
    const { execution } = await transfer(aws, environment, request())
    expect(execution.error).to.deep.equal({ code: 'AccessDenied', detail: 'mount failed' })
    expect(executionExitCode(execution)).to.equal(1)
  })

  it('does not start a task that cannot run, or that is not there', async () => {
    datasync.on(DescribeTaskCommand).resolves({ Status: 'UNAVAILABLE', ErrorCode: 'AgentOffline' })
    const error = await failure(transfer(aws, environment, request()))
    expect(error.code).to.equal('DATASYNC_TASK_UNAVAILABLE')
    expect(error.message).to.include('AgentOffline')
    datasync.on(ListTasksCommand).resolves({ Tasks: [] })
    expect((await failure(transfer(aws, environment, request()))).code).to.equal('DATASYNC_NO_TASK')
    expect(datasync.commandCalls(StartTaskExecutionCommand)).to.have.length(0)
  })

  it('stops watching on Ctrl-C and leaves the copying alone', async () => {
    const stop = new AbortController()
    datasync.on(DescribeTaskExecutionCommand).resolves({ Status: 'TRANSFERRING' })
    const onProgress = () => {
      stop.abort()
    }
    const error = await failure(transfer(aws, environment, request({ signal: stop.signal, onProgress })))
    expect(error.code).to.equal('INTERRUPTED')
    expect(error.message).to.include('goes on')
  })
})
