import type { AwsContext } from '../../../aws/context.js'
import type { FailedMessage } from './failed-message.js'
import { FailedQueue } from './failed-queue.js'

export interface DlqList {
  /** The oldest first. */
  messages: FailedMessage[]
  /** Messages that somebody else has read moments ago; they come back by themselves. */
  hidden: number
}

/** Long enough to read a full queue; shown again as soon as it is read. */
const HOLD_SECONDS = 60

/** What is in the failed-files queue; nothing is taken out. @throws DatapipeError ENVIRONMENT_NOT_UP; InterruptedError */
export async function listFailed(aws: AwsContext, signal: AbortSignal): Promise<DlqList> {
  const queue = await FailedQueue.open(aws)
  const { hidden } = await queue.counts()
  return queue.borrow(HOLD_SECONDS, signal, (messages) =>
    Promise.resolve({
      messages: messages.map(({ body, file, id, receives, sentAt }) => ({
        id,
        sentAt,
        receives,
        file,
        body,
      })),
      hidden,
    }),
  )
}

/** Deletes all messages. @returns how many there were, approximately. @throws DatapipeError ENVIRONMENT_NOT_UP */
export async function purgeFailed(aws: AwsContext): Promise<{ purged: number }> {
  const queue = await FailedQueue.open(aws)
  const { hidden, waiting } = await queue.counts()
  await queue.purge()
  return { purged: waiting + hidden }
}
