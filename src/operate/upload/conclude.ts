import { translateAwsError } from '../../aws/errors.js'
import { DatapipeError, ExitCode, InterruptedError, messageOf } from '../../errors.js'
import type { UploadedFile } from './send.js'

/** What became of one file. */
export type Attempt = { file: UploadedFile } | { path: string; error: unknown }

/** What holds for every file: it makes no sense to go on with the next one. */
const FOR_ALL = new Set([
  'EXPIRED_TOKEN',
  'NO_CREDENTIALS',
  'INVALID_CREDENTIALS',
  'CLOCK_SKEW',
  'ENDPOINT_UNREACHABLE',
  'THROTTLED',
  'AWS_UNAVAILABLE',
  'ENVIRONMENT_NOT_UP',
])
const NAMED = 3
const REASONS = 20

/** Whether the next file would fail in the same way, each after minutes of attempts. */
export function concernsAll(error: unknown): boolean {
  const known = error instanceof DatapipeError ? error : translateAwsError(error)
  return known !== undefined && FOR_ALL.has(known.code)
}

/**
 * The files that are there, or an error that tells what became of the others.
 * @throws DatapipeError UPLOAD_PARTLY_FAILED, that of the files if all failed for one reason; InterruptedError
 */
export function conclude(outcomes: readonly Attempt[], signal: AbortSignal): { files: UploadedFile[] } {
  const files = outcomes.flatMap((outcome) => ('file' in outcome ? [outcome.file] : []))
  const failures = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome] : []))
  const [first] = failures
  const result = { files }
  if (first === undefined) return result
  const suggestions = ['Run the same command again: it continues where this run stopped.']
  if (signal.aborted) {
    throw new InterruptedError(`Interrupted: ${files.length} of ${outcomes.length} files are uploaded.`, {
      result,
      suggestions,
    })
  }
  const reasons = new Map<string, string[]>()
  for (const { error, path } of failures) {
    const reason = messageOf(translateAwsError(error) ?? error)
    const paths = reasons.get(reason)
    if (paths === undefined) reasons.set(reason, [path])
    else paths.push(path)
  }
  // One reason for all, such as an expired login or a missing bucket: that is the news.
  if (files.length === 0 && reasons.size === 1) throw first.error
  throw new DatapipeError(
    'UPLOAD_PARTLY_FAILED',
    `${failures.length} of ${outcomes.length} files could not be uploaded:\n${listed(reasons)}`,
    {
      cause: first.error,
      exitCode: files.length > 0 ? ExitCode.partial : ExitCode.failed,
      result,
      suggestions,
    },
  )
}

function listed(reasons: Map<string, string[]>): string {
  const lines = [...reasons].slice(0, REASONS).map(([reason, paths]) => {
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''
    return `  ${paths.slice(0, NAMED).join(', ')}${more}: ${reason}`
  })
  if (reasons.size > REASONS) lines.push(`  and ${reasons.size - REASONS} more reasons`)
  return lines.join('\n')
}
