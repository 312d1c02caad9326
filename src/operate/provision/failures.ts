import { translateAwsError } from '../../aws/errors.js'
import type { Failure, Skipped } from '../../engine/outcome.js'
import { DatapipeError, ExitCode, messageOf } from '../../errors.js'

/**
 * One error that tells all that went wrong. A single cause keeps its own code and advice: it is the answer, not the
 * number of resources it kept from being made.
 */
export function failedResources(
  code: string,
  failures: readonly Failure[],
  skipped: readonly Skipped[],
  result: unknown,
  exitCode: ExitCode = ExitCode.failed,
): DatapipeError {
  const known = failures.map(({ error, id }) => ({ id, error: explain(error) }))
  const ended = known.find(({ error }) => error.code === 'EXPIRED_TOKEN')?.error
  if (ended !== undefined) return loginEnded(ended, known.length + skipped.length, result, exitCode)
  const lines = known.map(
    ({ error, id }) =>
      `${id}: ${error.message.startsWith(`${id}: `) ? error.message.slice(id.length + 2) : error.message}`,
  )
  const suggestions = [...new Set(known.flatMap(({ error }) => error.suggestions))]
  const only = known.length === 1 ? known[0]!.error : undefined
  const rest = skipped.length > 0 ? [`${skipped.length} not attempted because of that.`] : []
  return new DatapipeError(
    only === undefined || only.code === 'INTERNAL' ? code : only.code,
    [...lines, ...rest].join('\n'),
    {
      suggestions:
        suggestions.length > 0
          ? suggestions
          : ['Run the same command again: it continues where this run stopped.'],
      exitCode,
      cause: failures[0]?.error,
      result,
    },
  )
}

/** From then on every call fails, not all in the same words: what is wrong is the login, not what it kept from being done. */
function loginEnded(
  { cause, message, suggestions }: DatapipeError,
  left: number,
  result: unknown,
  exitCode: ExitCode,
): DatapipeError {
  const rest = `${left} ${left === 1 ? 'resource was' : 'resources were'} not finished because of that.`
  return new DatapipeError('EXPIRED_TOKEN', `${message}\n${rest}`, { suggestions, exitCode, cause, result })
}

function explain(error: unknown): DatapipeError {
  if (error instanceof DatapipeError) return error
  return translateAwsError(error) ?? new DatapipeError('INTERNAL', messageOf(error))
}
