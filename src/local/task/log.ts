import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  type InputLogEvent,
} from '@aws-sdk/client-cloudwatch-logs'
import type { ContainerDefinition } from '@aws-sdk/client-ecs'
import type { AwsContext } from '../../aws/context.js'

const FLUSH_MS = 500
/** PutLogEvents takes at most 1 MiB: this many lines of this many characters of up to four bytes. The file gets all of a line. */
const MAX_EVENTS = 250
const MAX_LINE = 1000

/**
 * The output of one task: a file on this machine, and the log group that the awslogs driver would write to. A task never fails
 * for its log.
 */
export class TaskLog {
  readonly #pending: InputLogEvent[] = []
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  readonly #stream: { logGroupName: string; logStreamName: string } | undefined

  constructor(
    readonly aws: AwsContext,
    readonly file: string,
    container: ContainerDefinition,
    taskId: string,
  ) {
    const options = container.logConfiguration?.options
    const group = options?.['awslogs-group']
    if (group !== undefined) {
      const prefix = options?.['awslogs-stream-prefix'] ?? 'ecs'
      const stream = { logGroupName: group, logStreamName: `${prefix}/${container.name ?? ''}/${taskId}` }
      this.#stream = stream
      this.#then(async () => {
        await this.#logs.send(new CreateLogStreamCommand(stream))
      })
    }
    this.#then(async () => {
      await mkdir(dirname(file), { recursive: true })
    })
  }

  add(line: string): void {
    this.#pending.push({ timestamp: Date.now(), message: line })
    if (this.#pending.length >= MAX_EVENTS) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#writing
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const events = this.#pending.splice(0)
    if (events.length === 0) return
    this.#then(() => appendFile(this.file, events.map(({ message }) => `${message ?? ''}\n`).join('')))
    const stream = this.#stream
    if (stream === undefined) return
    // CloudWatch refuses empty messages.
    const logEvents = events
      .filter(({ message = '' }) => message.trim() !== '')
      .map((event) => ({ ...event, message: event.message?.slice(0, MAX_LINE) }))
    if (logEvents.length === 0) return
    this.#then(async () => {
      await this.#logs.send(new PutLogEventsCommand({ ...stream, logEvents }))
    })
  }

  get #logs(): CloudWatchLogsClient {
    return this.aws.clients.of(CloudWatchLogsClient)
  }

  /** One write after the other, so that lines keep their order. */
  #then(write: () => Promise<void>): void {
    this.#writing = this.#writing.then(write).catch(() => undefined)
  }
}
