import { hostname, userInfo } from 'node:os'
import type { AwsContext } from '../../aws/context.js'
import { S3LeaseStore } from '../../aws/s3-lease-store.js'
import { Lease } from '../../engine/lease.js'

/** One writer per environment: the lease in its artifacts bucket, which must exist. */
export function takeLease(aws: AwsContext, command: string): Promise<Lease> {
  const store = new S3LeaseStore(aws)
  return Lease.acquire(store, {
    holder: { user: userInfo().username, host: hostname(), pid: process.pid, command },
  })
}
