import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  type ComparisonOperator,
  type MetricAlarm,
  type Statistic,
} from '@aws-sdk/client-cloudwatch'
import type { AwsContext } from '../../aws/context.js'
import { costItem } from '../../aws/prices.js'
import { retryConflict, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'

export interface AlarmProperties {
  /** Part of the message, so it says what is wrong and what to do. At most 1024 characters. */
  description: string
  namespace: string
  metric: string
  dimensions: Record<string, string>
  statistic: Statistic
  periodSeconds: number
  /** Periods in a row over the threshold; all of them together at most seven days (spec §9.4). */
  evaluationPeriods: number
  threshold: number
  comparison: ComparisonOperator
  /** ARNs of topics. */
  actions: () => string[]
}

export interface AlarmAttributes {
  arn: string
}

interface ObservedAlarm extends Observed<AlarmAttributes> {
  properties: Record<string, unknown>
  tags: Tags
}

/** A CloudWatch alarm on one metric (spec §10). No data is no problem: most of our metrics exist only when something fails. */
export class Alarm extends AwsResource<AlarmAttributes, ObservedAlarm> {
  readonly type = 'AWS::CloudWatch::Alarm'
  readonly iamActions = [
    'cloudwatch:DeleteAlarms',
    'cloudwatch:DescribeAlarms',
    'cloudwatch:ListTagsForResource',
    'cloudwatch:PutMetricAlarm',
    'cloudwatch:TagResource',
  ]

  readonly #cloudwatch: CloudWatchClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: AlarmProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#cloudwatch = aws.clients.of(CloudWatchClient)
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  override cost(): CostItem[] {
    return [costItem(`alarm ${this.name}`, 'alarm')]
  }

  get #arn(): string {
    return this.aws.names.arn('cloudwatch', `alarm:${this.name}`)
  }

  async read(): Promise<ObservedAlarm | undefined> {
    const { MetricAlarms: alarms } = await this.#cloudwatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [this.name], AlarmTypes: ['MetricAlarm'] }),
    )
    const alarm = alarms?.find(({ AlarmName }) => AlarmName === this.name)
    if (alarm === undefined) return undefined
    const tagged = await unlessMissing(
      this.#cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN: this.#arn })),
      'ResourceNotFoundException',
    )
    const tags = fromTagList(tagged?.Tags)
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn },
      owned: this.aws.owns(tags),
      properties: observedProperties(alarm),
      tags,
    }
  }

  diff(observed: ObservedAlarm): Change[] {
    return [...diffProperties(observed.properties, this.#wanted), ...diffTags(observed.tags, this.tags)]
  }

  async create(op: Operation): Promise<AlarmAttributes> {
    await this.#put(op, this.tags)
    return { arn: this.#arn }
  }

  /** PutMetricAlarm writes everything anew, but ignores tags on an alarm that exists (spec §1.5). */
  async update(observed: ObservedAlarm, changes: readonly Change[], op: Operation): Promise<AlarmAttributes> {
    const isTag = ({ path }: Change) => path.startsWith('tags.')
    if (!changes.every(isTag)) await this.#put(op)
    if (changes.some(isTag)) {
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

  async delete(_observed: ObservedAlarm, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () =>
        unlessMissing(
          this.#cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [this.name] })),
          'ResourceNotFound',
        ),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #put(op: Operation, tags?: Tags): Promise<void> {
    const { description, dimensions, evaluationPeriods, metric, periodSeconds } = this.properties
    await retryConflict(
      () =>
        this.#cloudwatch.send(
          new PutMetricAlarmCommand({
            AlarmName: this.name,
            AlarmDescription: description,
            ActionsEnabled: true,
            AlarmActions: this.properties.actions(),
            OKActions: [],
            InsufficientDataActions: [],
            Namespace: this.properties.namespace,
            MetricName: metric,
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            Statistic: this.properties.statistic,
            Period: periodSeconds,
            EvaluationPeriods: evaluationPeriods,
            Threshold: this.properties.threshold,
            ComparisonOperator: this.properties.comparison,
            TreatMissingData: 'notBreaching',
            ...(tags === undefined ? {} : { Tags: upperTags(tags) }),
          }),
        ),
      op,
    )
  }

  get #wanted(): Record<string, unknown> {
    const { properties } = this
    return {
      description: properties.description,
      namespace: properties.namespace,
      metric: properties.metric,
      dimensions: Object.entries(properties.dimensions).map(dimensionText).sort(),
      statistic: properties.statistic,
      extendedStatistic: null,
      unit: null,
      periodSeconds: properties.periodSeconds,
      evaluationPeriods: properties.evaluationPeriods,
      datapointsToAlarm: null,
      threshold: properties.threshold,
      comparison: properties.comparison,
      missingData: 'notBreaching',
      metricMath: null,
      actionsEnabled: true,
      alarmActions: properties.actions().toSorted(),
      okActions: [],
      insufficientDataActions: [],
    }
  }
}

function observedProperties(alarm: MetricAlarm): Record<string, unknown> {
  return {
    description: alarm.AlarmDescription,
    namespace: alarm.Namespace,
    metric: alarm.MetricName,
    dimensions: (alarm.Dimensions ?? []).map(({ Name, Value }) => dimensionText([Name, Value])).sort(),
    statistic: alarm.Statistic,
    extendedStatistic: alarm.ExtendedStatistic,
    unit: alarm.Unit,
    periodSeconds: alarm.Period,
    evaluationPeriods: alarm.EvaluationPeriods,
    datapointsToAlarm: alarm.DatapointsToAlarm,
    threshold: alarm.Threshold,
    comparison: alarm.ComparisonOperator,
    missingData: alarm.TreatMissingData,
    metricMath: (alarm.Metrics ?? []).length === 0 ? undefined : alarm.Metrics,
    actionsEnabled: alarm.ActionsEnabled,
    alarmActions: (alarm.AlarmActions ?? []).toSorted(),
    okActions: (alarm.OKActions ?? []).toSorted(),
    insufficientDataActions: (alarm.InsufficientDataActions ?? []).toSorted(),
  }
}

function dimensionText([name, value]: [string | undefined, string | undefined]): string {
  return `${name ?? ''}=${value ?? ''}`
}
