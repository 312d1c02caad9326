import {
  BudgetsClient,
  CreateBudgetCommand,
  DeleteBudgetCommand,
  DescribeBudgetCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateBudgetCommand,
  type Budget as AwsBudget,
} from '@aws-sdk/client-budgets'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, TAG, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import { foreignError } from '../../engine/refusals.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import {
  readNotifications,
  syncNotifications,
  thresholdKey,
  toAws,
  topicSubscriber,
  type BudgetKey,
  type Notifications,
  type Threshold,
} from './notifications.js'

export interface BudgetProperties {
  monthlyUsd: number
  /** At most five. */
  thresholds: readonly Threshold[]
  topicArn: () => string
}

export interface BudgetAttributes {
  arn: string
}

interface ObservedBudget extends Observed<BudgetAttributes> {
  properties: Record<string, unknown>
  notifications: Notifications
  tags: Tags
}

/**
 * A monthly budget for what carries the tags of the environment. It sees nothing before the account's owner has made
 * `datapipe:project` and `datapipe:env` cost allocation tags, by hand, in the billing console; AWS then takes up to a day.
 * Budgets belong to the account: the SDK sends every region's calls to the one global endpoint. Without actions they cost
 * nothing.
 */
export class Budget extends AwsResource<BudgetAttributes, ObservedBudget> {
  readonly type = 'AWS::Budgets::Budget'
  /** Budgets knows two rights only, and those for tags. */
  readonly iamActions = [
    'budgets:ListTagsForResource',
    'budgets:ModifyBudget',
    'budgets:TagResource',
    'budgets:ViewBudget',
  ]

  readonly #budgets: BudgetsClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: BudgetProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#budgets = aws.clients.of(BudgetsClient)
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  get #arn(): string {
    return `arn:${this.aws.partition}:budgets::${this.aws.account}:budget/${this.name}`
  }

  get #key(): BudgetKey {
    return { AccountId: this.aws.account, BudgetName: this.name }
  }

  async read(): Promise<ObservedBudget | undefined> {
    const found = await unlessMissing(
      this.#budgets.send(new DescribeBudgetCommand({ ...this.#key, ShowFilterExpression: true })),
      'NotFoundException',
    )
    if (found?.Budget === undefined) return undefined
    // The emulator keeps neither tags nor subscribers of budgets.
    const assumed = this.aws.emulated ? this.properties.topicArn() : undefined
    const [notifications, tags] = await Promise.all([
      unlessMissing(readNotifications(this.#budgets, this.#key, { assumed }), 'NotFoundException'),
      this.#readTags(),
    ])
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn },
      owned: this.aws.owns(tags),
      properties: observedProperties(found.Budget),
      notifications: notifications ?? {},
      tags,
    }
  }

  diff(observed: ObservedBudget): Change[] {
    return [
      ...diffProperties(observed.properties, {
        type: 'COST',
        timeUnit: 'MONTHLY',
        monthlyUsd: this.properties.monthlyUsd,
        filter: this.#filter,
      }),
      ...this.#diffNotifications(observed.notifications),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** @throws DatapipeError FOREIGN_RESOURCE */
  async create(): Promise<BudgetAttributes> {
    const topic = topicSubscriber(this.properties.topicArn())
    const create = new CreateBudgetCommand({
      AccountId: this.aws.account,
      Budget: this.#desired,
      NotificationsWithSubscribers: this.properties.thresholds.map((threshold) => ({
        Notification: toAws(threshold),
        Subscribers: [topic],
      })),
      ResourceTags: upperTags(this.tags),
    })
    try {
      await this.#budgets.send(create)
    } catch (error) {
      if (!isAwsError(error, 'DuplicateRecordException')) throw error
      return this.#takeOver()
    }
    return { arn: this.#arn }
  }

  /** Ours when the answer to an earlier attempt was lost. */
  async #takeOver(): Promise<BudgetAttributes> {
    const observed = await this.read()
    if (observed?.owned !== true)
      throw foreignError(this, { physicalId: this.#arn, attributes: { arn: this.#arn }, owned: false })
    return this.update(observed, this.diff(observed))
  }

  async update(observed: ObservedBudget, changes: readonly Change[]): Promise<BudgetAttributes> {
    const changed = (...paths: string[]) =>
      changes.some(({ path }) => paths.some((prefix) => path.startsWith(prefix)))
    if (changed('type', 'timeUnit', 'monthlyUsd', 'filter')) {
      if (this.aws.emulated) {
        // The emulator cannot update a budget.
        await this.#budgets.send(new DeleteBudgetCommand(this.#key))
        return this.create()
      }
      await this.#budgets.send(
        new UpdateBudgetCommand({ AccountId: this.aws.account, NewBudget: this.#desired }),
      )
    }
    if (changed('notifications')) {
      const { thresholds, topicArn } = this.properties
      await syncNotifications(this.#budgets, this.#key, observed.notifications, thresholds, topicArn())
    }
    if (changed('tags')) {
      await this.#budgets.send(
        new TagResourceCommand({ ResourceARN: this.#arn, ResourceTags: upperTags(this.tags) }),
      )
    }
    return observed.attributes
  }

  /** With its notifications. */
  async delete(): Promise<Deletion> {
    const gone = await unlessMissing(
      this.#budgets.send(new DeleteBudgetCommand(this.#key)),
      'NotFoundException',
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #readTags(): Promise<Tags> {
    if (this.aws.emulated) return this.tags
    const tagged = await unlessMissing(
      this.#budgets.send(new ListTagsForResourceCommand({ ResourceARN: this.#arn })),
      'NotFoundException',
    )
    return fromTagList(tagged?.ResourceTags)
  }

  #diffNotifications(observed: Notifications): Change[] {
    const wanted = Object.fromEntries(
      this.properties.thresholds.map((threshold) => [
        thresholdKey(threshold),
        [`SNS:${this.properties.topicArn()}`],
      ]),
    )
    const superfluous = Object.keys(observed).filter((key) => !(key in wanted))
    return diffProperties(
      { notifications: observed },
      { notifications: { ...wanted, ...Object.fromEntries(superfluous.map((key) => [key, null])) } },
    )
  }

  get #filter() {
    return {
      And: [
        { Tags: { Key: TAG.project, Values: [this.aws.project], MatchOptions: ['EQUALS' as const] } },
        { Tags: { Key: TAG.env, Values: [this.aws.env], MatchOptions: ['EQUALS' as const] } },
      ],
    }
  }

  get #desired(): AwsBudget {
    return {
      BudgetName: this.name,
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: String(this.properties.monthlyUsd), Unit: 'USD' },
      FilterExpression: this.#filter,
      Metrics: ['UnblendedCost'],
    }
  }
}

function observedProperties(budget: AwsBudget): Record<string, unknown> {
  const tags = budget.FilterExpression?.And?.map(({ Tags: tag }) => ({
    Tags: { Key: tag?.Key, Values: tag?.Values, MatchOptions: tag?.MatchOptions ?? ['EQUALS'] },
  }))
  return {
    type: budget.BudgetType,
    timeUnit: budget.TimeUnit,
    // AWS answers 10.0 for 10.
    monthlyUsd: Number(budget.BudgetLimit?.Amount),
    filter: tags === undefined ? budget.FilterExpression : { And: tags },
  }
}
