import { createHash } from 'node:crypto'
import type { AwsContext } from '../../aws/context.js'
import { UsageError } from '../../errors.js'
import type { RunRecord } from '../../transform/record.js'
import { listInbox, type InboxObject } from '../inbox.js'
import { readRecordOf, readRecords } from '../records.js'

/** A file to process. */
export interface Work {
  object: InboxObject
  /** true: also if it was processed before, or its execution failed. */
  again: boolean
  /** true: it has a record. Only under a name of a repeated run does the task process it again, see container/settings.ts. */
  repeated?: boolean
}

export interface WorkList {
  work: Work[]
  /** Current versions that failed or were rejected earlier, and that nobody asked to try again. */
  failedBefore: RunRecord[]
}

export interface WorkRequest {
  /** Key of one object, or its `s3://` address. */
  file?: string
  retryFailed: boolean
}

/**
 * What is to be done: files whose current version has no record of success. What failed before is left alone, as it would
 * fail again, unless it is named or asked for.
 * @throws UsageError FILE_NOT_FOUND when `file` is not in the inbox; DatapipeError ENVIRONMENT_NOT_UP
 */
export async function findWork(
  aws: AwsContext,
  request: WorkRequest,
  signal: AbortSignal,
): Promise<WorkList> {
  const objects = await listInbox(aws, signal)
  if (request.file !== undefined) {
    const object = named(request.file, objects, aws)
    const record = await readRecordOf(aws, object, signal)
    return { work: [{ object, again: true, repeated: record !== undefined }], failedBefore: [] }
  }
  const records = await readRecords(aws, objects, signal)
  const list: WorkList = { work: [], failedBefore: [] }
  for (const [index, object] of objects.entries()) {
    const record = records[index]
    if (record === undefined) list.work.push({ object, again: request.retryFailed })
    else if (record.status !== 'failed' && record.status !== 'rejected') continue
    else if (request.retryFailed) list.work.push({ object, again: true, repeated: true })
    else list.failedBefore.push(record)
  }
  return list
}

/**
 * Names of the executions of one object version, best first: the one that the dispatcher gives it when its event arrives,
 * so that whoever is second starts nothing, then those of repeated runs (spec §9.3).
 */
export function* executionNames({ bucket, key, versionId }: InboxObject): Generator<string> {
  const hash = createHash('sha256').update(`${bucket}/${key}/${versionId}`).digest('hex')
  yield `o-${hash}`
  for (let n = 1; ; n++) yield `r${n}-${hash}`
}

/** The name of the execution that the dispatcher gives an object version. */
export function firstName(object: InboxObject): string {
  return executionNames(object).next().value as string
}

/** The name of the worker of one object version in a backfill that also loads what is loaded. */
export function repeatedName(backfill: string, { bucket, key, versionId }: InboxObject): string {
  return `b-${createHash('sha256').update(`${backfill}/${bucket}/${key}/${versionId}`).digest('hex')}`
}

function named(file: string, objects: readonly InboxObject[], aws: AwsContext): InboxObject {
  const key = file.startsWith(`s3://${aws.names.bucket('raw')}/`)
    ? file.slice(`s3://${aws.names.bucket('raw')}/`.length)
    : file
  const object = objects.find((candidate) => candidate.key === key)
  if (object !== undefined) return object
  const sameName = objects.filter((candidate) => candidate.key.endsWith(`/${key.split('/').at(-1) ?? ''}`))
  throw new UsageError('FILE_NOT_FOUND', `There is no ${key} in bucket ${aws.names.bucket('raw')}.`, {
    suggestions: [
      ...sameName.slice(0, 3).map((candidate) => `Did you mean ${candidate.key}?`),
      `Upload it first: datapipe upload FILE --env ${aws.env}`,
    ],
  })
}
