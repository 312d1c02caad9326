import { randomUUID } from 'node:crypto'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import type { WorkerInput } from '../operate/orchestrator.js'
import type { JsonObject } from './asl/json.js'

/**
 * The event that EventBridge delivers when S3 has stored an object
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html). Size and etag are those of the stored version;
 * an object that is not there gets the event all the same, so that the worker reports it.
 */
export async function objectCreated(aws: AwsContext, input: WorkerInput): Promise<JsonObject> {
  const stored = await head(aws, input)
  const size = stored?.size ?? input.size
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: aws.account,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: aws.region,
    resources: [`arn:${aws.partition}:s3:::${input.bucket}`],
    detail: {
      version: '0',
      bucket: { name: input.bucket },
      object: {
        key: input.key,
        ...(size === undefined ? {} : { size }),
        ...(stored?.etag === undefined ? {} : { etag: stored.etag }),
        'version-id': input.versionId,
      },
      'request-id': randomUUID(),
      requester: aws.account,
      'source-ip-address': '127.0.0.1',
      reason: 'PutObject',
    },
  }
}

async function head(
  aws: AwsContext,
  { bucket, key, versionId }: WorkerInput,
): Promise<{ size?: number; etag?: string } | undefined> {
  try {
    const found = await aws.clients.of(S3Client).send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        VersionId: versionId,
        ExpectedBucketOwner: aws.account,
      }),
    )
    return { size: found.ContentLength, etag: found.ETag?.replaceAll('"', '') }
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
    if (status === 404 || status === 400) return undefined
    throw error
  }
}
