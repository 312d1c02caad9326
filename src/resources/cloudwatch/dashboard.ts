import {
  CloudWatchClient,
  DashboardInvalidInputError,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch'
import type { AwsContext } from '../../aws/context.js'
import { costItem } from '../../aws/prices.js'
import { retryConflict, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { DatapipeError } from '../../errors.js'
import { AwsResource } from '../resource.js'
import { diffDashboard } from './dashboard-body.js'

export interface DashboardProperties {
  /** The dashboard body structure of CloudWatch. */
  body: () => object
}

export interface DashboardAttributes {
  arn: string
}

interface ObservedDashboard extends Observed<DashboardAttributes> {
  /** JSON text. */
  body: string
  tags: Tags
}

/** `ResourceNotFound` is what emulators say. */
const MISSING = ['DashboardNotFoundError', 'ResourceNotFound', 'ResourceNotFoundException']

/** A CloudWatch dashboard. Its name is unique in the account, whatever the region (spec §10). */
export class Dashboard extends AwsResource<DashboardAttributes, ObservedDashboard> {
  readonly type = 'AWS::CloudWatch::Dashboard'
  readonly iamActions = [
    'cloudwatch:DeleteDashboards',
    'cloudwatch:GetDashboard',
    'cloudwatch:ListTagsForResource',
    'cloudwatch:PutDashboard',
    'cloudwatch:TagResource',
  ]

  readonly #cloudwatch: CloudWatchClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: DashboardProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#cloudwatch = aws.clients.of(CloudWatchClient)
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  override cost(): CostItem[] {
    return [costItem('dashboard (the first three of an account are free)', 'dashboard')]
  }

  get #arn(): string {
    return `arn:${this.aws.partition}:cloudwatch::${this.aws.account}:dashboard/${this.name}`
  }

  async read(): Promise<ObservedDashboard | undefined> {
    const found = await unlessMissing(
      this.#cloudwatch.send(new GetDashboardCommand({ DashboardName: this.name })),
      ...MISSING,
    )
    if (found === undefined) return undefined
    const tags = await this.#readTags()
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn },
      owned: this.aws.owns(tags),
      body: found.DashboardBody ?? '',
      tags,
    }
  }

  diff(observed: ObservedDashboard): Change[] {
    return [
      ...diffDashboard(observed.body, JSON.stringify(this.properties.body())),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<DashboardAttributes> {
    await this.#put(op, this.tags)
    return { arn: this.#arn }
  }

  async update(
    observed: ObservedDashboard,
    changes: readonly Change[],
    op: Operation,
  ): Promise<DashboardAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('body')) await this.#put(op)
    if (changed('tags')) {
      await retryConflict(
        () =>
          this.#cloudwatch.send(
            new TagResourceCommand({ ResourceARN: this.#arn, Tags: upperTags(this.tags) }),
          ),
        op,
      )
    }
    return observed.attributes
  }

  async delete(_observed: ObservedDashboard, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () =>
        unlessMissing(
          this.#cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames: [this.name] })),
          ...MISSING,
        ),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  /** The emulator keeps no tags of dashboards: there, one with our name is ours. */
  async #readTags(): Promise<Tags> {
    if (this.aws.emulated) return this.tags
    const tagged = await unlessMissing(
      this.#cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN: this.#arn })),
      'ResourceNotFoundException',
    )
    return fromTagList(tagged?.Tags)
  }

  /** Replaces the whole body. @throws DatapipeError DASHBOARD_INVALID with what CloudWatch found wrong */
  async #put(op: Operation, tags?: Tags): Promise<void> {
    const input = {
      DashboardName: this.name,
      DashboardBody: JSON.stringify(this.properties.body()),
      ...(tags === undefined ? {} : { Tags: upperTags(tags) }),
    }
    try {
      await retryConflict(() => this.#cloudwatch.send(new PutDashboardCommand(input)), op)
    } catch (error) {
      if (!(error instanceof DashboardInvalidInputError)) throw error
      const reasons = (error.dashboardValidationMessages ?? []).map(
        ({ DataPath, Message }) => `${DataPath ?? ''}: ${Message ?? ''}`,
      )
      throw new DatapipeError(
        'DASHBOARD_INVALID',
        `CloudWatch refused the dashboard ${this.name}: ${reasons.join('; ') || error.message}`,
        { cause: error },
      )
    }
  }
}
