import {
  CreateScheduleGroupCommand,
  DeleteScheduleGroupCommand,
  GetScheduleGroupCommand,
  ListTagsForResourceCommand,
  SchedulerClient,
  TagResourceCommand,
  type GetScheduleGroupCommandOutput,
} from '@aws-sdk/client-scheduler'
import type { AwsContext } from '../../aws/context.js'
import { retryConflict, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'

export interface ScheduleGroupAttributes {
  arn: string
  name: string
}

interface ObservedScheduleGroup extends Observed<ScheduleGroupAttributes> {
  tags: Tags
}

const MISSING = 'ResourceNotFoundException'
const DELETE_MS = 300_000

/**
 * A group of EventBridge Scheduler (spec §9.4). The schedules in it have no tags: whose they are, the group says. Deleting it
 * deletes them.
 */
export class ScheduleGroup extends AwsResource<ScheduleGroupAttributes, ObservedScheduleGroup> {
  readonly type = 'AWS::Scheduler::ScheduleGroup'
  readonly iamActions = [
    'scheduler:CreateScheduleGroup',
    'scheduler:DeleteSchedule',
    'scheduler:DeleteScheduleGroup',
    'scheduler:GetScheduleGroup',
    'scheduler:ListTagsForResource',
    'scheduler:TagResource',
  ]

  readonly #scheduler: SchedulerClient

  constructor(aws: AwsContext, id: string, name: string, options: ResourceOptions = {}) {
    super(aws, id, name, options)
    this.#scheduler = aws.clients.of(SchedulerClient)
  }

  override get expectedPhysicalId(): string {
    return this.#attributes.arn
  }

  get #attributes(): ScheduleGroupAttributes {
    return { arn: this.aws.names.arn('scheduler', `schedule-group/${this.name}`), name: this.name }
  }

  /** One that is on its way out is as good as gone: a new one of its name can be asked for, and is waited for. */
  async read(): Promise<ObservedScheduleGroup | undefined> {
    const group = await this.#describe()
    if (group === undefined || group.State === 'DELETING') return undefined
    const tags = await groupTags(this.#scheduler, this.#attributes.arn)
    return {
      physicalId: this.#attributes.arn,
      attributes: this.#attributes,
      owned: this.aws.owns(tags),
      tags,
    }
  }

  diff(observed: ObservedScheduleGroup): Change[] {
    return diffTags(observed.tags, this.tags)
  }

  async create(op: Operation): Promise<ScheduleGroupAttributes> {
    await retryConflict(
      () =>
        this.#scheduler.send(new CreateScheduleGroupCommand({ Name: this.name, Tags: upperTags(this.tags) })),
      op,
    )
    return this.#attributes
  }

  async update(
    observed: ObservedScheduleGroup,
    _changes: readonly Change[],
    op: Operation,
  ): Promise<ScheduleGroupAttributes> {
    await retryConflict(
      () =>
        this.#scheduler.send(
          new TagResourceCommand({ ResourceArn: observed.attributes.arn, Tags: upperTags(this.tags) }),
        ),
      op,
    )
    return observed.attributes
  }

  async delete(_observed: ObservedScheduleGroup, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () => unlessMissing(this.#scheduler.send(new DeleteScheduleGroupCommand({ Name: this.name })), MISSING),
      op,
    )
    if (gone === undefined) return { status: 'absent' }
    await waitFor(
      {
        what: `schedule group ${this.name} to be gone`,
        poll: () => this.#describe(),
        check: (group) => (group === undefined ? 'done' : 'pending'),
        timeoutMs: DELETE_MS,
      },
      op,
    )
    return { status: 'deleted' }
  }

  #describe(): Promise<GetScheduleGroupCommandOutput | undefined> {
    return unlessMissing(this.#scheduler.send(new GetScheduleGroupCommand({ Name: this.name })), MISSING)
  }
}

/** The tags of a group; none when it is gone. */
export async function groupTags(scheduler: SchedulerClient, arn: string): Promise<Tags> {
  const tagged = await unlessMissing(
    scheduler.send(new ListTagsForResourceCommand({ ResourceArn: arn })),
    MISSING,
  )
  return fromTagList(tagged?.Tags)
}
