import { hostname, userInfo } from 'node:os'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { S3LeaseStore } from '../../aws/s3-lease-store.js'
import { acquireLease } from '../../engine/lease-acquire.js'
import type { LeaseHolder } from '../../engine/lease-record.js'
import type { Lease } from '../../engine/lease.js'
import { DatapipeError, ExitCode } from '../../errors.js'
import { identityOf, isRunning, machineId } from '../../local/process-identity.js'

/** Everything else is taken for a change. */
const READS = /^(BatchGet|Describe|Get|Head|List)/

/**
 * One writer per environment: the lease in its artifacts bucket, which must exist. A run that was killed on this machine
 * holds nobody up: its lease is taken over at once. From now on each attempt of each call that may change something asks the
 * lease first, so that also a run that was paused in the middle of a resource stops before its next change.
 * @throws DatapipeError LEASE_HELD (exit code 4) and the other errors of `acquireLease`; ENVIRONMENT_REMOVED (exit code 4)
 */
export async function takeLease(aws: AwsContext, command: string): Promise<Lease> {
  const holder = await holderOf(aws, command)
  const lease = await acquireLease(new S3LeaseStore(aws), { holder, environment: aws.env, isGone }).catch(
    (error: unknown) => {
      throw isAwsError(error, 'NoSuchBucket') ? environmentRemoved(aws) : error
    },
  )
  aws.clients.guard = async ({ operation }) => {
    // What comes after a run has given it back is no longer of that run.
    if (!READS.test(operation) && !lease.isReleased) await lease.confirm()
  }
  return lease
}

/** The bucket was there a moment ago: a `down` was at its end. */
function environmentRemoved({ env }: AwsContext): DatapipeError {
  return new DatapipeError(
    'ENVIRONMENT_REMOVED',
    `Another run has just removed ${env}. Nothing was touched.`,
    {
      exitCode: ExitCode.leaseHeld,
      suggestions: ['Run the same command again, if it is still wanted.'],
    },
  )
}

/** This process, as the holder of a lease. */
export async function holderOf(aws: AwsContext, command: string): Promise<LeaseHolder> {
  const { startedAt } = await identityOf(process.pid)
  return {
    user: userName(),
    host: hostname(),
    pid: process.pid,
    command: `datapipe ${command} --env ${aws.env}`,
    machine: await machineId(),
    processStartedAt: startedAt,
  }
}

/** true when it ran on this machine and does not any more. */
export async function isGone({ host, machine, pid, processStartedAt }: LeaseHolder): Promise<boolean> {
  if (machine === undefined || processStartedAt === undefined || machine !== (await machineId())) return false
  return !(await isRunning({ pid, host, startedAt: processStartedAt }))
}

/** A container may run as a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
