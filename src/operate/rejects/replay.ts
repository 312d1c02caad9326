import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { AwsContext } from '../../aws/context.js'
import { DatapipeError, ExitCode, InterruptedError, UsageError } from '../../errors.js'
import { configurationHash } from '../../transform/container/loaded.js'
import { defaultDataset } from '../../config/dataset.js'
import type { RunRecord } from '../../transform/record.js'
import type { InboxObject } from '../inbox.js'
import { readRecordOf } from '../records.js'
import type { RunExecution } from '../run/execution.js'
import { openOrchestrator, type OpenOrchestrator } from '../run/orchestrators.js'
import { runExitCode, runWork, type RunListener } from '../run/run.js'
import { deployedDatasets, differing, type Datasets } from './configuration.js'
import { hasRejects, selectRun } from './find.js'
import { rejectedRuns } from './list.js'

export interface ReplayRequest {
  /** What to replay, one of these: a dataset, a run, a file, everything. */
  dataset?: string
  run?: string
  source?: string
  all?: boolean
  watch: boolean
  /** Files in the cloud at once. */
  concurrency?: number
}

/** What the table has of a file. */
export interface ReplayCounts {
  status: RunRecord['status']
  rowsIn: number
  rowsOut: number
  rowsRejected: number
}

export interface ReplayedFile {
  dataset: string
  source: { bucket: string; key: string; versionId: string }
  /**
   * nothing-rejected: all its rows are in the table already. superseded: a newer version of the file is there, which counts. gone:
   * this version was deleted or has expired. The others are those of `run`.
   */
  outcome: RunExecution['status'] | 'nothing-rejected' | 'gone'
  before: ReplayCounts
  /** Null until it is known, and where nothing was run. */
  after: ReplayCounts | null
  run: string | null
  error?: string
}

export interface ReplayResult {
  files: ReplayedFile[]
  /** Datasets whose configuration here is not the one in AWS, which the replay uses. */
  notDeployed: string[]
}

export type ReplayEvent = Parameters<RunListener>[0] | { type: 'replay.found'; found: ReplayPlan }

export interface ReplayPlan {
  /** Files to replay. */
  replayed: number
  notDeployed: string[]
  /** Files whose dataset is configured as it was when they were loaded: the same rows will be rejected. */
  unchanged: string[]
}

/**
 * Loads versions of files with rejected rows once more, with the configuration that is deployed now. A whole version is published
 * in the place of what it published before, so that every row that passes today is in the table once, however often it is done.
 * @param local the datasets of datapipe.yaml
 * @param open replaces the environment's own orchestrator
 * @throws UsageError REPLAY_WHAT, RUN_NOT_FOUND, RUN_AMBIGUOUS; DatapipeError SOURCE_GONE, ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function replay(
  aws: AwsContext,
  request: ReplayRequest,
  local: Datasets,
  signal: AbortSignal,
  onEvent: (event: ReplayEvent) => void = () => undefined,
  open: (aws: AwsContext) => Promise<OpenOrchestrator> = openOrchestrator,
): Promise<ReplayResult> {
  const { files, deployed } = await prepare(aws, request, signal).catch((error: unknown) => {
    throw signal.aborted ? new InterruptedError() : error
  })
  const ready = files.filter(({ state }) => state === 'ready')
  const names = [...new Set(ready.map(({ record }) => record.dataset))]
  const notDeployed = differing(names, local, deployed)
  const unchanged = ready.filter(({ record }) => isUnchanged(record, deployed))
  onEvent({
    type: 'replay.found',
    found: {
      replayed: ready.length,
      notDeployed,
      unchanged: unchanged.map(({ record }) => record.source.key),
    },
  })
  const work = ready.map(({ object }) => ({ object, again: true, repeated: true }))
  const { executions } = await runWork(aws, work, request, signal, onEvent, open)
  const ended = new Map<string, RunExecution>()
  for (const execution of executions) {
    const isOvertaken = execution.status === 'succeeded' && (await wasOvertaken(aws, execution, signal))
    ended.set(versionOf(execution.source), isOvertaken ? superseded(execution) : execution)
  }
  return {
    files: files.map((file) => outcomeOf(file, ended.get(versionOf(file.record.source)))),
    notDeployed,
  }
}

/** A newer version came while it ran: then the task leaves what this one published before, and the record of that. */
async function wasOvertaken(
  aws: AwsContext,
  { name, source }: RunExecution,
  signal: AbortSignal,
): Promise<boolean> {
  const object = { ...source, bytes: 0 }
  if ((await readRecordOf(aws, object, signal))?.runId === name) return false
  const current = await head(aws, object, signal)
  return current !== undefined && current.versionId !== source.versionId
}

function superseded(execution: RunExecution): RunExecution {
  return { ...execution, status: 'superseded', rowsIn: null, rowsOut: null, rowsRejected: null, outputs: [] }
}

