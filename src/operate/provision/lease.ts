import { hostname, userInfo } from 'node:os'
import type { AwsContext } from '../../aws/context.js'
import { S3LeaseStore } from '../../aws/s3-lease-store.js'
import { Lease } from '../../engine/lease.js'
import type { LeaseHolder } from '../../engine/lease-record.js'
import { identityOf, isRunning, machineId } from '../../local/process-identity.js'

/**
 * One writer per environment: the lease in its artifacts bucket, which must exist. A run that was killed on this machine
 * holds nobody up: its lease is taken over at once.
 * @throws DatapipeError LEASE_HELD (exit code 4) and the other errors of `Lease.acquire`
 */
export async function takeLease(aws: AwsContext, command: string): Promise<Lease> {
  const { startedAt } = await identityOf(process.pid)
  const holder = {
    user: userName(),
    host: hostname(),
    pid: process.pid,
    command: `datapipe ${command} --env ${aws.env}`,
    machine: await machineId(),
    processStartedAt: startedAt,
  }
  return Lease.acquire(new S3LeaseStore(aws), { holder, isGone })
}

async function isGone({ host, machine, pid, processStartedAt }: LeaseHolder): Promise<boolean> {
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
