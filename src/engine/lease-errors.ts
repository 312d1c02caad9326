import { DatapipeError, ExitCode } from '../errors.js'
import type { LeaseInfo } from './lease-terms.js'

/** LEASE_HELD, exit code 4: another run works on this environment. The result of the error is the lease. */
export class LeaseHeldError extends DatapipeError {
  constructor(
    environment: string,
    readonly lease: LeaseInfo,
  ) {
    const { acquiredAt, expiresAt, holder, id } = lease
    super(
      'LEASE_HELD',
      `Another run works on this environment: ${holder.user} on ${holder.host} (process ${holder.pid}, ` +
        `\`${holder.command}\`), since ${acquiredAt}. It holds the lease until ${expiresAt} and renews it while it lives.`,
      {
        exitCode: ExitCode.leaseHeld,
        suggestions: [
          'Wait until that run has ended, then run this again.',
          `If that run no longer lives, its lease expires by itself at ${expiresAt}.`,
          `To break it now: datapipe unlock --env ${environment} --lease ${id}`,
        ],
        result: lease,
      },
    )
  }
}

/** LEASE_UNREADABLE, exit code 4: something that is no lease is where the lease should be. */
export class LeaseUnreadableError extends DatapipeError {
  constructor(environment: string) {
    super(
      'LEASE_UNREADABLE',
      'What is stored as the lease of this environment is not a lease, so nobody can tell whether another run works on it.',
      {
        exitCode: ExitCode.leaseHeld,
        suggestions: [
          `Make sure that no other run works on this environment, then remove it: datapipe unlock --env ${environment}`,
        ],
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
