import { Errors } from '@oclif/core'
import { translateAwsError } from '../aws/errors.js'
import { nearestWord } from '../config/nearest.js'
import { DatapipeError, InterruptedError, messageOf, UsageError } from '../errors.js'

export interface FailureContext {
  /** As typed: `up`, `local start`. */
  command: string
  /** Names of the flags this command has, for "did you mean". */
  flagNames: readonly string[]
  profile?: string
}

/** Whatever was thrown, as an error with a stable code, an exit code and something to do next. */
export function toFailure(error: unknown, context: FailureContext): DatapipeError {
  if (error instanceof InterruptedError && error.suggestions.length === 0) return interrupted(error)
  if (error instanceof DatapipeError) return error
  if (error instanceof Errors.CLIError) return usageFailure(error, context)
  // What a cloud call throws that was handed the signal.
  if (error instanceof Error && error.name === 'AbortError') return interrupted(new InterruptedError())
  const translated = translateAwsError(error, { profile: context.profile })
  if (translated !== undefined) return translated
  return new DatapipeError('INTERNAL', `Unexpected error: ${messageOf(error)}`, {
    cause: error,
    suggestions: ['Run the command again with --debug to see where it happened.'],
  })
}

function interrupted({ message, result }: InterruptedError): InterruptedError {
  return new InterruptedError(message, {
    result,
    suggestions: ['Run the same command again: it continues where this run stopped.'],
  })
}

/** oclif raises CLIError for everything that is wrong with the command line. */
function usageFailure(error: Errors.CLIError, context: FailureContext): UsageError {
  const message = error.message.replace(/\n?See more help with --help\s*$/, '').trim()
  const suggestions = [`See \`datapipe ${context.command} --help\`.`]
  const unknown = /^Nonexistent flags?: (-{1,2}[\w-]+)/.exec(message)?.[1]
  const near = unknown === undefined ? undefined : nearestWord(unknown.replace(/^-+/, ''), context.flagNames)
  if (near !== undefined) suggestions.unshift(`Did you mean --${near}?`)
  return new UsageError('USAGE', message, { cause: error, suggestions })
}

/** The error as a person reads it: what happened, a blank line, what to do next. */
export function failureText(failure: DatapipeError): string {
  const head = `Error: ${failure.message}`
  if (failure.suggestions.length === 0) return head
  return [head, '', ...failure.suggestions.map((suggestion) => `  - ${suggestion}`)].join('\n')
}
