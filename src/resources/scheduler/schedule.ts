import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
  type GetScheduleCommandOutput,
} from '@aws-sdk/client-scheduler'
import type { AwsContext } from '../../aws/context.js'
import { retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { canonical, diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { groupTags } from './schedule-group.js'

/** What a schedule starts. */
export interface ScheduleTarget {
  arn: string
  roleArn: string
  /** The input, as JSON. */
  input: object
  /** A queue for what could not be started. */
  deadLetterArn: string
  /** Given up after so many attempts or at that age, whichever is first. */
  retry: { attempts: number; ageSeconds: number }
}

export interface ScheduleProperties {
  /** Name of the group, which carries the tags. */
  group: string
  /** `cron(…)` of six fields, `rate(…)` or `at(…)`. */
  expression: string
  /** IANA, for example Europe/Stockholm. */
  timezone: string
  enabled: boolean
  target: () => ScheduleTarget
}

export interface ScheduleAttributes {
  arn: string
  name: string
}

interface ObservedSchedule extends Observed<ScheduleAttributes> {
  properties: Record<string, unknown>
}

const MISSING = 'ResourceNotFoundException'

/** A schedule of EventBridge Scheduler (spec §9.4). It has no tags: it is ours when its group is. */
export class Schedule extends AwsResource<ScheduleAttributes, ObservedSchedule> {
  readonly type = 'AWS::Scheduler::Schedule'
  readonly iamActions = [
    'iam:PassRole',
    'scheduler:CreateSchedule',
    'scheduler:DeleteSchedule',
    'scheduler:GetSchedule',
    'scheduler:ListTagsForResource',
    'scheduler:UpdateSchedule',
  ]

  readonly #scheduler: SchedulerClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: ScheduleProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#scheduler = aws.clients.of(SchedulerClient)
  }

  override get expectedPhysicalId(): string {
    return this.#attributes.arn
  }

  get #attributes(): ScheduleAttributes {
    const { group } = this.properties
    return { arn: this.aws.names.arn('scheduler', `schedule/${group}/${this.name}`), name: this.name }
  }

  get #place(): { GroupName: string; Name: string } {
    return { GroupName: this.properties.group, Name: this.name }
  }

  async read(): Promise<ObservedSchedule | undefined> {
    const schedule = await unlessMissing(this.#scheduler.send(new GetScheduleCommand(this.#place)), MISSING)
    if (schedule === undefined) return undefined
    const groupArn = this.aws.names.arn('scheduler', `schedule-group/${this.properties.group}`)
    return {
      physicalId: this.#attributes.arn,
      attributes: this.#attributes,
      owned: this.aws.owns(await groupTags(this.#scheduler, groupArn)),
      properties: observedProperties(schedule),
    }
  }

  diff(observed: ObservedSchedule): Change[] {
    const { enabled, expression, timezone } = this.properties
    const target = this.properties.target()
    return diffProperties(observed.properties, {
      expression,
      timezone,
      state: enabled ? 'ENABLED' : 'DISABLED',
      window: 'OFF',
      afterCompletion: 'NONE',
      // Not used: somebody who set one of them would keep the schedule from starting when it should.
      startDate: null,
      endDate: null,
      keyArn: null,
      target: { ...target, input: canonical(target.input) },
    })
  }

  async create(op: Operation): Promise<ScheduleAttributes> {
    await this.#retry(() => this.#scheduler.send(new CreateScheduleCommand(this.#desired)), op)
    return this.#attributes
  }

  /** UpdateSchedule replaces everything: what is left out, like dates that somebody set, falls back to AWS's default. */
  async update(
    observed: ObservedSchedule,
    _changes: readonly Change[],
    op: Operation,
  ): Promise<ScheduleAttributes> {
    await this.#retry(() => this.#scheduler.send(new UpdateScheduleCommand(this.#desired)), op)
    return observed.attributes
  }

  async delete(_observed: ObservedSchedule, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () => unlessMissing(this.#scheduler.send(new DeleteScheduleCommand(this.#place)), MISSING),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  get #desired(): CreateScheduleCommandInput {
    const { enabled, expression, timezone } = this.properties
    const { arn, deadLetterArn, input, retry, roleArn } = this.properties.target()
    return {
      ...this.#place,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: timezone,
      State: enabled ? 'ENABLED' : 'DISABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'NONE',
      Target: {
        Arn: arn,
        RoleArn: roleArn,
        Input: JSON.stringify(input),
        DeadLetterConfig: { Arn: deadLetterArn },
        RetryPolicy: { MaximumRetryAttempts: retry.attempts, MaximumEventAgeInSeconds: retry.ageSeconds },
      },
    }
  }

  #retry<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryConflict(() => retryPropagation(action, op), op)
  }
}

function observedProperties(schedule: GetScheduleCommandOutput): Record<string, unknown> {
  const { Target: target } = schedule
  return {
    expression: schedule.ScheduleExpression,
    timezone: schedule.ScheduleExpressionTimezone,
    state: schedule.State,
    window: schedule.FlexibleTimeWindow?.Mode,
    afterCompletion: schedule.ActionAfterCompletion ?? 'NONE',
    startDate: schedule.StartDate?.toISOString(),
    endDate: schedule.EndDate?.toISOString(),
    keyArn: schedule.KmsKeyArn,
    target: {
      arn: target?.Arn,
      roleArn: target?.RoleArn,
      input: canonicalText(target?.Input),
      deadLetterArn: target?.DeadLetterConfig?.Arn,
      retry: {
        attempts: target?.RetryPolicy?.MaximumRetryAttempts,
        ageSeconds: target?.RetryPolicy?.MaximumEventAgeInSeconds,
      },
    },
  }
}

/** Input that is no JSON was not written by us. */
function canonicalText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    return canonical(JSON.parse(text))
  } catch {
    return text
  }
}
