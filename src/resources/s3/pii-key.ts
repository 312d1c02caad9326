import { randomBytes } from 'node:crypto'
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { unlessMissing } from '../../aws/retry.js'
import { UNKNOWN, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { PII_KEY_BYTES } from '../../transform/pii/key.js'
import { AwsResource } from '../resource.js'
import { settle, type BucketTarget } from './aspects/aspect.js'
import { deleteVersions } from './empty.js'

export interface PiiKeyProperties {
  /** Name of a bucket of ours. */
  bucket: () => string
  key: string
}

export interface PiiKeyAttributes {
  bucket: string
  key: string
}

/**
 * The random key of the hashes of personal data, as a small object that is made once and never read, changed or shown again:
 * with another key no new hash would equal an old one. It carries none of our tags, so that no later configuration takes it
 * for something left over; what looks for it goes by its name.
 */
export class PiiKey extends AwsResource<PiiKeyAttributes> {
  readonly type = 'Custom::S3Object'
  readonly iamActions = [
    's3:DeleteObject',
    's3:DeleteObjectVersion',
    's3:ListBucket',
    's3:ListBucketVersions',
    's3:PutObject',
  ] as const

  readonly #s3: S3Client

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: PiiKeyProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#s3 = aws.clients.of(S3Client)
  }

  get #target(): BucketTarget {
    return { s3: this.#s3, at: { Bucket: this.properties.bucket(), ExpectedBucketOwner: this.aws.account } }
  }

  get #attributes(): PiiKeyAttributes {
    return { bucket: this.properties.bucket(), key: this.properties.key }
  }

  async read(): Promise<Observed<PiiKeyAttributes> | undefined> {
    if (this.properties.bucket() === UNKNOWN) return undefined
    const { at, s3 } = this.#target
    if (!(await isThere(s3, at, this.properties.key))) return undefined
    return {
      physicalId: `s3://${at.Bucket}/${this.properties.key}`,
      attributes: this.#attributes,
      owned: true,
    }
  }

  diff(): Change[] {
    return []
  }

  async create(op: Operation): Promise<PiiKeyAttributes> {
    const { at, s3 } = this.#target
    const body = JSON.stringify({ schemaVersion: 1, key: randomBytes(PII_KEY_BYTES).toString('base64') })
    const put = new PutObjectCommand({
      ...at,
      Key: this.properties.key,
      Body: body,
      ContentType: 'application/json',
      IfNoneMatch: '*',
    })
    try {
      // Encrypted with the environment's key, as everything in the bucket.
      await settle(() => s3.send(put), op)
    } catch (error) {
      // Somebody was quicker, and theirs is the key.
      const { name } = error as Error
      if (name !== 'PreconditionFailed' && name !== 'ConditionalRequestConflict') throw error
    }
    return this.#attributes
  }

  /** There is nothing to change. */
  update(): Promise<PiiKeyAttributes> {
    return Promise.resolve(this.#attributes)
  }

  async delete(_observed: Observed<PiiKeyAttributes>, op: Operation): Promise<Deletion> {
    const deleted = await deleteVersions(this.#target, op, { key: this.properties.key })
    return { status: deleted === 0 ? 'absent' : 'deleted' }
  }
}

/** Looks without reading: nobody but a task may read it. */
async function isThere(s3: S3Client, at: BucketTarget['at'], key: string): Promise<boolean> {
  const listed = await unlessMissing(
    s3.send(new ListObjectsV2Command({ ...at, Prefix: key, MaxKeys: 1 })),
    'NoSuchBucket',
    'NotFound',
  )
  return listed?.Contents?.some((object) => object.Key === key) === true
}

/** Whether an environment has a key, whatever its configuration says now. A bucket that is not ours has none of ours. */
export async function hasPiiKey(aws: AwsContext, bucket: string, key: string): Promise<boolean> {
  try {
    return await isThere(aws.clients.of(S3Client), { Bucket: bucket, ExpectedBucketOwner: aws.account }, key)
  } catch (error) {
    if ((error as Error).name === 'AccessDenied') return false
    throw error
  }
}
