import type { GlueClient } from '@aws-sdk/client-glue'
import type { S3Client } from '@aws-sdk/client-s3'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configurationOf, type Dataset } from '../../config/dataset.js'
import { DatapipeError, UsageError } from '../../errors.js'
import { datasetFor } from '../dataset.js'
import { DataError } from '../errors.js'
import { needsKey } from '../pii/actions.js'
import { runKey, sourceId } from '../layout.js'
import type { RunRecord } from '../record.js'
import { makeScratch } from '../scratch.js'
import { tableNames } from '../tables.js'
import { transformFile } from '../transform.js'
import type { RejectFiles, TransformResult } from '../types.js'
import { datapipeVersion, engineVersion } from '../version.js'
import type { Table } from '@aws-sdk/client-glue'
import { existingTable, findTable, sourceColumns } from './catalog/table.js'
import { fetchSource, type ObjectVersion } from './fetch.js'
import { errorDetails, logTransform, type Log } from './log.js'
import { alreadyLoaded, configurationHash, earlierRecord } from './loaded.js'
import { databaseMemoryMb } from './memory.js'
import { getJson, headObject, putJson } from './objects.js'
import { readPiiKey } from './pii-key.js'
import { publish, uploadRejects, type Published, type Target } from './publish.js'
import { quarantine, release } from './quarantine.js'
import { keepRejectsTable } from './rejects-table.js'
import { keepRunsTable } from './runs-table.js'
import { deployedConfigSchema, type Settings } from './settings.js'
import { isSuperseded } from './superseded.js'

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
 * One version of one raw object: fetch, transform, publish, register, record. One that is loaded already is left as it is, and
 * its earlier record is returned, and so is one that failed on its data, until somebody asks for it again. Data errors end in a record with status
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
    return await runVersion(job, target, configurationOf(datasets, dataset))
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

/** What the folders of jobs are called. */
const JOB = 'job-'

const NO_COUNTS: Counts = { rowsIn: 0, rowsAccepted: 0, rowsRejected: 0, rejects: null }

interface Job extends JobOptions {
  started: Date
  dataset: string | undefined
  source: ObjectVersion | undefined
  configuration?: string
  counts: Counts
  findings?: Partial<Pick<TransformResult, 'drift' | 'checks'>>
  /** The version is tagged. */
  quarantined?: boolean
}

/** Where a job works, before it has anything to publish. */
type JobTarget = Omit<Target, 'runId' | 'workshop' | 'terms'>

