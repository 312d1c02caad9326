import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { AwsContext } from '../aws/context.js'
import { isAwsError } from '../aws/retry.js'
import { DatapipeError } from '../errors.js'
import { runKey, RUNS_PREFIX, sourceId } from '../transform/layout.js'
import { runRecordSchema, type RunRecord } from '../transform/record.js'
import { bucketMissing, type InboxObject } from './inbox.js'

const never = new AbortController().signal
const READS_AT_ONCE = 16

export interface RecordQuery {
  dataset?: string
  /** The latest ones only; all without it. */
  limit?: number
  signal?: AbortSignal
}

/** S3 tells when a record was written in whole seconds, and its clock is not the one of the container. */
const CLOCKS_DIFFER_MS = 5000

/**
 * Records of runs, the latest first; of those that ended in the same millisecond, by their ids. A record is never written before
 * its run ended, but it may be written again later (a roll-back), so as many are read as it takes to know the latest.
 * @throws DatapipeError ENVIRONMENT_NOT_UP, RECORD_INVALID
 */
export async function runRecords(aws: AwsContext, query: RecordQuery = {}): Promise<RunRecord[]> {
  const { dataset, limit = Number.POSITIVE_INFINITY, signal = never } = query
  const stored = (await listRecords(aws, dataset, signal)).sort((a, b) => b.writtenMs - a.writtenMs)
  const found: RunRecord[] = []
  for (let from = 0; from < stored.length;) {
    const to = limit === Number.POSITIVE_INFINITY ? stored.length : from + Math.min(limit, READS_AT_ONCE)
    const records = await readAll(stored.slice(from, to), ({ key }) => readRecord(aws, key, signal))
    found.push(...records.filter((record) => record !== undefined))
    found.sort(latestFirst)
    from = to
    const last = found[limit - 1]
    const next = stored[from]
    if (last && next && Date.parse(last.finishedAt) > next.writtenMs + CLOCKS_DIFFER_MS) break
  }
  return found.slice(0, limit)
}

function latestFirst(a: RunRecord, b: RunRecord): number {
  if (a.finishedAt !== b.finishedAt) return a.finishedAt < b.finishedAt ? 1 : -1
  return a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0
}

/** The record of each object's current version, in order; undefined where there is none yet. */
export async function readRecords(
  aws: AwsContext,
  objects: readonly InboxObject[],
  signal: AbortSignal,
): Promise<(RunRecord | undefined)[]> {
  if (objects.length === 0) return []
  // One listing tells which records exist, so that files without one cost no request each.
  const keys = new Map(
    (await listRecords(aws, undefined, signal)).map(({ key }) => [withinDataset(key), key]),
  )
  return readAll(objects, async (object) => {
    const key = keys.get(withinDataset(recordKey(object, ANY_DATASET)))
    return key === undefined ? undefined : readRecord(aws, key, signal)
  })
}

/** The record of one version of an object, if there is one. */
export async function readRecordOf(
  aws: AwsContext,
  object: InboxObject,
  signal: AbortSignal,
): Promise<RunRecord | undefined> {
  const [, dataset = ANY_DATASET] = object.key.split('/')
  const record = await readRecord(aws, recordKey(object, dataset), signal)
  // A file that something else put beside the folders of the datasets: the worker chose the dataset.
  return record ?? (await readRecords(aws, [object], signal))[0]
}

const ANY_DATASET = 'any'

function recordKey({ bucket, key, versionId }: InboxObject, dataset: string): string {
  return runKey(dataset, sourceId(`${bucket}/${key}`), versionId)
}

/** `<source>/<version>.json`: unique without the dataset, as the source's id tells apart every key of every bucket. */
function withinDataset(key: string): string {
  return key.split('/').slice(-2).join('/')
}

async function readRecord(aws: AwsContext, key: string, signal: AbortSignal): Promise<RunRecord | undefined> {
  const bucket = aws.names.bucket('transformed')
  try {
    const object = await aws.clients
      .of(S3Client)
      .send(new GetObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: aws.account }), {
        abortSignal: signal,
      })
    const parsed = runRecordSchema.safeParse(JSON.parse((await object.Body?.transformToString()) ?? ''))
    if (parsed.success) return parsed.data
    throw invalid(bucket, key, parsed.error)
  } catch (error) {
    if (isAwsError(error, 'NoSuchKey')) return undefined
    if (error instanceof SyntaxError) throw invalid(bucket, key, error)
    throw bucketMissing(aws, bucket, error)
  }
}

async function listRecords(
  aws: AwsContext,
  dataset: string | undefined,
  signal: AbortSignal,
): Promise<{ key: string; writtenMs: number }[]> {
  const bucket = aws.names.bucket('transformed')
  const found: { key: string; writtenMs: number }[] = []
  let token: string | undefined
  do {
    const page = await aws.clients
      .of(S3Client)
      .send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: dataset === undefined ? `${RUNS_PREFIX}/` : `${RUNS_PREFIX}/dataset=${dataset}/`,
          ContinuationToken: token,
          ExpectedBucketOwner: aws.account,
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        throw bucketMissing(aws, bucket, error)
      })
    for (const { Key: key = '', LastModified: written } of page.Contents ?? []) {
      if (key.endsWith('.json')) found.push({ key, writtenMs: written?.getTime() ?? 0 })
    }
    token = page.NextContinuationToken
  } while (token !== undefined)
  return found
}

function readAll<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const limit = pLimit(READS_AT_ONCE)
  return Promise.all(items.map((item) => limit(() => read(item))))
}

function invalid(bucket: string, key: string, cause: unknown): DatapipeError {
  return new DatapipeError('RECORD_INVALID', `s3://${bucket}/${key} is not a run record.`, {
    cause,
    suggestions: [
      'It may be written by a newer datapipe: update this one.',
      'Or delete it, and run datapipe run: its file is processed again.',
    ],
  })
}
