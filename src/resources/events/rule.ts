import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTagsForResourceCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
} from '@aws-sdk/client-eventbridge'
import type { AwsContext } from '../../aws/context.js'
import { retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { canonical, diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { AwsResource } from '../resource.js'
import { assertNoneFailed, diffTargets, listTargets, toAws, type Target } from './targets.js'

export interface EventRuleProperties {
  pattern: () => object
  /** At most five. */
  targets: () => Target[]
}

export interface EventRuleAttributes {
  arn: string
  name: string
}

interface ObservedEventRule extends Observed<EventRuleAttributes> {
  properties: {
    state: string | undefined
    /** Canonical JSON text. */
    pattern: string | undefined
  }
  targets: Target[]
  tags: Tags
}

/** An EventBridge rule on the default bus, with its targets (spec §9.1). */
export class EventRule extends AwsResource<EventRuleAttributes, ObservedEventRule> {
  readonly type = 'AWS::Events::Rule'
  readonly iamActions = [
    'events:DeleteRule',
    'events:DescribeRule',
    'events:ListTagsForResource',
    'events:ListTargetsByRule',
    'events:PutRule',
    'events:PutTargets',
    'events:RemoveTargets',
    'events:TagResource',
    'iam:PassRole',
  ]

  readonly #events: EventBridgeClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: EventRuleProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#events = aws.clients.of(EventBridgeClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  get #attributes(): EventRuleAttributes {
    return { arn: this.aws.names.arn('events', `rule/${this.name}`), name: this.name }
  }

  async read(): Promise<ObservedEventRule | undefined> {
    const rule = await unlessMissing(
      this.#events.send(new DescribeRuleCommand({ Name: this.name })),
      'ResourceNotFoundException',
    )
    if (rule === undefined) return undefined
    const [targets, tagged] = await Promise.all([
      listTargets(this.#events, this.name),
      unlessMissing(
        this.#events.send(new ListTagsForResourceCommand({ ResourceARN: this.#attributes.arn })),
        'ResourceNotFoundException',
      ),
    ])
    const tags = fromTagList(tagged?.Tags)
    return {
      physicalId: this.name,
      attributes: this.#attributes,
      owned: this.aws.owns(tags),
      properties: {
        state: rule.State,
        pattern: rule.EventPattern === undefined ? undefined : canonical(JSON.parse(rule.EventPattern)),
      },
      targets,
      tags,
    }
  }

  diff(observed: ObservedEventRule): Change[] {
    return [
      ...diffProperties(observed.properties, {
        state: 'ENABLED',
        pattern: canonical(this.properties.pattern()),
      }),
      ...diffTargets(observed.targets, this.properties.targets()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  async create(op: Operation): Promise<EventRuleAttributes> {
    await this.#putRule(op, upperTags(this.tags))
    await this.#putTargets(this.properties.targets(), op)
    return this.#attributes
  }

  async update(
    observed: ObservedEventRule,
    changes: readonly Change[],
    op: Operation,
  ): Promise<EventRuleAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('state') || changed('pattern')) await this.#putRule(op)
    if (changed('targets')) {
      const wanted = this.properties.targets()
      const different = wanted.filter(({ id }) =>
        changes.some(({ path }) => path === `targets.${id}` || path.startsWith(`targets.${id}.`)),
      )
      if (different.length > 0) await this.#putTargets(different, op)
      const superfluous = observed.targets.filter((target) => wanted.every(({ id }) => id !== target.id))
      await this.#removeTargets(superfluous, op)
    }
    // PutRule ignores tags when the rule exists (spec §1.5).
    if (changed('tags')) {
      await this.#events.send(
        new TagResourceCommand({ ResourceARN: this.#attributes.arn, Tags: upperTags(this.tags) }),
      )
    }
    return observed.attributes
  }

  async delete(observed: ObservedEventRule, op: Operation): Promise<Deletion> {
    await this.#removeTargets(observed.targets, op)
    const gone = await retryConflict(
      () =>
        unlessMissing(
          this.#events.send(new DeleteRuleCommand({ Name: this.name })),
          'ResourceNotFoundException',
        ),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  /** A full replace: what is not sent becomes null (spec §1.6). */
  async #putRule(op: Operation, tags?: { Key: string; Value: string }[]): Promise<void> {
    await retryConflict(
      () =>
        this.#events.send(
          new PutRuleCommand({
            Name: this.name,
            EventPattern: JSON.stringify(this.properties.pattern()),
            State: 'ENABLED',
            Tags: tags,
          }),
        ),
      op,
    )
  }

  async #putTargets(targets: Target[], op: Operation): Promise<void> {
    await this.#retry(async () => {
      const answer = await this.#events.send(
        new PutTargetsCommand({ Rule: this.name, Targets: targets.map(toAws) }),
      )
      assertNoneFailed(
        `set the targets of the rule ${this.name}`,
        answer.FailedEntryCount,
        answer.FailedEntries,
      )
    }, op)
  }

  async #removeTargets(targets: Target[], op: Operation): Promise<void> {
    if (targets.length === 0) return
    await this.#retry(async () => {
      const answer = await unlessMissing(
        this.#events.send(
          new RemoveTargetsCommand({ Rule: this.name, Ids: targets.map((target) => target.id) }),
        ),
        'ResourceNotFoundException',
      )
      assertNoneFailed(
        `remove the targets of the rule ${this.name}`,
        answer?.FailedEntryCount,
        answer?.FailedEntries,
      )
    }, op)
  }

  #retry<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryConflict(() => retryPropagation(action, op), op)
  }
}
