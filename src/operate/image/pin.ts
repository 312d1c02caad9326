import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'

/** The image that `up` keeps deployed, whatever this installation would build. */
export interface Pin {
  tag: string
}

const PIN_KEY = 'config/image-pin.json'

/** The body is for people: the tag is in the metadata, which can be read while the key of the bucket is disabled. */
const TAG = 'dp-image-tag'

function location(aws: AwsContext) {
  return { Bucket: aws.names.bucket('artifacts'), Key: PIN_KEY, ExpectedBucketOwner: aws.account }
}

/** undefined when nothing is pinned, or there is no environment yet. */
export async function readPin(aws: AwsContext): Promise<Pin | undefined> {
  try {
    const head = await unlessMissing(
      aws.clients.of(S3Client).send(new HeadObjectCommand(location(aws))),
      'NotFound',
      'NoSuchKey',
      'NoSuchBucket',
    )
    const tag = head?.Metadata?.[TAG]
    return tag === undefined ? undefined : { tag }
  } catch (error) {
    // Somebody else's bucket, or a missing permission: reading the bucket itself says so, and better than a HEAD can.
    if (isAwsError(error, '403', 'Forbidden', 'AccessDenied')) return undefined
    throw error
  }
}

/** @param reason what a person finds in the object beside the tag */
export async function writePin(aws: AwsContext, { tag }: Pin, reason: string): Promise<void> {
  await aws.clients.of(S3Client).send(
    new PutObjectCommand({
      ...location(aws),
      Body: `${JSON.stringify({ schemaVersion: 1, tag, reason }, null, 2)}\n`,
      ContentType: 'application/json',
      Metadata: { [TAG]: tag },
    }),
  )
}

/** @returns what was pinned; undefined when nothing was */
export async function clearPin(aws: AwsContext): Promise<Pin | undefined> {
  const pin = await readPin(aws)
  if (pin !== undefined) await aws.clients.of(S3Client).send(new DeleteObjectCommand(location(aws)))
  return pin
}
