import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultDataset, type Dataset } from '../../config/dataset.js'
import { DatapipeError, UsageError } from '../../errors.js'
import { datasetFor } from '../dataset.js'
import { DataError } from '../errors.js'
import { runKey, sourceId } from '../layout.js'
import type { RunRecord } from '../record.js'
import { tableNames } from '../tables.js'
import { transformFile } from '../transform.js'
import type { RejectFiles, TransformResult } from '../types.js'
import { datapipeVersion, engineVersion } from '../version.js'
import { contractOf, findTable } from './catalog.js'
import { fetchObject, type ObjectVersion } from './fetch.js'
import { errorDetails, logTransform, type Log } from './log.js'
import { databaseMemoryMb } from './memory.js'
import { getJson, headObject, putJson } from './objects.js'
import { publish, uploadRejects, type Target } from './publish.js'
import { deployedConfigSchema, type Settings } from './settings.js'

export interface JobOptions {
  settings: Settings
  s3: S3Client
  glue: GlueClient
  /** All that this process may use, in MiB. */
  memoryMb: number
  log: Log
  signal?: AbortSignal
}

/**
 * One version of one raw object: fetch, transform, publish, register, record. Data errors end in a record with status
 * failed or rejected; everything else is thrown, leaves no record, and may be tried again.
 */
export async function runJob(options: JobOptions): Promise<RunRecord> {
  const { settings, s3, glue, log } = options
  const started = new Date()
  const datasets = await deployedDatasets(s3, settings)
  const job: Job = { ...options, started, dataset: undefined, source: undefined, counts: NO_COUNTS }
  try {
    const dataset = datasetFor(settings.key, datasets)
    job.dataset = dataset
    const target = { s3, glue, database: settings.database, dataset, bucket: settings.transformedBucket }
    return await runVersion(job, target, datasets[dataset] ?? defaultDataset())
  } catch (error) {
    if (!(error instanceof DataError || error instanceof UsageError)) throw error
    const status = error.code === 'REJECTS_OVER_LIMIT' ? 'rejected' : 'failed'
    log('rejected', errorDetails(error))
    return record(job, status, {
      error: { code: error.code, message: error.message, suggestions: error.suggestions },
    })
  }
}

interface Counts {
  rowsIn: number
  rowsAccepted: number
  rowsRejected: number
  rejects: RejectFiles | null
}

const NO_COUNTS: Counts = { rowsIn: 0, rowsAccepted: 0, rowsRejected: 0, rejects: null }

interface Job extends JobOptions {
  started: Date
  dataset: string | undefined
  source: ObjectVersion | undefined
  counts: Counts
}

async function runVersion(job: Job, target: Target, config: Dataset): Promise<RunRecord> {
  const { settings, s3, glue, memoryMb, log, signal } = job
  const source = await sourceVersion(s3, settings)
  job.source = source
  if (await isSuperseded(s3, source)) return record(job, 'superseded', {})
  const contract = config.columns
    ? undefined
    : contractOf(await findTable(glue, { ...target, table: tableNames(target.dataset, config)[0] }))
  await mkdir(settings.scratch, { recursive: true })
  const scratch = await mkdtemp(join(settings.scratch, 'job-'))
  try {
    const fetched = join(scratch, 'object')
    await fetchObject(s3, source, fetched, signal)
    const out = join(scratch, 'out')
    const result = await transformFile({
      file: fetched,
      displayName: settings.key,
      dataset: target.dataset,
      config,
      out,
      sourceName: `${source.bucket}/${source.key}`,
      scratch,
      memoryLimitMb: databaseMemoryMb(memoryMb),
      contract,
      onEvent: logTransform(log),
      signal,
    }).catch((error: unknown) => keepRejects(error, job, target, out))
    if (await isSuperseded(s3, source)) return await record(job, 'superseded', {})
    job.counts = result
    if (!(await publish(target, source, out, result, signal))) return await record(job, 'superseded', {})
    return await record(job, 'succeeded', { result })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function keepRejects(error: unknown, job: Job, target: Target, out: string): Promise<never> {
  if (error instanceof DatapipeError && error.code === 'REJECTS_OVER_LIMIT') {
    job.counts = error.result as Counts
    if (job.counts.rejects) await uploadRejects(target, out, job.counts.rejects, job.signal)
  }
  throw error
}

async function deployedDatasets(
  s3: S3Client,
  { configBucket, configKey }: Settings,
): Promise<Record<string, Dataset>> {
  const found = await getJson(s3, configBucket, configKey)
  if (!found) {
    throw new DatapipeError(
      'CONFIG_NOT_FOUND',
      `There is no configuration at s3://${configBucket}/${configKey}.`,
      {
        suggestions: ['Run datapipe up: it writes the configuration.'],
      },
    )
  }
  return deployedConfigSchema.parse(found.body).datasets
}

async function sourceVersion(s3: S3Client, { bucket, key, versionId }: Settings): Promise<ObjectVersion> {
  const head = await headObject(s3, bucket, key, versionId)
  if (!head) {
    throw new DataError(
      'SOURCE_NOT_FOUND',
      `There is no s3://${bucket}/${key}${versionId === undefined ? '' : ` version ${versionId}`}.`,
      {
        suggestions: ['It was deleted after it arrived; upload it again.'],
      },
    )
  }
  return {
    bucket,
    key,
    versionId: versionId ?? head.VersionId,
    etag: head.ETag ?? '',
    bytes: head.ContentLength ?? 0,
    lastModified: head.LastModified?.getTime() ?? 0,
  }
}

/** Whether the object has a newer version by now. One that was deleted meanwhile has none. */
async function isSuperseded(s3: S3Client, { bucket, key, versionId }: ObjectVersion): Promise<boolean> {
  if (versionId === undefined) return false
  const current = await headObject(s3, bucket, key)
  return current?.VersionId !== undefined && current.VersionId !== versionId
}

async function record(
  job: Job,
  status: RunRecord['status'],
  { result, error }: { result?: TransformResult; error?: RunRecord['error'] },
): Promise<RunRecord> {
  const { settings, s3, source, counts, started } = job
  const finished = new Date()
  const versionId = source?.versionId ?? settings.versionId ?? 'null'
  const dataset = job.dataset ?? 'unknown'
  const body: RunRecord = {
    schemaVersion: 1,
    runId: settings.execution,
    dataset,
    status,
    source: {
      bucket: settings.bucket,
      key: settings.key,
      versionId,
      bytes: source?.bytes ?? null,
      sha256: result?.sha256 ?? null,
    },
    rowsIn: counts.rowsIn,
    rowsAccepted: counts.rowsAccepted,
    rowsOut: result?.rowsOut ?? 0,
    rowsRejected: counts.rowsRejected,
    outputs: (result?.outputs ?? []).map(({ table, path, rows, bytes, partition }) => ({
      table,
      key: path,
      rows,
      bytes,
      partition,
    })),
    rejects: counts.rejects,
    ...(error ? { error } : {}),
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    durationMs: finished.getTime() - started.getTime(),
    engine: engineVersion(),
    datapipe: datapipeVersion(),
  }
  const key = runKey(dataset, sourceId(`${settings.bucket}/${settings.key}`), versionId)
  await putJson(s3, settings.transformedBucket, key, body)
  return body
}
