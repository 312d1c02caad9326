import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  type QueueAttributeName,
} from '@aws-sdk/client-sqs'
import type { AwsContext } from '../../aws/context.js'
import type { PolicyDocument } from '../../aws/policy.js'
import { isAwsError, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile, waitFor } from '../../engine/wait.js'
import { diffPolicy } from '../policy-diff.js'
import { AwsResource } from '../resource.js'

export interface QueueProperties {
  keyArn: () => string
  policy: () => PolicyDocument
  /** How long a message that was read stays hidden from other readers. */
  visibilitySeconds: number
  /** At most 14 days: 1209600. */
  retentionSeconds: number
}

export interface QueueAttributes {
  arn: string
  url: string
}

interface ObservedQueue extends Observed<QueueAttributes> {
  properties: {
    keyArn: string | undefined
    keyReuseSeconds: number | undefined
    retentionSeconds: number | undefined
    visibilitySeconds: number | undefined
    /** Canonical JSON text. */
  }
  policy: string | null
  tags: Tags
}

const KEY_REUSE_SECONDS = 300
/** SQS refuses a name for 60 s after its queue was deleted (spec §9.5). */
const NAME_COOLDOWN_MS = 70_000
const DELETE_MS = 90_000

/** The wire code of older endpoints beside the name of today. */
const MISSING = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue']
const DELETED_RECENTLY = ['QueueDeletedRecently', 'AWS.SimpleQueueService.QueueDeletedRecently']

/** A standard SQS queue, encrypted with the environment's key (spec §9.5). */
export class Queue extends AwsResource<QueueAttributes, ObservedQueue> {
  readonly type = 'AWS::SQS::Queue'
  readonly iamActions = [
    'sqs:CreateQueue',
    'sqs:DeleteQueue',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ListQueueTags',
    'sqs:SetQueueAttributes',
    'sqs:TagQueue',
  ]

  readonly #sqs: SQSClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: QueueProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#sqs = aws.clients.of(SQSClient)
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  get #arn(): string {
    return this.aws.names.arn('sqs', this.name)
  }

  async read(): Promise<ObservedQueue | undefined> {
    const url = await this.#url()
    if (url === undefined) return undefined
    const [seen, tagged] = await Promise.all([
      unlessMissing(
        this.#sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })),
        ...MISSING,
      ),
      unlessMissing(this.#sqs.send(new ListQueueTagsCommand({ QueueUrl: url })), ...MISSING),
    ])
    // A deleted queue is still found by its name for some seconds.
    if (seen === undefined) return undefined
    const attributes = seen.Attributes ?? {}
    const tags = tagged?.Tags ?? {}
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn, url },
      owned: this.aws.owns(tags),
      properties: {
        keyArn: attributes.KmsMasterKeyId,
        keyReuseSeconds: toNumber(attributes.KmsDataKeyReusePeriodSeconds),
        retentionSeconds: toNumber(attributes.MessageRetentionPeriod),
        visibilitySeconds: toNumber(attributes.VisibilityTimeout),
      },
      policy: attributes.Policy ?? null,
      tags,
    }
  }

  diff(observed: ObservedQueue): Change[] {
    return [
      ...diffProperties(observed.properties, {
        keyArn: this.properties.keyArn(),
        keyReuseSeconds: KEY_REUSE_SECONDS,
        retentionSeconds: this.properties.retentionSeconds,
        visibilitySeconds: this.properties.visibilitySeconds,
      }),
      ...diffPolicy('policy', observed.policy, this.properties.policy()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<QueueAttributes> {
    const created = await retryWhile(
      () =>
        retryPropagation(
          () =>
            this.#sqs.send(
              new CreateQueueCommand({ QueueName: this.name, Attributes: this.#desired, tags: this.tags }),
            ),
          op,
        ),
      {
        what: `waiting for SQS to free the name ${this.name}, whose queue was deleted less than 60 s ago`,
        retryable: (error) => isAwsError(error, ...DELETED_RECENTLY),
        timeoutMs: NAME_COOLDOWN_MS,
        minDelayMs: 500,
        maxDelayMs: 5000,
      },
      op,
    )
    return { arn: this.#arn, url: created.QueueUrl ?? '' }
  }

  async update(observed: ObservedQueue, changes: readonly Change[], op: Operation): Promise<QueueAttributes> {
    const { url } = observed.attributes
    const isTag = (change: Change) => change.path.startsWith('tags.')
    if (!changes.every(isTag)) {
      // All of ours in one call, whichever differs.
      await retryPropagation(
        () => this.#sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: this.#desired })),
        op,
      )
    }
    if (changes.some(isTag)) await this.#sqs.send(new TagQueueCommand({ QueueUrl: url, Tags: this.tags }))
    return observed.attributes
  }

  async delete(observed: ObservedQueue, op: Operation): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#sqs.send(new DeleteQueueCommand({ QueueUrl: observed.attributes.url })),
      ...MISSING,
    )
    if (gone === undefined) return { status: 'absent' }
    await waitFor(
      {
        what: `queue ${this.name} to be gone`,
        poll: () => this.#url(),
        check: (url) => (url === undefined ? 'done' : 'pending'),
        timeoutMs: DELETE_MS,
      },
      op,
    )
    return { status: 'deleted' }
  }

  async #url(): Promise<string | undefined> {
    const found = await unlessMissing(
      this.#sqs.send(new GetQueueUrlCommand({ QueueName: this.name })),
      ...MISSING,
    )
    return found?.QueueUrl
  }

  /** All values are text. Without `SqsManagedSseEnabled`: together with a key of ours SQS refuses it (spec §9.5). */
  get #desired(): Partial<Record<QueueAttributeName, string>> {
    return {
      KmsMasterKeyId: this.properties.keyArn(),
      KmsDataKeyReusePeriodSeconds: String(KEY_REUSE_SECONDS),
      MessageRetentionPeriod: String(this.properties.retentionSeconds),
      VisibilityTimeout: String(this.properties.visibilitySeconds),
      Policy: JSON.stringify(this.properties.policy()),
    }
  }
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
