import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import type { AwsContext } from '../../../aws/context.js'
import { isAwsError } from '../../../aws/retry.js'
import { DatapipeError, InterruptedError } from '../../../errors.js'
import { readBody, type FailedMessage } from './failed-message.js'

/** A message, and what SQS wants to be told to release or delete it. */
export interface HeldMessage extends FailedMessage {
  receipt: string
}

export interface QueueCounts {
  /** Messages that can be read now; SQS counts approximately. */
  waiting: number
  /** Messages that somebody else has read moments ago; they come back by themselves. */
  hidden: number
}

const BATCH = 10
/** Long polling asks all servers of SQS, so that an empty answer means that there are no more. */
const POLL_SECONDS = 1

/** The queue of files whose worker failed. Reading it takes nothing out: messages are hidden for a while, then released. */
export class FailedQueue {
  readonly #sqs: SQSClient
  readonly #url: string

  private constructor(aws: AwsContext, url: string) {
    this.#sqs = aws.clients.of(SQSClient)
    this.#url = url
  }

  /** @throws DatapipeError ENVIRONMENT_NOT_UP */
  static async open(aws: AwsContext): Promise<FailedQueue> {
    const name = aws.names.queue('failed')
    try {
      const { QueueUrl: url = '' } = await aws.clients
        .of(SQSClient)
        .send(new GetQueueUrlCommand({ QueueName: name }))
      return new FailedQueue(aws, url)
    } catch (error) {
      if (!isAwsError(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) throw error
      throw new DatapipeError('ENVIRONMENT_NOT_UP', `Environment ${aws.env} has no queue ${name}.`, {
        cause: error,
        suggestions: [`Create it: datapipe up --env ${aws.env}`],
      })
    }
  }

  async counts(): Promise<QueueCounts> {
    const { Attributes: attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.#url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    return {
      waiting: Number(attributes.ApproximateNumberOfMessages ?? 0),
      hidden: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    }
  }

  /**
   * Lends all messages to a task, the oldest first, and releases those that it did not delete. Should this process die, they
   * show again after `holdSeconds`.
   * @throws InterruptedError
   */
  async borrow<T>(
    holdSeconds: number,
    signal: AbortSignal,
    task: (messages: HeldMessage[]) => Promise<T>,
  ): Promise<T> {
    const held = new Map<string, HeldMessage>()
    try {
      for (let more = true; more;) {
        if (signal.aborted) throw new InterruptedError()
        const messages = await this.#receive(holdSeconds)
        for (const message of messages) held.set(message.id, message)
        more = messages.length > 0
      }
      const byAge = [...held.values()].sort((a, b) => ((a.sentAt ?? '') < (b.sentAt ?? '') ? -1 : 1))
      return await task(byAge)
    } finally {
      await this.#release([...held.values()])
    }
  }

  async delete({ receipt }: HeldMessage): Promise<void> {
    await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: receipt }))
  }

  /** Deletes everything, also what arrives within the next minute. @throws DatapipeError PURGE_IN_PROGRESS */
  async purge(): Promise<void> {
    try {
      await this.#sqs.send(new PurgeQueueCommand({ QueueUrl: this.#url }))
    } catch (error) {
      if (!isAwsError(error, 'PurgeQueueInProgress', 'AWS.SimpleQueueService.PurgeQueueInProgress'))
        throw error
      throw new DatapipeError('PURGE_IN_PROGRESS', 'The queue was purged less than a minute ago.', {
        cause: error,
        suggestions: ['SQS takes one purge a minute: look at it then, with `datapipe dlq list`.'],
      })
    }
  }

  async #receive(holdSeconds: number): Promise<HeldMessage[]> {
    const { Messages: messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: holdSeconds,
        WaitTimeSeconds: POLL_SECONDS,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
      }),
    )
    return messages.map(toHeld)
  }

  /** What cannot be released, because it was deleted or shows again already, needs nothing. */
  async #release(messages: readonly HeldMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += BATCH) {
      await this.#sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: this.#url,
          Entries: messages.slice(start, start + BATCH).map(({ receipt }, index) => ({
            Id: String(index),
            ReceiptHandle: receipt,
            VisibilityTimeout: 0,
          })),
        }),
      )
    }
  }
}

function toHeld({
  Attributes: attributes = {},
  Body: body = '',
  MessageId: id = '',
  ReceiptHandle,
}: Message) {
  const sent = attributes.SentTimestamp
  return {
    id,
    sentAt: sent === undefined ? null : new Date(Number(sent)).toISOString(),
    receives: Number(attributes.ApproximateReceiveCount ?? 1),
    file: readBody(body),
    body,
    receipt: ReceiptHandle ?? '',
  }
}