/** As of `run`, and 1 when a version is gone. */
export function replayExitCode({ files }: ReplayResult): ExitCode {
  const executions = files.flatMap(({ outcome }) =>
    outcome === 'nothing-rejected' || outcome === 'gone' ? [] : [{ status: outcome }],
  )
  return files.some(({ outcome }) => outcome === 'gone') ? ExitCode.failed : runExitCode(executions)
}

interface Candidate {
  record: RunRecord
  object: InboxObject
  state: 'ready' | 'nothing-rejected' | 'superseded' | 'gone'
}

const HEADS_AT_ONCE = 16

async function prepare(
  aws: AwsContext,
  request: ReplayRequest,
  signal: AbortSignal,
): Promise<{ files: Candidate[]; deployed: Datasets }> {
  const { dataset, run, source, all = false } = request
  if ([dataset, run, source, all ? '' : undefined].filter((one) => one !== undefined).length !== 1) {
    throw new UsageError('REPLAY_WHAT', 'Say what to replay: a dataset, --run, --source, or --all.', {
      suggestions: [`See what rejected rows: datapipe rejects list --env ${aws.env}`],
    })
  }
  const deployed = await deployedDatasets(aws, signal)
  const named = run ?? source
  const records =
    named === undefined ? await rejectedRuns(aws, { dataset }, signal) : [await selectRun(aws, named, signal)]
  const limit = pLimit(HEADS_AT_ONCE)
  const files = await Promise.all(records.map((record) => limit(() => candidate(aws, record, signal))))
  const [only] = files
  if (named !== undefined && only?.state === 'gone') throw sourceGone(aws, only.record)
  return { files, deployed }
}

async function candidate(aws: AwsContext, record: RunRecord, signal: AbortSignal): Promise<Candidate> {
  const { bucket, key, versionId } = record.source
  const object = { bucket, key, versionId, bytes: record.source.bytes ?? 0 }
  if (!hasRejects(record) && record.status === 'succeeded')
    return { record, object, state: 'nothing-rejected' }
  const version = await head(aws, object, signal, versionId)
  if (version === undefined) return { record, object, state: 'gone' }
  const current = await head(aws, object, signal)
  const isCurrent = current === undefined || current.versionId === versionId
  return { record, object: { ...object, bytes: version.bytes }, state: isCurrent ? 'ready' : 'superseded' }
}

/** Undefined: there is no such version, or none at all. */
async function head(
  aws: AwsContext,
  { bucket, key }: InboxObject,
  signal: AbortSignal,
  versionId?: string,
): Promise<{ bytes: number; versionId: string } | undefined> {
  try {
    const found = await aws.clients.of(S3Client).send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: versionId,
        ExpectedBucketOwner: aws.account,
      }),
      { abortSignal: signal },
    )
    return { bytes: found.ContentLength ?? 0, versionId: found.VersionId ?? 'null' }
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
    // 400: no version has such an id. 405: it is a delete marker.
    if (status === 404 || status === 400 || status === 405) return undefined
    throw error
  }
}

function outcomeOf({ record, state }: Candidate, execution: RunExecution | undefined): ReplayedFile {
  const { bucket, key, versionId } = record.source
  const { dataset, rowsIn, rowsOut, rowsRejected, status } = record
  const before = { status, rowsIn, rowsOut, rowsRejected }
  const file = { dataset, source: { bucket, key, versionId }, before, after: null, run: null }
  if (state !== 'ready') return { ...file, outcome: state }
  // Those that were not started were interrupted, and then there is no result.
  if (execution === undefined) return { ...file, outcome: 'running' }
  const { error, name } = execution
  const details = { run: name, ...(error === undefined ? {} : { error }) }
  if (execution.rowsIn === null || execution.rowsOut === null || execution.rowsRejected === null)
    return { ...file, ...details, outcome: execution.status }
  const after = {
    status: execution.status === 'running' ? status : execution.status,
    rowsIn: execution.rowsIn,
    rowsOut: execution.rowsOut,
    rowsRejected: execution.rowsRejected,
  }
  return { ...file, ...details, outcome: execution.status, after }
}

/** Whether it was loaded with the very configuration that is deployed now. */
function isUnchanged({ configuration, dataset }: RunRecord, deployed: Datasets): boolean {
  return configuration === configurationHash(deployed[dataset] ?? defaultDataset())
}

function versionOf({ bucket, key, versionId }: RunRecord['source'] | RunExecution['source']): string {
  return `${bucket}/${key}/${versionId}`
}

function sourceGone(aws: AwsContext, { runId, source }: RunRecord): DatapipeError {
  return new DatapipeError(
    'SOURCE_GONE',
    `Version ${source.versionId} of s3://${source.bucket}/${source.key} is gone: it was deleted or has expired, so it cannot be loaded again.`,
    {
      suggestions: [
        `Its rejected rows are kept. Correct them, and upload them under another name: datapipe rejects export ${runId} --out corrected.csv --env ${aws.env}`,
        'Or upload the file again.',
      ],
    },
  )
}
