import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../../aws/context.js'
import { InterruptedError, UsageError } from '../../../errors.js'
import type { InboxObject } from '../../inbox.js'
import type { Orchestrator } from '../../orchestrator.js'
import { readRecordOf } from '../../records.js'
import { endedExecution, type RunExecution } from '../execution.js'
import { openOrchestrator, type OpenOrchestrator } from '../orchestrators.js'
import { executionNames } from '../work.js'
import type { FailedFile } from './failed-message.js'
import { FailedQueue, type HeldMessage } from './failed-queue.js'

export interface RedriveRequest {
  /** Only the messages about this key. */
  file?: string
  /** Only this message. */
  id?: string
}

export interface Redriven {
  id: string
  key: string | null
  versionId: string | null
  /**
   * `started`; `joined`: another try of this version is under way. `gone`: the version was deleted. `unreadable`: not a message
   * of a worker. The last two stay in the queue.
   */
  status: 'started' | 'joined' | 'gone' | 'unreadable'
  execution: string | null
  /** Where executions end with this process: how this one did. */
  outcome?: RunExecution
}

/** For the time between reading a message and deleting it. */
const HOLD_SECONDS = 300

/**
 * Processes files of the failed-files queue again: starts a worker under a new name and then deletes the message, so that a
 * crash in between loses nothing. What fails again comes back as a new message, which this redrive does not touch.
 * @throws UsageError NOT_IN_QUEUE; DatapipeError ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function redrive(
  aws: AwsContext,
  request: RedriveRequest,
  signal: AbortSignal,
  onRedriven: (redriven: Redriven) => void = () => undefined,
  open: (aws: AwsContext) => Promise<OpenOrchestrator> = openOrchestrator,
): Promise<Redriven[]> {
  const queue = await FailedQueue.open(aws)
  const opened = await open(aws)
  try {
    const results = await queue.borrow(HOLD_SECONDS, signal, async (messages) => {
      const done: Redriven[] = []
      for (const message of selected(messages, request, aws)) {
        if (signal.aborted) throw new InterruptedError(undefined, { result: { redriven: done } })
        const redriven = await again(aws, opened.orchestrator, message, signal)
        if (redriven.execution !== null) await queue.delete(message)
        onRedriven(redriven)
        done.push(redriven)
      }
      return done
    })
    if (!opened.inProcess) return results
    return await Promise.all(results.map((redriven) => watched(aws, opened.orchestrator, redriven, signal)))
  } finally {
    await opened.close()
  }
}

function selected(
  messages: HeldMessage[],
  { file, id }: RedriveRequest,
  aws: AwsContext,
): readonly HeldMessage[] {
  const prefix = `s3://${aws.names.bucket('raw')}/`
  const key = file?.startsWith(prefix) === true ? file.slice(prefix.length) : file
  const found = messages.filter(
    (message) => (id === undefined || message.id === id) && (key === undefined || message.file?.key === key),
  )
  if (found.length > 0 || (id === undefined && key === undefined)) return found
  throw new UsageError('NOT_IN_QUEUE', `There is no message ${id ?? `about ${key ?? ''}`} in the queue.`, {
    suggestions: [
      `Look at it: datapipe dlq list --env ${aws.env}`,
      ...(key === undefined ? [] : [`Process the file anyway: datapipe run --file ${key} --env ${aws.env}`]),
    ],
  })
}

async function again(
  aws: AwsContext,
  orchestrator: Orchestrator,
  { file, id }: HeldMessage,
  signal: AbortSignal,
): Promise<Redriven> {
  const base = { id, key: file?.key ?? null, versionId: file?.versionId ?? null, execution: null }
  if (file?.bucket !== aws.names.bucket('raw')) return { ...base, status: 'unreadable' }
  const bytes = await sizeOf(aws, file, signal)
  if (bytes === undefined) return { ...base, status: 'gone' }
  return { ...base, ...(await start(orchestrator, file, bytes)) }
}

/**
 * Under the first free name for repeated runs. One that is under way is joined, but not the one that the message is about: it
 * sends the message before it ends, so it may still be running, and will do nothing more.
 */
async function start(
  orchestrator: Orchestrator,
  file: FailedFile,
  bytes: number,
): Promise<{ status: 'started' | 'joined'; execution: string }> {
  const { bucket, key, versionId } = file
  const failed = file.execution.split(':').at(-1)
  const input = { bucket, key, versionId, size: bytes, source: 'redrive' }
  for (const execution of executionNames({ bucket, key, versionId, bytes })) {
    if (execution.startsWith('o-') || execution === failed) continue
    if ((await orchestrator.start(execution, input)) === 'started') return { status: 'started', execution }
    if ((await orchestrator.describe(execution))?.status === 'RUNNING') return { status: 'joined', execution }
  }
  throw new Error('unreachable: names never end')
}

/** The message does not say it, and the size of the task depends on it. undefined: this version is gone. */
async function sizeOf(
  aws: AwsContext,
  { bucket, key, versionId }: FailedFile,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const found = await aws.clients.of(S3Client).send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: versionId === '' ? undefined : versionId,
        ExpectedBucketOwner: aws.account,
      }),
      { abortSignal: signal },
    )
    return found.ContentLength ?? 0
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
    // 400: no version has such an id. 405: it is a delete marker.
    if (status === 404 || status === 400 || status === 405) return undefined
    throw error
  }
}

async function watched(
  aws: AwsContext,
  orchestrator: Orchestrator,
  redriven: Redriven,
  signal: AbortSignal,
): Promise<Redriven> {
  const { execution, key, versionId } = redriven
  if (execution === null || key === null || versionId === null) return redriven
  const object: InboxObject = { bucket: aws.names.bucket('raw'), key, versionId, bytes: 0 }
  const ended = await orchestrator.watch(execution, () => undefined, signal)
  return { ...redriven, outcome: endedExecution(ended, object, await readRecordOf(aws, object, signal)) }
}
