import pLimit from 'p-limit'
import type { AwsContext } from '../../aws/context.js'
import { translateAwsError } from '../../aws/errors.js'
import type { Environment } from '../../config/schema.js'
import { DatapipeError, ExitCode, InterruptedError, messageOf, UsageError } from '../../errors.js'
import { inboxKey } from '../../transform/layout.js'
import { chooseDataset, requireDataset } from './dataset.js'
import { withUploadLock } from './lock.js'
import { newestFile } from './newest.js'
import { SMALL_BYTES } from './parts.js'
import { sendFile, type UploadedFile } from './send.js'
import { inspectSources, type Source } from './source.js'
import type { Target } from './target.js'

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
  | { type: 'upload.progress'; path: string; sentBytes: number; bytes: number }
  | { type: 'upload.finished'; file: UploadedFile }
  | { type: 'upload.failed'; path: string; error: unknown }
  | { type: 'upload.warning'; message: string }

/** What goes where: everything that can be known before a byte is sent. */
export interface UploadPlanItem {
  source: Source
  dataset: string
}

const SMALL_FILES_AT_ONCE = 4

/**
 * Decides which files go to which datasets, and looks at every one of them. Needs no AWS.
 * @throws UsageError NO_FILES, UNKNOWN_DATASET, DUPLICATE_FILE_NAME; DatapipeError NO_MATCHING_FILE, NO_DATASET_FOR_FILE, and those of `inspectSources`
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
    signal,
    async () => {
      // A large file fills the line by itself.
      const small = pLimit(SMALL_FILES_AT_ONCE)
      const large = pLimit(1)
      const outcomes = await Promise.all(
        jobs.map(({ source, target }) =>
          (source.bytes <= SMALL_BYTES ? small : large)(() => attempt(aws, source, target, signal, onEvent)),
        ),
      )
      return conclude(outcomes, signal)
    },
  )
}

type Attempt = { file: UploadedFile } | { path: string; error: unknown }

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
    const file = await sendFile(aws, source, target, {
      signal,
      onSent: (part) => {
        sentBytes += part
        onEvent({ type: 'upload.progress', path, sentBytes, bytes })
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

function conclude(outcomes: readonly Attempt[], signal: AbortSignal): UploadResult {
  const files = outcomes.flatMap((outcome) => ('file' in outcome ? [outcome.file] : []))
  const failures = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome] : []))
  const [first] = failures
  if (first === undefined) return { files }
  const result: UploadResult = { files }
  if (signal.aborted) {
    throw new InterruptedError(`Interrupted: ${files.length} of ${outcomes.length} files are uploaded.`, {
      result,
      suggestions: ['Run the same command again: what is uploaded already is skipped.'],
    })
  }
  // One reason for all, such as an expired login or a missing bucket: that is the news.
  const reasons = failures.map(({ error }) => messageOf(translateAwsError(error) ?? error))
  if (files.length === 0 && new Set(reasons).size === 1) throw first.error
  const list = failures.map(({ path }, index) => `  ${path}: ${reasons[index]}`).join('\n')
  throw new DatapipeError(
    'UPLOAD_PARTLY_FAILED',
    `${failures.length} of ${outcomes.length} files could not be uploaded:\n${list}`,
    {
      cause: first.error,
      exitCode: files.length > 0 ? ExitCode.partial : ExitCode.failed,
      result,
      suggestions: ['Run the same command again: what is uploaded already is skipped.'],
    },
  )
}

/** A file named twice, for example by two overlapping patterns of the shell, is one file. */
function unique(sources: readonly Source[]): Source[] {
  const paths = sources.map(({ absolutePath }) => absolutePath)
  return sources.filter(({ absolutePath }, index) => paths.indexOf(absolutePath) === index)
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
