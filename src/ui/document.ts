import type { DatapipeError } from '../errors.js'

export interface ErrorBody {
  code: string
  message: string
  suggestions: string[]
  /** Only with --debug. */
  stack?: string
}

interface DocumentHead {
  schemaVersion: 1
  /** As typed: `up`, `local start`. */
  command: string
  /** null when the command line could not be read. */
  env: string | null
  warnings: string[]
}

/** The one document that every command prints under `--json`, whatever happens. */
export type JsonDocument<R extends object = object> =
  | (DocumentHead & { ok: true; result: R })
  | (DocumentHead & { ok: false; error: ErrorBody; result?: unknown })

export interface DocumentContext {
  command: string
  env: string | null
  warnings: string[]
}

export function successDocument<R extends object>(context: DocumentContext, result: R): JsonDocument<R> {
  const { command, env, warnings } = context
  return { schemaVersion: 1, command, env, ok: true, result, warnings }
}

/** @param debug adds the stack */
export function failureDocument(
  context: DocumentContext,
  failure: DatapipeError,
  debug: boolean,
): JsonDocument {
  const { command, env, warnings } = context
  const { code, message, result, suggestions } = failure
  const error: ErrorBody = { code, message, suggestions, ...(debug ? { stack: stackOf(failure) } : {}) }
  return {
    schemaVersion: 1,
    command,
    env,
    ok: false,
    error,
    ...(result === undefined ? {} : { result }),
    warnings,
  }
}

/** The stack of an error and of everything that caused it. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\nCaused by: ${stackOf(error.cause)}`
}

/** JSON text of any result: 64-bit counts become numbers where they fit exactly, text where they do not. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, inner: unknown) => {
      if (typeof inner !== 'bigint') return inner
      return inner >= Number.MIN_SAFE_INTEGER && inner <= Number.MAX_SAFE_INTEGER
        ? Number(inner)
        : inner.toString()
    },
    2,
  )
}
