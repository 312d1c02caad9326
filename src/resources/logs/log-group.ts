import {
  AssociateKmsKeyCommand,
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  ListTagsForResourceCommand,
  paginateDescribeLogGroups,
  PutRetentionPolicyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import type { AwsContext } from '../../aws/context.js'
import { retryConflict, retryNotFound, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'

export interface LogGroupProperties {
  retentionDays: number
  /** Resolved when it is used: the key may not exist yet when the graph is built. */
  keyArn: () => string
}

export interface LogGroupAttributes {
  /** Without the trailing `:*`. */
  arn: string
}

interface ObservedLogGroup extends Observed<LogGroupAttributes> {
  properties: { retentionDays: number | undefined; keyArn: string | undefined }
  tags: Tags
}

/** A CloudWatch log group with its own retention and key (spec §10). Created before the service that writes to it. */
export class LogGroup extends AwsResource<LogGroupAttributes, ObservedLogGroup> {
  readonly type = 'AWS::Logs::LogGroup'
  readonly iamActions = [
    'logs:AssociateKmsKey',
    'logs:CreateLogGroup',
    'logs:DeleteLogGroup',
    'logs:DescribeLogGroups',
    'logs:ListTagsForResource',
    'logs:PutRetentionPolicy',
    'logs:TagResource',
  ]

  readonly #logs: CloudWatchLogsClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: LogGroupProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#logs = aws.clients.of(CloudWatchLogsClient)
  }

  get #arn(): string {
    return this.aws.names.arn('logs', `log-group:${this.name}`)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  async read(): Promise<ObservedLogGroup | undefined> {
    // The search is by prefix and returns siblings too.
    for await (const page of paginateDescribeLogGroups(
      { client: this.#logs },
      { logGroupNamePrefix: this.name },
    )) {
      const group = page.logGroups?.find((candidate) => candidate.logGroupName === this.name)
      if (group === undefined) continue
      const tagged = await unlessMissing(
        this.#logs.send(new ListTagsForResourceCommand({ resourceArn: this.#arn })),
        'ResourceNotFoundException',
      )
      const tags = tagged?.tags ?? {}
      return {
        physicalId: this.name,
        attributes: { arn: this.#arn },
        owned: this.aws.owns(tags),
        properties: { retentionDays: group.retentionInDays, keyArn: group.kmsKeyId },
        tags,
      }
    }
    return undefined
  }

  diff(observed: ObservedLogGroup): Change[] {
    return [
      ...diffProperties(observed.properties, {
        retentionDays: this.properties.retentionDays,
        keyArn: this.properties.keyArn(),
      }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<LogGroupAttributes> {
    const input = { logGroupName: this.name, kmsKeyId: this.properties.keyArn(), tags: this.tags }
    await this.#settle(
      () =>
        unlessMissing(this.#logs.send(new CreateLogGroupCommand(input)), 'ResourceAlreadyExistsException'),
      op,
    )
    await this.#putRetention(op)
    return { arn: this.#arn }
  }

  async update(
    observed: ObservedLogGroup,
    changes: readonly Change[],
    op: Operation,
  ): Promise<LogGroupAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('keyArn')) {
      await this.#settle(
        () =>
          this.#logs.send(
            new AssociateKmsKeyCommand({ logGroupName: this.name, kmsKeyId: this.properties.keyArn() }),
          ),
        op,
      )
    }
    if (changed('retentionDays')) await this.#putRetention(op)
    if (changed('tags'))
      await this.#logs.send(new TagResourceCommand({ resourceArn: this.#arn, tags: this.tags }))
    return observed.attributes
  }

  async delete(_observed: ObservedLogGroup, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () =>
        unlessMissing(
          this.#logs.send(new DeleteLogGroupCommand({ logGroupName: this.name })),
          'ResourceNotFoundException',
        ),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #putRetention(op: Operation): Promise<void> {
    const input = { logGroupName: this.name, retentionInDays: this.properties.retentionDays }
    await this.#settle(
      () =>
        retryNotFound(
          () => this.#logs.send(new PutRetentionPolicyCommand(input)),
          `waiting for log group ${this.name} to be seen everywhere`,
          op,
          'ResourceNotFoundException',
        ),
      op,
    )
  }

  #settle<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryConflict(() => retryPropagation(action, op), op)
  }
}
