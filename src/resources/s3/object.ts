import { createHash } from 'node:crypto'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { unlessMissing } from '../../aws/retry.js'
import { diffProperties, UNKNOWN, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { settle, type BucketTarget } from './aspects/aspect.js'
import { deleteVersions } from './empty.js'

export interface S3ObjectProperties {
  /** Name of a bucket of ours. */
  bucket: () => string
  key: string
  /** Small text, resolved when it is used. */
  body: () => string
  contentType: string
}

export interface S3ObjectAttributes {
  bucket: string
  key: string
}

interface ObservedS3Object extends Observed<S3ObjectAttributes> {
  properties: { sha256: string | null; contentType: string | null }
}

/** Metadata that says what the content is, so that an unchanged object is neither read nor put again. */
const HASH = 'dp-sha256'

/**
 * A small object whose content `up` decides, such as the deployed configuration. Whatever is at its key in our bucket is
 * ours. Deleted with all its versions.
 */
export class S3Object extends AwsResource<S3ObjectAttributes, ObservedS3Object> {
  readonly type = 'Custom::S3Object'
  readonly iamActions = [
    's3:DeleteObject',
    's3:DeleteObjectVersion',
    's3:GetObject',
    's3:ListBucket',
    's3:ListBucketVersions',
    's3:PutObject',
    's3:PutObjectTagging',
  ] as const

  readonly #s3: S3Client

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: S3ObjectProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#s3 = aws.clients.of(S3Client)
  }

  get #target(): BucketTarget {
    return { s3: this.#s3, at: { Bucket: this.properties.bucket(), ExpectedBucketOwner: this.aws.account } }
  }

  get #attributes(): S3ObjectAttributes {
    return { bucket: this.properties.bucket(), key: this.properties.key }
  }

  async read(): Promise<ObservedS3Object | undefined> {
    if (this.properties.bucket() === UNKNOWN) return undefined
    const { at, s3 } = this.#target
    const head = await unlessMissing(
      s3.send(new HeadObjectCommand({ ...at, Key: this.properties.key })),
      'NotFound',
      'NoSuchKey',
      'NoSuchBucket',
    )
    if (head === undefined) return undefined
    return {
      physicalId: `s3://${at.Bucket}/${this.properties.key}`,
      attributes: this.#attributes,
      owned: true,
      properties: { sha256: head.Metadata?.[HASH] ?? null, contentType: head.ContentType ?? null },
    }
  }

  diff(observed: ObservedS3Object): Change[] {
    return diffProperties(observed.properties, {
      sha256: sha256(this.properties.body()),
      contentType: this.properties.contentType,
    })
  }

  async create(op: Operation): Promise<S3ObjectAttributes> {
    const { at, s3 } = this.#target
    const body = this.properties.body()
    await settle(
      () =>
        s3.send(
          new PutObjectCommand({
            ...at,
            Key: this.properties.key,
            Body: body,
            ContentType: this.properties.contentType,
            Metadata: { [HASH]: sha256(body) },
            Tagging: new URLSearchParams(this.tags).toString(),
          }),
        ),
      op,
    )
    return this.#attributes
  }

  update(
    _observed: ObservedS3Object,
    _changes: readonly Change[],
    op: Operation,
  ): Promise<S3ObjectAttributes> {
    return this.create(op)
  }

  async delete(_observed: ObservedS3Object, op: Operation): Promise<Deletion> {
    const deleted = await deleteVersions(this.#target, op, { key: this.properties.key })
    return { status: deleted === 0 ? 'absent' : 'deleted' }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
