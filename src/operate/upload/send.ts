import { hostname } from 'node:os'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError, InterruptedError } from '../../errors.js'
import { fingerprint } from './fingerprint.js'
import { putLarge } from './multipart.js'
import { partPlan, SMALL_BYTES } from './parts.js'
import { putSmall, readSmall } from './put.js'
import { requireUnchanged, type Source } from './source.js'
import { compareStored } from './stored.js'
import { objectHead, type Target } from './target.js'

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

export interface SendOptions {
  signal: AbortSignal
  onSent: (bytes: number) => void
  onWarning: (message: string) => void
}

/**
 * Sends one file, unless the same content is there already.
 * @throws DatapipeError FILE_CHANGED, UPLOAD_CORRUPTED, ENVIRONMENT_NOT_UP; InterruptedError; errors of the SDK
 */
export async function sendFile(
  aws: AwsContext,
  source: Source,
  target: Target,
  options: SendOptions,
): Promise<UploadedFile> {
  try {
    return await (source.bytes <= SMALL_BYTES ? sendSmall : sendLarge)(aws, source, target, options)
  } catch (error) {
    if (options.signal.aborted) throw new InterruptedError()
    throw explain(error, aws)
  }
}

async function sendSmall(aws: AwsContext, source: Source, target: Target, options: SendOptions) {
  const content = await readSmall(source)
  await requireUnchanged(source)
  const known = await alreadyThere(aws, source, target, content.sha256, options)
  if (known !== undefined) return known
  const head = objectHead(aws, target, { ...content, name: source.name, uploadedBy: hostname() })
  const versionId = await putSmall(aws, head, content, options.signal)
  options.onSent(source.bytes)
  return result(source, target, content.sha256, versionId, 'uploaded')
}

async function sendLarge(aws: AwsContext, source: Source, target: Target, options: SendOptions) {
  const content = await fingerprint(source, partPlan(source.bytes).partBytes, options.signal)
  await requireUnchanged(source)
  const known = await alreadyThere(aws, source, target, content.sha256, options)
  if (known !== undefined) return known
  const head = objectHead(aws, target, { ...content, name: source.name, uploadedBy: hostname() })
  const versionId = await putLarge(aws, head, source, content, options.signal, options.onSent)
  return result(source, target, content.sha256, versionId, 'uploaded')
}

async function alreadyThere(
  aws: AwsContext,
  source: Source,
  target: Target,
  sha256: string,
  { onWarning, signal }: SendOptions,
): Promise<UploadedFile | undefined> {
  const stored = await compareStored(aws, target, { bytes: source.bytes, sha256 }, signal)
  if (stored.state === 'same') return result(source, target, sha256, stored.versionId, 'skipped')
  if (stored.state === 'hidden') {
    onWarning(
      `Not allowed to look at s3://${target.bucket}/${target.key} (s3:GetObject): uploading ${source.name} without knowing whether it is there already.`,
    )
  }
  return undefined
}

function result(
  source: Source,
  target: Target,
  sha256: string,
  versionId: string | null,
  status: UploadedFile['status'],
): UploadedFile {
  const { bytes, path } = source
  return { path, bucket: target.bucket, key: target.key, versionId, bytes, sha256, status }
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
