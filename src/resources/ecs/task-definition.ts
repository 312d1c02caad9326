import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  paginateListTaskDefinitions,
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  type DescribeTaskDefinitionCommandOutput,
} from '@aws-sdk/client-ecs'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryPropagation } from '../../aws/retry.js'
import { diffTags, fromTagList, lowerTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { messageOf } from '../../errors.js'
import { AwsResource } from '../resource.js'
import {
  desiredProperties,
  observedProperties,
  registration,
  type ResolvedTaskProperties,
} from './task-properties.js'

export interface TaskDefinitionProperties {
  /** CPU units: 1024 is one vCPU. */
  cpu: number
  /** MiB; must be one that Fargate offers for the CPU. */
  memory: number
  /** Scratch disk, 20 to 200 GiB. */
  ephemeralGiB: number
  architecture: 'arm64' | 'x86_64'
  /** Image with digest, so that a revision always runs the same code. */
  image: () => string
  environment: () => Record<string, string>
  executionRoleArn: () => string
  taskRoleArn: () => string
  logGroup: () => string
}

export interface TaskDefinitionAttributes {
  /** Of the newest revision: `…:task-definition/<family>:<revision>`. */
  arn: string
  family: string
  /** Without revision: whoever runs it gets the newest. */
  familyArn: string
}

interface ObservedTaskDefinition extends Observed<TaskDefinitionAttributes> {
  properties: Record<string, unknown>
  tags: Tags
}

/** Revisions kept, so that an execution that started before an update still finds its own. */
const KEEP_REVISIONS = 5

/**
 * The task definition of the transform (spec §8.2). AWS never changes a revision: an update registers a new one and
 * removes those beyond the newest five.
 */
export class TaskDefinition extends AwsResource<TaskDefinitionAttributes, ObservedTaskDefinition> {
  readonly type = 'AWS::ECS::TaskDefinition'
  readonly iamActions = [
    'ecs:DeleteTaskDefinitions',
    'ecs:DeregisterTaskDefinition',
    'ecs:DescribeTaskDefinition',
    'ecs:ListTaskDefinitions',
    'ecs:RegisterTaskDefinition',
    'ecs:TagResource',
    'iam:PassRole',
  ]

  readonly #ecs: ECSClient

  /** @param name the family */
  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: TaskDefinitionProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#ecs = aws.clients.of(ECSClient)
  }

  /** The family: AWS counts its revisions. */
  override get expectedPhysicalId(): string {
    return this.#familyArn
  }

  /**
   * The newest active revision. A run that was cut off while it removed the last one leaves it INACTIVE, out of sight and
   * for ever: that one counts as present too, so that the next run deletes it.
   */
  async read(): Promise<ObservedTaskDefinition | undefined> {
    const active = await this.#describe(this.name)
    if (active?.taskDefinition?.status === 'ACTIVE') return this.#observe(active)
    const [newest] = await this.#list('INACTIVE')
    const inactive = newest === undefined ? undefined : await this.#describe(newest)
    const observed = inactive === undefined ? undefined : this.#observe(inactive)
    // Others may have used the family before us: what they deregistered does not make it theirs.
    return observed?.owned ? observed : undefined
  }

  diff(observed: ObservedTaskDefinition): Change[] {
    if (observed.properties.status !== 'ACTIVE') {
      return diffProperties(observed.properties, { status: 'ACTIVE' })
    }
    return [
      ...diffProperties(observed.properties, desiredProperties(this.#resolved, observed.properties)),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<TaskDefinitionAttributes> {
    const arn = await retryPropagation(async () => {
      const { taskDefinition } = await this.#ecs.send(
        new RegisterTaskDefinitionCommand({ ...registration(this.#resolved), tags: lowerTags(this.tags) }),
      )
      return taskDefinition?.taskDefinitionArn ?? ''
    }, op)
    return this.#attributes(arn)
  }

  async update(
    observed: ObservedTaskDefinition,
    changes: readonly Change[],
    op: Operation,
  ): Promise<TaskDefinitionAttributes> {
    if (changes.every((change) => change.path.startsWith('tags.'))) {
      await this.#ecs.send(
        new TagResourceCommand({ resourceArn: observed.attributes.arn, tags: lowerTags(this.tags) }),
      )
      return observed.attributes
    }
    const attributes = await this.create(op)
    const active = await this.#list('ACTIVE')
    // What cannot be deleted now is INACTIVE, does no harm, and is tried again by the next update.
    await this.#remove(active.slice(KEEP_REVISIONS))
    return attributes
  }

  /** All revisions. The newest goes last: while it is there, a run that was cut off is found and continued. */
  async delete(): Promise<Deletion> {
    const [newest, ...older] = await this.#list('ACTIVE')
    const first = older.length > 0 ? await this.#remove(older) : { deleted: 0, failed: [] }
    const last = await this.#remove(newest === undefined ? [] : [newest])
    if (last.failed.length > 0) return { status: 'blocked', by: last.failed }
    return { status: first.deleted + last.deleted > 0 ? 'deleted' : 'absent' }
  }

  async #describe(taskDefinition: string): Promise<DescribeTaskDefinitionCommandOutput | undefined> {
    try {
      return await this.#ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }))
    } catch (error) {
      // ECS has no "not found" class for this.
      const missing =
        isAwsError(error, 'ClientException') && /unable to describe task definition/i.test(messageOf(error))
      if (missing) return undefined
      throw error
    }
  }

  #observe({ taskDefinition, tags: list }: DescribeTaskDefinitionCommandOutput): ObservedTaskDefinition {
    const arn = taskDefinition?.taskDefinitionArn ?? ''
    const tags = fromTagList(list)
    return {
      physicalId: arn,
      attributes: this.#attributes(arn),
      owned: this.aws.owns(tags),
      properties: observedProperties(taskDefinition ?? {}),
      tags,
    }
  }

  /** Revisions of exactly this family, newest first. */
  async #list(status: 'ACTIVE' | 'INACTIVE'): Promise<string[]> {
    const found: string[] = []
    for await (const page of paginateListTaskDefinitions(
      { client: this.#ecs },
      { familyPrefix: this.name, status, sort: 'DESC' },
    )) {
      found.push(...(page.taskDefinitionArns ?? []))
    }
    return found
      .filter((arn) => arn.startsWith(`${this.#familyArn}:`))
      .sort((a, b) => revisionOf(b) - revisionOf(a))
  }

  /**
   * Deregisters, then deletes, together with whatever an earlier run deregistered and did not delete.
   * @returns how many are gone, and what could not be deleted with the reason
   */
  async #remove(revisions: string[]): Promise<{ deleted: number; failed: string[] }> {
    for (const taskDefinition of revisions) {
      await this.#ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }))
    }
    const inactive = [...new Set([...revisions, ...(await this.#list('INACTIVE'))])]
    const failed: string[] = []
    // DeleteTaskDefinitions takes 10 at a time (spec §8.2).
    for (let start = 0; start < inactive.length; start += 10) {
      const { failures } = await this.#ecs.send(
        new DeleteTaskDefinitionsCommand({ taskDefinitions: inactive.slice(start, start + 10) }),
      )
      for (const failure of failures ?? []) {
        if (/does not exist/i.test(failure.reason ?? '')) continue
        failed.push(`${failure.arn ?? 'a revision'}: ${failure.reason ?? 'no reason given'}`)
      }
    }
    return { deleted: inactive.length - failed.length, failed }
  }

  get #familyArn(): string {
    return this.aws.names.arn('ecs', `task-definition/${this.name}`)
  }

  #attributes(arn: string): TaskDefinitionAttributes {
    return { arn, family: this.name, familyArn: this.#familyArn }
  }

  get #resolved(): ResolvedTaskProperties {
    const { properties } = this
    return {
      family: this.name,
      region: this.aws.region,
      cpu: properties.cpu,
      memory: properties.memory,
      ephemeralGiB: properties.ephemeralGiB,
      architecture: properties.architecture,
      image: properties.image(),
      environment: properties.environment(),
      executionRoleArn: properties.executionRoleArn(),
      taskRoleArn: properties.taskRoleArn(),
      logGroup: properties.logGroup(),
    }
  }
}

function revisionOf(arn: string): number {
  return Number(arn.slice(arn.lastIndexOf(':') + 1))
}
