import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { rejectsKey, sourceId, sourceKey } from '../layout.js'
import type { RejectFiles, TransformResult } from '../types.js'
import { ensurePartitions, ensureTable, type TableTarget } from './catalog.js'
import type { ObjectVersion } from './fetch.js'
import { deleteUnchanged, headObject, PreconditionLost } from './objects.js'
import { claimSource, commitSource, type Claim } from './pointer.js'
import { planUpload, runUpload, type PlannedUpload } from './upload.js'

export interface Target extends Omit<TableTarget, 'table'> {
  s3: S3Client
  glue: GlueClient
  dataset: string
}

const UPLOADS_AT_ONCE = 4
const ATTEMPTS = 5

/**
 * Puts the files of a transform in place of what earlier versions of the source left: outputs under the same key are
 * replaced, others removed. False: a newer version was there first, and nothing of it was touched.
 */
export async function publish(
  target: Target,
  source: ObjectVersion,
  out: string,
  result: TransformResult,
  signal?: AbortSignal,
): Promise<boolean> {
  const { s3, glue, bucket, dataset } = target
  for (const table of result.tables) {
    await ensureTable(glue, { ...target, table: table.name }, table, result.inputs)
  }
  const id = sourceId(`${source.bucket}/${source.key}`)
  const pointer = { bucket, key: sourceKey(dataset, id) }
  const outputs = result.outputs.map(({ path }) => path)
  const rejects = result.rejects ? [result.rejects.parquet, result.rejects.csv] : []
  const wanted = {
    versionId: source.versionId ?? 'null',
    lastModified: source.lastModified,
    outputs,
    rejects,
  }
  for (let attempt = 1; ; attempt++) {
    const claim = await claimSource(s3, pointer, wanted)
    if (!claim) return false
    try {
      const plans = await plan(target, out, [...outputs, ...rejects], signal)
      // What the plans expect to replace is older than any claim after ours: a later run's files make our uploads fail.
      await assertStillOurs(s3, pointer, claim)
      await upload(target, plans, signal)
      for (const table of result.tables) {
        const own = result.outputs.filter((output) => output.table === table.name)
        await ensurePartitions(glue, { ...target, table: table.name }, table, own)
      }
      // A version that was over the limit left its rejects without a claim.
      const rejectKeys = [rejectsKey(dataset, id, 'parquet'), rejectsKey(dataset, id, 'csv')]
      const stale = new Set([...claim.stale, ...rejectKeys.filter((key) => !rejects.includes(key))])
      for (const key of stale) await deleteUnchanged(s3, bucket, key)
      await commitSource(s3, pointer, claim)
      return true
    } catch (error) {
      // Somebody else works on the same source. If it is a newer version, the next claim says so.
      if (!(error instanceof PreconditionLost) || attempt === ATTEMPTS) throw error
    }
  }
}

/** Uploads the two files with the rejected rows. */
export async function uploadRejects(
  target: Target,
  out: string,
  rejects: RejectFiles,
  signal?: AbortSignal,
): Promise<void> {
  await upload(target, await plan(target, out, [rejects.parquet, rejects.csv], signal), signal)
}

async function assertStillOurs(
  s3: S3Client,
  pointer: { bucket: string; key: string },
  claim: Claim,
): Promise<void> {
  const head = await headObject(s3, pointer.bucket, pointer.key)
  if (head?.ETag !== claim.etag) throw new PreconditionLost('Another run claimed the source')
}

async function plan(
  { s3, bucket }: Target,
  out: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<PlannedUpload[]> {
  const limit = pLimit(UPLOADS_AT_ONCE)
  return Promise.all(
    keys.map((key) =>
      limit(() =>
        planUpload(s3, { bucket, key, path: join(out, key), contentType: contentTypeOf(key) }, signal),
      ),
    ),
  )
}

async function upload({ s3 }: Target, plans: readonly PlannedUpload[], signal?: AbortSignal): Promise<void> {
  const limit = pLimit(UPLOADS_AT_ONCE)
  try {
    await Promise.all(plans.map((planned) => limit(() => runUpload(s3, planned, signal))))
  } finally {
    limit.clearQueue()
  }
}

function contentTypeOf(key: string): string {
  return key.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'application/vnd.apache.parquet'
}
