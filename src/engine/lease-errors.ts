import { DatapipeError, ExitCode } from '../errors.js'
import type { LeaseRecord } from './lease-record.js'

/** LEASE_HELD, exit code 4: another run works on this environment. */
export class LeaseHeldError extends DatapipeError {
  constructor(readonly record: LeaseRecord) {
    const { acquiredAt, expiresAt, holder } = record
    super(
      'LEASE_HELD',
      `Another run works on this environment: ${holder.user} on ${holder.host} (process ${holder.pid}, ` +
        `\`${holder.command}\`), since ${acquiredAt}. It holds the lease until ${expiresAt} and renews it while it lives.`,
      {
        exitCode: ExitCode.leaseHeld,
        suggestions: [
          'Wait until that run has ended, then run this again.',
          `If that run no longer lives, its lease expires by itself at ${expiresAt}.`,
        ],
        result: { holder, acquiredAt, expiresAt },
      },
    )
  }
}

/** LEASE_UNREADABLE, exit code 4: something that is no lease is where the lease should be. */
export class LeaseUnreadableError extends DatapipeError {
  constructor() {
    super(
      'LEASE_UNREADABLE',
      'What is stored as the lease of this environment is not a lease, so nobody can tell whether another run works on it.',
      {
        exitCode: ExitCode.leaseHeld,
        suggestions: ['Make sure that no other run works on this environment, then delete the lease object.'],
      },
    )
  }
}

/** LEASE_LOST, exit code 3: this run may no longer write, and stopped part-way. */
export class LeaseLostError extends DatapipeError {
  constructor(why: string) {
    super(
      'LEASE_LOST',
      `This run lost its lease on the environment: ${why}. It stopped before its next change.`,
      {
        exitCode: ExitCode.partial,
        suggestions: ['Run the same command again: it continues where this run stopped.'],
      },
    )
  }
}