async function runVersion(job: Job, target: JobTarget, config: Dataset): Promise<RunRecord> {
  const { settings, s3, glue, memoryMb, log, signal } = job
  const source = await sourceVersion(s3, settings)
  job.source = source
  job.configuration = configurationHash(config)
  if (await isSuperseded(s3, source)) return superseded(job, target, source)
  const loaded = settings.force ? undefined : await alreadyLoaded(target, source, job.configuration)
  if (loaded !== undefined) {
    const isLoaded = loaded.status !== 'failed' && loaded.status !== 'rejected'
    log(isLoaded ? 'already_loaded' : 'left_alone', { by: loaded.runId, finishedAt: loaded.finishedAt })
    return loaded
  }
  const names = tableNames(target.dataset, config)
  const found = await Promise.all(names.map((table) => findTable(glue, { ...target, table })))
  const seen = found.filter((table): table is Table => table !== undefined)
  // On a machine that is not gone afterwards, as a container is.
  const scratch = await makeScratch(settings.scratch, JOB)
  try {
    const fetched = join(scratch, 'object')
    await fetchSource(s3, source, fetched, signal)
    const out = join(scratch, 'out')
    const result = await transformFile({
      file: fetched,
      displayName: settings.key,
      dataset: target.dataset,
      config,
      out,
      sourceName: `${source.bucket}/${source.key}`,
      load: { versionId: source.versionId ?? 'null', runId: settings.execution },
      scratch,
      memoryLimitMb: databaseMemoryMb(memoryMb),
      contract: sourceColumns(found[0]),
      existing: seen.map(existingTable),
      facts: {
        key: settings.key,
        versionId: source.versionId ?? null,
        modifiedAt: new Date(source.lastModified),
      },
      ...(needsKey(config) ? { piiKey: await readPiiKey(s3, settings.configBucket) } : {}),
      onEvent: logTransform(log),
      signal,
    }).catch((error: unknown) => {
      keepFindings(error, job)
      return keepRejects(error, job, source, target, out)
    })
    if (result === undefined || (await isSuperseded(s3, source))) return await superseded(job, target, source)
    job.counts = result
    job.findings = result
    const workshop = {
      scratch: join(scratch, 'merge'),
      memoryLimitMb: databaseMemoryMb(memoryMb),
      threads: availableParallelism(),
      signal,
    }
    const terms = { policy: config.contract, dataset: target.dataset, file: settings.key, seen }
    const publishing = { ...target, runId: settings.execution, workshop, terms }
    const published = await publish(publishing, source, out, result, signal)
    if (!published) {
      job.counts = { ...result, rejects: null }
      return await superseded(job, target, source)
    }
    if (settings.force) await release(s3, source, log)
    return await record(job, 'succeeded', { result, published })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A newer version is there. What this one published before stays until that is loaded, and so does the record of it. */
async function superseded(job: Job, target: JobTarget, source: ObjectVersion): Promise<RunRecord> {
  const earlier = await earlierRecord(target, source)
  if (earlier?.status !== 'succeeded') return record(job, 'superseded', {})
  job.log('superseded', { by: earlier.runId, finishedAt: earlier.finishedAt })
  return earlier
}

/** What is known of a file that ended in an error. */
function keepFindings(error: unknown, job: Job): void {
  if (!(error instanceof DatapipeError) || typeof error.result !== 'object' || error.result === null) return
  const { drift, checks } = error.result as NonNullable<Job['findings']>
  job.findings = { drift, checks }
}

/** What is left of a version with too many bad rows. Undefined: a newer version is there, and this one does not matter. */
async function keepRejects(
  error: unknown,
  job: Job,
  source: ObjectVersion,
  target: JobTarget,
  out: string,
): Promise<undefined> {
  if (!(error instanceof DatapipeError && error.code === 'REJECTS_OVER_LIMIT')) throw error
  const { s3, settings, log, signal } = job
  if (await isSuperseded(s3, source)) return undefined
  job.counts = error.result as Counts
  if (job.counts.rejects) await uploadRejects(target, out, job.counts.rejects, signal)
  job.quarantined = await quarantine(s3, source, settings.execution, log)
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

async function record(
  job: Job,
  status: RunRecord['status'],
  {
    result,
    published,
    error,
  }: { result?: TransformResult; published?: Published; error?: RunRecord['error'] },
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
      lastModified: source?.lastModified,
    },
    rowsIn: counts.rowsIn,
    rowsAccepted: counts.rowsAccepted,
    rowsOut: result?.rowsOut ?? 0,
    rowsRejected: counts.rowsRejected,
    outputs: (published?.outputs ?? []).map(
      ({ table, path, rows, bytes, partition, versionId: version }) => ({
        table,
        key: path,
        rows,
        bytes,
        partition,
        ...(version === undefined ? {} : { versionId: version }),
      }),
    ),
    generations: published?.generations ?? [],
    rejects: counts.rejects,
    drift: job.findings?.drift ?? [],
    checks: job.findings?.checks ?? [],
    ...(job.quarantined === undefined ? {} : { quarantined: job.quarantined }),
    ...(error ? { error } : {}),
    startedAt: started.toISOString(),
    finishedAt: finished.toISOString(),
    durationMs: finished.getTime() - started.getTime(),
    configuration: job.configuration,
    engine: engineVersion(),
    datapipe: datapipeVersion(),
  }
  const key = runKey(dataset, sourceId(`${settings.bucket}/${settings.key}`), versionId)
  await keepRunsTable(job.glue, settings)
  if (counts.rejects) await keepRejectsTable(job.glue, settings)
  await putJson(s3, settings.transformedBucket, key, body)
  return body
}
