import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  SetTopicAttributesCommand,
  SNSClient,
  TagResourceCommand,
} from '@aws-sdk/client-sns'
import type { AwsContext } from '../../aws/context.js'
import type { PolicyDocument } from '../../aws/policy.js'
import { retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { diffPolicy } from '../policy-diff.js'
import { AwsResource } from '../resource.js'

export interface TopicProperties {
  keyArn: () => string
  /** Shown as the sender of emails; at most 100 characters. */
  displayName: string
  policy: () => PolicyDocument
  /** Tags beside those that every resource has. They stay when they are no longer asked for. */
  marks?: Tags
}

export interface TopicAttributes {
  arn: string
}

interface ObservedTopic extends Observed<TopicAttributes> {
  properties: {
    keyArn: string | undefined
    displayName: string | undefined
    /** Canonical JSON text. */
  }
  policy: string | null
  tags: Tags
}

/** A standard SNS topic, encrypted with the environment's key: alarms cannot publish through AWS's own key (spec §4, §10). */
export class Topic extends AwsResource<TopicAttributes, ObservedTopic> {
  readonly type = 'AWS::SNS::Topic'
  readonly iamActions = [
    'sns:CreateTopic',
    'sns:DeleteTopic',
    'sns:GetTopicAttributes',
    'sns:ListTagsForResource',
    'sns:SetTopicAttributes',
    'sns:TagResource',
  ]

  readonly #sns: SNSClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: TopicProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#sns = aws.clients.of(SNSClient)
  }

  override get tags(): Tags {
    return { ...super.tags, ...this.properties.marks }
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  get #arn(): string {
    return this.aws.names.arn('sns', this.name)
  }

  async read(): Promise<ObservedTopic | undefined> {
    const described = await unlessMissing(
      this.#sns.send(new GetTopicAttributesCommand({ TopicArn: this.#arn })),
      'NotFoundException',
    )
    if (described === undefined) return undefined
    const tagged = await unlessMissing(
      this.#sns.send(new ListTagsForResourceCommand({ ResourceArn: this.#arn })),
      'ResourceNotFoundException',
    )
    const attributes = described.Attributes ?? {}
    const tags = fromTagList(tagged?.Tags)
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn },
      owned: this.aws.owns(tags),
      properties: {
        keyArn: attributes.KmsMasterKeyId,
        displayName: attributes.DisplayName,
      },
      policy: attributes.Policy ?? null,
      tags,
    }
  }

  diff(observed: ObservedTopic): Change[] {
    return [
      ...diffProperties(observed.properties, {
        keyArn: this.properties.keyArn(),
        displayName: this.properties.displayName,
      }),
      ...diffPolicy('policy', observed.policy, this.properties.policy()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** Only ever after a read that found nothing: on an existing topic with other tags it fails (spec §10). */
  async create(op: Operation): Promise<TopicAttributes> {
    await retryPropagation(
      () =>
        this.#sns.send(
          new CreateTopicCommand({
            Name: this.name,
            Attributes: this.#desired,
            Tags: upperTags(this.tags),
          }),
        ),
      op,
    )
    return { arn: this.#arn }
  }

  async update(observed: ObservedTopic, changes: readonly Change[], op: Operation): Promise<TopicAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    const names = {
      keyArn: 'KmsMasterKeyId',
      displayName: 'DisplayName',
      policy: 'Policy',
    } as const
    for (const [path, name] of Object.entries(names)) {
      if (!changed(path)) continue
      await retryPropagation(
        () =>
          this.#sns.send(
            new SetTopicAttributesCommand({
              TopicArn: this.#arn,
              AttributeName: name,
              AttributeValue: this.#desired[name],
            }),
          ),
        op,
      )
    }
    if (changed('tags')) {
      await retryConflict(
        () => this.#sns.send(new TagResourceCommand({ ResourceArn: this.#arn, Tags: upperTags(this.tags) })),
        op,
      )
    }
    return observed.attributes
  }

  /** With its subscriptions. AWS answers the same whether it existed or not. */
  async delete(_observed: ObservedTopic, op: Operation): Promise<Deletion> {
    await retryConflict(() => this.#sns.send(new DeleteTopicCommand({ TopicArn: this.#arn })), op)
    return { status: 'deleted' }
  }

  get #desired() {
    return {
      KmsMasterKeyId: this.properties.keyArn(),
      DisplayName: this.properties.displayName,
      Policy: JSON.stringify(this.properties.policy()),
    }
  }
}
