import { DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import type { PolicyDocument } from '../../aws/policy.js'
import { isAwsError, retryConflict, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import { foreignError } from '../../engine/refusals.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { sleep, waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { accessLogs, stopAccessLogs, type AccessLogs } from './aspects/access-logs.js'
import { settle, type Aspect, type BucketTarget } from './aspects/aspect.js'
import { encryption, type Encryption } from './aspects/encryption.js'
import { lifecycle, type LifecycleRule } from './aspects/lifecycle.js'
import { notifications, stopNotifications } from './aspects/notifications.js'
import { ownership } from './aspects/ownership.js'
import { bucketPolicy } from './aspects/policy.js'
import { publicAccess } from './aspects/public-access.js'
import { versioning } from './aspects/versioning.js'
import { BUCKET_ACTIONS } from './bucket-actions.js'
import { createBucket } from './create.js'
import { abortUploads, deleteVersions } from './empty.js'
import { headBucket, isEmpty } from './head.js'
import { ensureTags, readTags } from './tags.js'

export type { LifecycleRule } from './aspects/lifecycle.js'

export interface BucketProperties {
  encryption: Encryption
  policy: () => PolicyDocument
  /** All the rules there are. */
  lifecycle: readonly LifecycleRule[]
  /** Left out: whether it logs is not ours to say. */
  accessLogs?: AccessLogs
  /** Whether its events go to EventBridge. Left out: not ours to say. */
  eventBridge?: boolean
}

export interface BucketAttributes {
  bucket: string
  arn: string
}

export interface ObservedBucket extends Observed<BucketAttributes> {
  /** What each aspect read, by its path. */
  properties: Record<string, unknown>
  tags: Tags
}

const GONE_WITHIN_MS = 60_000
/** Late access logs and half-refused pages: how often a bucket that should be empty is emptied again. */
const EMPTYING_ROUNDS = 5

/**
 * A private, versioned, encrypted bucket with a policy, lifecycle rules and tags (spec §5.2). Always versioned.
 *
 * A bucket of this name in our account is ours when it carries our tags. One that carries no tag at all and holds nothing
 * is ours too: some emulators ignore tags at creation, so that is what a run leaves that was killed before it tagged it.
 */
export class Bucket extends AwsResource<BucketAttributes, ObservedBucket> {
  readonly type = 'AWS::S3::Bucket'
  readonly iamActions = BUCKET_ACTIONS

  readonly #target: BucketTarget
  /** In the order in which they are put; the first makes it private. */
  readonly #aspects: readonly Aspect[]

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    properties: BucketProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#target = {
      s3: aws.clients.of(S3Client),
      at: { Bucket: name, ExpectedBucketOwner: aws.account },
    }
    this.#aspects = [
      publicAccess(),
      ownership(),
      encryption(properties.encryption),
      versioning(),
      bucketPolicy(properties.policy, aws.emulated),
      lifecycle(properties.lifecycle),
      ...(properties.accessLogs === undefined ? [] : [accessLogs(properties.accessLogs)]),
      ...(properties.eventBridge === undefined ? [] : [notifications(properties.eventBridge, !aws.emulated)]),
    ]
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone, before the bucket exists. */
  override get attributes(): BucketAttributes {
    return { bucket: this.name, arn: `arn:${this.aws.partition}:s3:::${this.name}` }
  }

  /** @throws DatapipeError BUCKET_NOT_OURS when it is not in our account, BUCKET_IN_OTHER_REGION */
  async read(): Promise<ObservedBucket | undefined> {
    const head = await headBucket(this.#target)
    if (head === undefined) return undefined
    this.#checkRegion(head.region)
    // S3 may answer HeadBucket for a while after the bucket is gone.
    const seen = await unlessMissing(
      Promise.all([
        readTags(this.#target),
        Promise.all(this.#aspects.map((aspect) => aspect.read(this.#target))),
      ]),
      'NoSuchBucket',
    )
    if (seen === undefined) return undefined
    const [tags, values] = seen
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: await this.#isOurs(tags),
      properties: Object.fromEntries(this.#aspects.map((aspect, i) => [aspect.path, values[i]])),
      tags,
    }
  }

  diff(observed: ObservedBucket): Change[] {
    return [
      ...this.#aspects.flatMap((aspect) => aspect.diff(observed.properties[aspect.path] ?? null)),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<BucketAttributes> {
    await this.#createBare(op)
    await this.#put(this.#aspects.slice(1), op)
    // Where tags at creation are ignored, the missing ones are what tells the next run that this one did not finish.
    await ensureTags(this.#target, this.tags, op)
    return this.attributes
  }

  async update(
    _observed: ObservedBucket,
    changes: readonly Change[],
    op: Operation,
  ): Promise<BucketAttributes> {
    const changed = (path: string) =>
      changes.some((change) => change.path === path || change.path.startsWith(`${path}.`))
    await this.#put(
      this.#aspects.filter((aspect) => aspect.unreadable === true || changed(aspect.path)),
      op,
    )
    if (changed('tags')) await ensureTags(this.#target, this.tags, op)
    return this.attributes
  }

  /**
   * Makes sure that a bare bucket of ours is there: private and tagged, everything else left to `create` and `update`.
   * For the bucket that holds the lease, which must exist before a run may change anything.
   *
   * @param adopt takes over a bucket of this account that does not carry our tags
   * @returns whether it was created by this call
   * @throws DatapipeError BUCKET_NOT_OURS, FOREIGN_RESOURCE
   */
  async bootstrap(op: Operation, adopt = false): Promise<boolean> {
    const head = await headBucket(this.#target)
    let created = false
    if (head === undefined) {
      created = await this.#createBare(op)
    } else {
      this.#checkRegion(head.region)
      const tags = await readTags(this.#target)
      if (this.aws.owns(tags)) return false
      if (!adopt && !(await this.#isOurs(tags))) {
        throw foreignError(this, { physicalId: this.name, attributes: this.attributes, owned: false })
      }
      await this.#put(this.#aspects.slice(0, 1), op)
    }
    await ensureTags(this.#target, this.tags, op)
    return created
  }

  /** Empties it, however much it holds, and deletes it. `blocked` when objects keep arriving. */
  async delete(_observed: ObservedBucket, op: Operation): Promise<Deletion> {
    const stopped = await unlessMissing(
      (async () => {
        await retryConflict(() => stopNotifications(this.#target), op)
        await retryConflict(() => stopAccessLogs(this.#target), op)
        return true
      })(),
      'NoSuchBucket',
    )
    if (stopped === undefined) return { status: 'absent' }
    for (let round = 1; round <= EMPTYING_ROUNDS; round++) {
      await deleteVersions(this.#target, op)
      await abortUploads(this.#target, op)
      try {
        await retryConflict(() => this.#target.s3.send(new DeleteBucketCommand(this.#target.at)), op)
        await this.#waitUntilGone(op)
        return { status: 'deleted' }
      } catch (error) {
        if (isAwsError(error, 'NoSuchBucket')) return { status: 'absent' }
        if (!isAwsError(error, 'BucketNotEmpty')) throw error
      }
      if (round < EMPTYING_ROUNDS) await sleep(round * 250, op.signal)
    }
    return { status: 'blocked', by: [`objects that keep arriving in ${this.name}, such as late access logs`] }
  }

  /** @returns false when it was there already */
  async #createBare(op: Operation): Promise<boolean> {
    const created = await createBucket(this.aws, this.#target, this.tags, op)
    await this.#put(this.#aspects.slice(0, 1), op)
    return created
  }

  /** One after the other: S3 answers 409 to two changes of one bucket at once. */
  async #put(aspects: readonly Aspect[], op: Operation): Promise<void> {
    for (const aspect of aspects) await settle(() => aspect.put(this.#target), op)
  }

  async #isOurs(tags: Tags): Promise<boolean> {
    return this.aws.owns(tags) || (Object.keys(tags).length === 0 && (await isEmpty(this.#target)))
  }

  #checkRegion(region: string | undefined): void {
    if (region === undefined || region === this.aws.region || this.aws.emulated) return
    throw new DatapipeError(
      'BUCKET_IN_OTHER_REGION',
      `The bucket ${this.name} exists in ${region}, but this environment is in ${this.aws.region}.`,
      { suggestions: [`Set \`region: ${region}\`, or delete that bucket.`] },
    )
  }

  async #waitUntilGone(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `bucket ${this.name} to be gone`,
        poll: () => headBucket(this.#target),
        check: (head) => (head === undefined ? 'done' : 'pending'),
        timeoutMs: GONE_WITHIN_MS,
      },
      op,
    )
  }
}
