import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { AwsClients } from '../../src/aws/clients.js'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import { DatapipeError } from '../../src/errors.js'

export const signal = new AbortController().signal

/** Project sensors, environment dev, in an emulator. */
export function emulatedContext(endpoint: string): AwsContext {
  const names = new Names({
    project: 'sensors',
    env: 'dev',
    account: '123456789012',
    region: 'us-east-1',
    bucketNamespace: 'account-regional',
  })
  const clients = new AwsClients({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  return new AwsContext({ clients, names, emulated: true })
}

export async function createVersionedBucket(aws: AwsContext, bucket: string): Promise<void> {
  const s3 = aws.clients.of(S3Client)
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  )
}

/** A folder of its own, removed by `remove`. */
export async function scratchFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** The DatapipeError that an action fails with. */
export async function failure(action: Promise<unknown>): Promise<DatapipeError> {
  try {
    await action
  } catch (error) {
    if (error instanceof DatapipeError) return error
    throw error
  }
  throw new Error('Expected it to fail.')
}
