import { z } from 'zod'
import { failureReason } from '../failure-reason.js'

/** What the worker leaves in the failed-files queue. */
const bodySchema = z.object({
  schema: z.literal(1),
  bucket: z.string().min(1),
  key: z.string().min(1),
  versionId: z.string(),
  execution: z.string(),
  error: z.string(),
  cause: z.string(),
})

export interface FailedFile {
  bucket: string
  key: string
  versionId: string
  /** ARN of the execution that failed. */
  execution: string
  error: string
  /** In one line. */
  reason: string
}

/** A message in the failed-files queue. */
export interface FailedMessage {
  id: string
  /** ISO date; null when SQS did not say. */
  sentAt: string | null
  /** How often it was looked at, this time included. */
  receives: number
  /** null: not written by a worker of this release, so only a person can say what it is. */
  file: FailedFile | null
  /** As it is in the queue. */
  body: string
}

/** @returns null when it is nothing that a worker wrote */
export function readBody(body: string): FailedFile | null {
  const parsed = bodySchema.safeParse(json(body))
  if (!parsed.success) return null
  const { bucket, cause, error, execution, key, versionId } = parsed.data
  const reason = failureReason({ name: '', status: 'FAILED', error, cause })
  return { bucket, key, versionId, execution, error, reason }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
