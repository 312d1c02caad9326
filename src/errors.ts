/** Exit codes of every command, the same with and without `--json` (docs/cli.md). */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  leaseHeld: 4,
  rejected: 5,
  pending: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

export interface ErrorDetails {
  /** What the user can do next, one sentence or command each. */
  suggestions?: string[]
  exitCode?: ExitCode
  cause?: unknown
  /** What a `--json` caller still gets beside the error, for example what was done before it failed. */
  result?: unknown
}

/**
 * The base of every error that datapipe raises on purpose: a stable code, a message that says what happened and why, and
 * what to do next. Anything else that reaches the top is a defect and is reported as `INTERNAL`.
 */
export class DatapipeError extends Error {
  readonly suggestions: string[]
  readonly exitCode: ExitCode
  readonly result?: unknown

  constructor(
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause })
    this.name = new.target.name
    this.suggestions = details.suggestions ?? []
    this.exitCode = details.exitCode ?? ExitCode.failed
    this.result = details.result
  }
}

/** The command line or the configuration is wrong; nothing was touched. Exit code 2. */
export class UsageError extends DatapipeError {
  constructor(code: string, message: string, details: Omit<ErrorDetails, 'exitCode'> = {}) {
    super(code, message, { ...details, exitCode: ExitCode.usage })
  }
}

/** The user or the system asked the command to stop. Exit code 130. */
export class InterruptedError extends DatapipeError {
  constructor(message = 'Interrupted.', details: Omit<ErrorDetails, 'exitCode'> = {}) {
    super('INTERRUPTED', message, { ...details, exitCode: ExitCode.interrupted })
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
