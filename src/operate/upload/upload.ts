import pLimit from 'p-limit'
import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { InterruptedError, UsageError } from '../../errors.js'
import { inboxKey } from '../../transform/layout.js'
import { conclude, concernsAll, type Attempt } from './conclude.js'
import { chooseDataset, requireDataset } from './dataset.js'
import { withUploadLock } from './lock.js'
import { newestFile } from './newest.js'
import { SMALL_BYTES } from './parts.js'
import { sendFile, type UploadedFile } from './send.js'
import { inspectSources, type Source } from './source.js'
import type { Target } from './target.js'
import { requireClosed } from './writers.js'

export interface UploadRequest {
  files: readonly string[]
  /** A glob: of what it matches, the file with the newest date in its name. */
  newest?: string
  /** Left out: each file by the `match` of the datasets. */
  dataset?: string
  cwd: string
}

export interface UploadResult {
  files: UploadedFile[]
}

/** What happens while uploading. */
export type UploadEvent =
  | { type: 'upload.started'; path: string; bytes: number; dataset: string }
  /** `keptBytes` were there already, from a run that was cut off; `sentBytes` arrived now. */
  | { type: 'upload.progress'; path: string; sentBytes: number; keptBytes: number; bytes: number }
  /** A failed file of which some stays in S3 for the next run. */
  | { type: 'upload.left'; path: string; leftBytes: number; bytes: number }
  | { type: 'upload.finished'; file: UploadedFile }
  | { type: 'upload.failed'; path: string; error: unknown }
  | { type: 'upload.warning'; message: string }

/** What goes where: everything that can be known before a byte is sent. */
export interface UploadPlanItem {
  source: Source
  dataset: string
}

/** Of these the time is all waiting for S3. */
const TINY_BYTES = 2 ** 20
const TINY_FILES_AT_ONCE = 16
const SMALL_FILES_AT_ONCE = 4

/**
 * Decides which files go to which datasets, and looks at every one of them. Needs no AWS.
 * @throws UsageError NO_FILES, UNKNOWN_DATASET, DUPLICATE_FILE_NAME; DatapipeError NO_MATCHING_FILE,
 *   NO_DATASET_FOR_FILE, FILE_BEING_WRITTEN, and those of `inspectSources`
 */
export async function planUpload(
  request: UploadRequest,
  datasets: Environment['datasets'],
): Promise<UploadPlanItem[]> {
  const { cwd, files, newest } = request
  if (request.dataset !== undefined) requireDataset(request.dataset, datasets)
  const paths = [...files, ...(newest === undefined ? [] : [await newestFile(newest, cwd)])]
  if (paths.length === 0) {
    throw new UsageError('NO_FILES', 'Nothing to upload: name a FILE, or use --newest GLOB.', {
      suggestions: ['datapipe upload export.csv', "datapipe upload --newest '/exports/*.csv'"],
    })
  }
  const sources = await inspectSources(paths, cwd)
  const items = unique(sources).map((source) => ({
    source,
    dataset: request.dataset ?? chooseDataset(source.name, datasets),
  }))
  requireDistinctNames(items)
  requireClosed(sources)
  return items
}

/**
 * Sends the planned files to the raw bucket. The same content is never sent twice; a file that fails does not keep the
 * others from being sent.
 * @throws DatapipeError UPLOAD_IN_PROGRESS (exit code 4), UPLOAD_PARTLY_FAILED (exit code 3, with what was done as result),
 *   those of `sendFile` when nothing was sent; InterruptedError
 */
export async function upload(
  aws: AwsContext,
  plan: readonly UploadPlanItem[],
  signal: AbortSignal,
  onEvent: (event: UploadEvent) => void = () => undefined,
): Promise<UploadResult> {
  const bucket = aws.names.bucket('raw')
  const jobs = plan.map(({ dataset, source }) => ({
    source,
    target: { bucket, key: inboxKey(dataset, source.name), dataset } satisfies Target,
  }))
  return withUploadLock(
    jobs.map((job) => job.target),
    { signal, onWarning: (message) => onEvent({ type: 'upload.warning', message }) },
    async () => {
      const tiny = pLimit(TINY_FILES_AT_ONCE)
      const small = pLimit(SMALL_FILES_AT_ONCE)
      // A large file fills the line by itself.
      const large = pLimit(1)
      const lane = (bytes: number) => (bytes <= TINY_BYTES ? tiny : bytes <= SMALL_BYTES ? small : large)
      let obstacle: { error: unknown } | undefined
      const outcomes = await Promise.all(
        jobs.map(({ source, target }) =>
          lane(source.bytes)(async (): Promise<Attempt> => {
            if (obstacle !== undefined) return { path: source.path, error: obstacle.error }
            const outcome = await attempt(aws, source, target, signal, onEvent)
            if ('error' in outcome && concernsAll(outcome.error)) obstacle ??= outcome
            return outcome
          }),
        ),
      )
      return conclude(outcomes, signal)
    },
  )
}

async function attempt(
  aws: AwsContext,
  source: Source,
  target: Target,
  signal: AbortSignal,
  onEvent: (event: UploadEvent) => void,
): Promise<Attempt> {
  const { bytes, path } = source
  try {
    if (signal.aborted) throw new InterruptedError()
    onEvent({ type: 'upload.started', path, bytes, dataset: target.dataset })
    let sentBytes = 0
    let keptBytes = 0
    const progress = () => onEvent({ type: 'upload.progress', path, sentBytes, keptBytes, bytes })
    const file = await sendFile(aws, source, target, {
      signal,
      onSent: (part) => {
        sentBytes += part
        progress()
      },
      onKept: (part) => {
        keptBytes += part
        progress()
      },
      onLeft: (leftBytes) => {
        if (leftBytes > 0) onEvent({ type: 'upload.left', path, leftBytes, bytes })
      },
      onWarning: (message) => onEvent({ type: 'upload.warning', message }),
    })
    onEvent({ type: 'upload.finished', file })
    return { file }
  } catch (error) {
    onEvent({ type: 'upload.failed', path, error })
    return { path, error }
  }
}

/** A file named twice, for example by two overlapping patterns of the shell, is one file. */
function unique(sources: readonly Source[]): Source[] {
  const seen = new Set<string>()
  return sources.filter(({ absolutePath }) => !seen.has(absolutePath) && seen.add(absolutePath))
}

function requireDistinctNames(items: readonly UploadPlanItem[]): void {
  const seen = new Map<string, string>()
  for (const { dataset, source } of items) {
    const key = inboxKey(dataset, source.name)
    const other = seen.get(key)
    if (other !== undefined) {
      throw new UsageError(
        'DUPLICATE_FILE_NAME',
        `${other} and ${source.path} would become the same object ${key}.`,
        { suggestions: ['Rename one of them, or upload them to different datasets.'] },
      )
    }
    seen.set(key, source.path)
  }
}
