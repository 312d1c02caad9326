import { hostname } from 'node:os'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError, ExitCode, InterruptedError } from '../../errors.js'
import { readContent, type Content } from './content.js'
import { putLarge, type PartEvents } from './multipart.js'
import { partPlan, SMALL_BYTES } from './parts.js'
import { putSmall, readSmall } from './put.js'
import type { Source } from './source.js'
import { conditionFor, isOvertaken, isSame, lookAt, type Condition, type Stored } from './stored.js'
import { objectHead, type ObjectHead, type Target } from './target.js'
import { requireUnchanged } from './unchanged.js'
import { giveUp } from './unfinished.js'

/** One file of the result. */
export interface UploadedFile {
  path: string
  bucket: string
  key: string
  versionId: string | null
  bytes: number
  /** Hexadecimal. */
  sha256: string
  /** `skipped`: the same content is there already. */
  status: 'uploaded' | 'skipped'
}

export interface SendOptions extends PartEvents {
  signal: AbortSignal
}

interface Job {
  aws: AwsContext
  source: Source
  target: Target
  head: ObjectHead
}

/** What is the same for small and large files: how to get to know the content, and how to send it. */
interface Sender {
  /** Reads the file, if it was not read yet. */
  content: () => Promise<Content>
  put: (condition: Condition) => Promise<{ versionId: string | null; content: Content }>
  /** Removes what was sent in vain. */
  giveUp: () => Promise<void>
}

const ATTEMPTS = 3

/**
 * Sends one file, unless the same content is there already: S3 takes it only if the object still is what it was when we
 * looked, so of several that send at the same time one wins, and an answer that was lost on its way does no harm.
 * @throws DatapipeError FILE_CHANGED, FILE_NOT_FOUND, FILE_NOT_READABLE, UPLOAD_CORRUPTED, UPLOAD_CONFLICT, ENVIRONMENT_NOT_UP;
 *   InterruptedError; errors of the SDK
 */
export async function sendFile(
  aws: AwsContext,
  source: Source,
  target: Target,
  options: SendOptions,
): Promise<UploadedFile> {
  const head = objectHead(aws, target, { name: source.name, uploadedBy: hostname() })
  const job = { aws, source, target, head }
  try {
    const sender = source.bytes <= SMALL_BYTES ? await smallSender(job, options) : largeSender(job, options)
    return await sendOnce(job, sender, options)
  } catch (error) {
    if (options.signal.aborted) throw new InterruptedError()
    throw explain(error, aws)
  }
}

async function sendOnce(
  { aws, source, target }: Job,
  sender: Sender,
  options: SendOptions,
): Promise<UploadedFile> {
  let overtaken: unknown
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = await lookAt(aws, target, options.signal)
    if (attempt === 1) warnIfHidden(stored, source, target, options)
    if (stored.state === 'present' && stored.bytes === source.bytes) {
      const content = await sender.content()
      if (isSame(stored, content)) {
        const status = wasOurs(overtaken) ? 'uploaded' : 'skipped'
        await sender.giveUp()
        return result(source, target, content, stored.versionId, status)
      }
    }
    try {
      const { content, versionId } = await sender.put(conditionFor(stored))
      return result(source, target, content, versionId, 'uploaded')
    } catch (error) {
      if (!isOvertaken(error)) throw error
      overtaken = error
    }
  }
  throw new DatapipeError(
    'UPLOAD_CONFLICT',
    `Somebody else keeps writing s3://${target.bucket}/${target.key} while ${source.path} is sent.`,
    {
      cause: overtaken,
      exitCode: ExitCode.leaseHeld,
      suggestions: [
        'Find out which other machine sends a file of this name, and let only one of them do it.',
      ],
    },
  )
}

async function smallSender({ aws, head, source }: Job, { onSent, signal }: SendOptions): Promise<Sender> {
  const small = await readSmall(source)
  await requireUnchanged(source, small.content, signal)
  return {
    content: () => Promise.resolve(small.content),
    put: async (condition) => {
      const versionId = await putSmall(aws, head, small, condition, signal)
      onSent(source.bytes)
      return { versionId, content: small.content }
    },
    giveUp: () => Promise.resolve(),
  }
}

function largeSender(job: Job, options: SendOptions): Sender {
  const { aws, head, source } = job
  const { signal } = options
  let known: Content | undefined
  let begun: string | undefined
  return {
    content: async () => {
      known ??= await readContent(source, partPlan(source.bytes), signal)
      await requireUnchanged(source, known, signal)
      return known
    },
    put: (condition) =>
      putLarge({
        ...job,
        condition,
        signal,
        events: options,
        onBegin: (uploadId) => {
          begun = uploadId
        },
        onRead: (content) => {
          known = content
        },
      }),
    giveUp: async () => {
      if (begun !== undefined) await giveUp(aws, head, begun)
    },
  }
}

/** The SDK sent the request more than once: the first may have been carried out. */
function wasOurs(error: unknown): boolean {
  const { attempts = 1 } = (error as { $metadata?: { attempts?: number } } | undefined)?.$metadata ?? {}
  return attempts > 1
}

function warnIfHidden(stored: Stored, source: Source, target: Target, { onWarning }: SendOptions): void {
  if (stored.state !== 'hidden') return
  onWarning(
    `Not allowed to look at s3://${target.bucket}/${target.key} (s3:GetObject): uploading ${source.name} without knowing whether it is there already.`,
  )
}

function result(
  source: Source,
  target: Target,
  content: Content,
  versionId: string | null,
  status: UploadedFile['status'],
): UploadedFile {
  const { bytes, path } = source
  return { path, bucket: target.bucket, key: target.key, versionId, bytes, sha256: content.sha256, status }
}

function explain(error: unknown, aws: AwsContext): unknown {
  if (isAwsError(error, 'NoSuchBucket', 'KMS.NotFoundException')) {
    const what =
      error instanceof Error && error.name === 'NoSuchBucket'
        ? `bucket ${aws.names.bucket('raw')}`
        : `key ${aws.names.keyAlias}`
    return new DatapipeError('ENVIRONMENT_NOT_UP', `Environment ${aws.env} has no ${what}.`, {
      cause: error,
      suggestions: [`Create it: datapipe up --env ${aws.env}`],
    })
  }
  return error
}
