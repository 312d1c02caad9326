import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { HttpResponse } from '@aws-sdk/types'
import type { LeaseStore, StoredLease } from '../engine/lease-store.js'
import type { AwsContext } from './context.js'
import { isAwsError, unlessMissing } from './retry.js'

/** Where leases lie in the artifacts bucket. */
export const LEASE_PREFIX = 'locks/'

/** The etag is not, or no longer, that one; or S3 had two writers at this very moment and let the other win. */
const CONDITION_FAILED = ['PreconditionFailed', 'ConditionalRequestConflict']

/**
 * The lease of an environment as the object `locks/<env>.json`, written with S3's conditional requests alone.
 *
 * Loaded when a run takes a lease; imports the S3 client.
 */
export class S3LeaseStore implements LeaseStore {
  readonly #s3: S3Client
  readonly #at: { Bucket: string; Key: string; ExpectedBucketOwner: string }

  /** @param bucket the artifacts bucket; it must exist, see `Bucket.bootstrap` */
  constructor(aws: AwsContext, bucket: string = aws.names.bucket('artifacts')) {
    // A renewal must not queue behind the run's other calls, and giving the lease back is not one of its changes.
    this.#s3 = aws.clients.aside().of(S3Client)
    this.#at = { Bucket: bucket, Key: `${LEASE_PREFIX}${aws.env}.json`, ExpectedBucketOwner: aws.account }
  }

  async read(): Promise<StoredLease | undefined> {
    const command = new GetObjectCommand(this.#at)
    const answeredAt = dateOfAnswer(command)
    const answer = await unlessMissing(this.#s3.send(command), 'NoSuchKey', 'NoSuchBucket')
    if (answer?.Body === undefined || answer.ETag === undefined) return undefined
    const readAt = answeredAt() ?? Date.now()
    const writtenAt = answer.LastModified?.getTime() ?? readAt
    return { body: await answer.Body.transformToString(), etag: answer.ETag, writtenAt, readAt }
  }

  create(body: string): Promise<string | undefined> {
    return this.#put(body, { IfNoneMatch: '*' })
  }

  replace(body: string, etag: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#put(body, { IfMatch: etag }, signal)
  }

  async remove(etag: string): Promise<boolean> {
    const removed = await unlessMissing(
      this.#s3.send(new DeleteObjectCommand({ ...this.#at, IfMatch: etag })),
      ...CONDITION_FAILED,
      'NoSuchKey',
      'NotFound',
      'NoSuchBucket',
    )
    return removed !== undefined
  }

  async #put(
    body: string,
    condition: { IfNoneMatch: string } | { IfMatch: string },
    abortSignal?: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const { ETag: etag } = await this.#s3.send(
        new PutObjectCommand({
          ...this.#at,
          ...condition,
          Body: body,
          ContentType: 'application/json',
          // Not the environment's key: whoever finds that key disabled or about to be deleted needs the lease to repair it.
          ServerSideEncryption: 'AES256',
        }),
        { abortSignal },
      )
      return etag
    } catch (error) {
      // If-Match on an object that was removed.
      if (isAwsError(error, 'NoSuchKey', ...CONDITION_FAILED)) return undefined
      throw error
    }
  }
}

/** What time S3 says it is when it answers. */
function dateOfAnswer(command: GetObjectCommand): () => number | undefined {
  let date = Number.NaN
  command.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      date = Date.parse((answer.response as HttpResponse).headers.date ?? '')
      return answer
    },
    { step: 'deserialize', name: 'datapipeDate' },
  )
  return () => (Number.isNaN(date) ? undefined : date)
}
