import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  ListTagsForResourceCommand,
  SFNClient,
  TagResourceCommand,
  UpdateStateMachineCommand,
  type DescribeStateMachineCommandOutput,
  type LogLevel,
} from '@aws-sdk/client-sfn'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, lowerTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'
import { diffDefinition } from './definition.js'
import { stopExecutions } from './executions.js'
import {
  configuration,
  machineProperties,
  observedProperties,
  type MachineProperties,
  type ObservedMachineProperties,
} from './machine-properties.js'

export interface StateMachineProperties {
  /** Amazon States Language, as JSON text. */
  definition: () => string
  roleArn: () => string
  /** With or without the trailing `:*` that Step Functions wants. */
  logGroupArn: () => string
  logLevel: LogLevel
  /** X-Ray. */
  tracing: boolean
  /** Without it AWS encrypts with a key of its own. */
  keyArn?: () => string
}

export interface StateMachineAttributes {
  arn: string
}

interface ObservedStateMachine extends Observed<StateMachineAttributes> {
  definition: string
  properties: ObservedMachineProperties
  tags: Tags
}

/** Logging and managed rules are refused until the role's policies are visible: up to 5 min (spec §9.2, §14). */
const PROPAGATION_MS = 300_000
const DELETE_MS = 300_000
const UPDATE_MS = 120_000

/** A Step Functions state machine of type STANDARD (spec §9.2). */
export class StateMachine extends AwsResource<StateMachineAttributes, ObservedStateMachine> {
  readonly type = 'AWS::StepFunctions::StateMachine'
  readonly iamActions = [
    'iam:PassRole',
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:GenerateDataKey',
    'states:CreateStateMachine',
    'states:DeleteStateMachine',
    'states:DescribeStateMachine',
    'states:ListExecutions',
    'states:ListTagsForResource',
    'states:StopExecution',
    'states:TagResource',
    'states:UpdateStateMachine',
  ]

  readonly #sfn: SFNClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: StateMachineProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#sfn = aws.clients.of(SFNClient)
  }

  override get expectedPhysicalId(): string {
    return this.#arn
  }

  get #arn(): string {
    return this.aws.names.arn('states', `stateMachine:${this.name}`)
  }

  async read(): Promise<ObservedStateMachine | undefined> {
    const machine = await this.#describe()
    if (machine === undefined) return undefined
    const tagged = await unlessMissing(
      this.#sfn.send(new ListTagsForResourceCommand({ resourceArn: this.#arn })),
      'ResourceNotFound',
    )
    const tags = fromTagList(tagged?.tags)
    return {
      physicalId: this.#arn,
      attributes: { arn: this.#arn },
      owned: this.aws.owns(tags),
      definition: machine.definition ?? '',
      properties: observedProperties(machine),
      tags,
    }
  }

  diff(observed: ObservedStateMachine): Change[] {
    // A machine on its way out is as good as gone, and nothing else of it matters.
    if (observed.properties.status === 'DELETING') {
      return diffProperties(observed.properties, { status: 'ACTIVE' })
    }
    return [
      ...diffProperties(observed.properties, this.#wanted, { replaces: ['type'] }),
      ...diffDefinition(observed.definition, this.properties.definition()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** Idempotent for the same definition and settings; the name of one that is being deleted is waited for. */
  async create(op: Operation): Promise<StateMachineAttributes> {
    await this.#retry(
      () =>
        this.#sfn.send(
          new CreateStateMachineCommand({
            name: this.name,
            type: 'STANDARD',
            definition: this.properties.definition(),
            roleArn: this.properties.roleArn(),
            ...configuration(this.#wanted),
            tags: lowerTags(this.tags),
          }),
        ),
      op,
    )
    return { arn: this.#arn }
  }

  async update(
    observed: ObservedStateMachine,
    changes: readonly Change[],
    op: Operation,
  ): Promise<StateMachineAttributes> {
    const changed = (path: string) => changes.some((change) => change.path.startsWith(path))
    if (changed('status')) {
      await this.#waitUntilGone(op)
      return this.create(op)
    }
    if (changes.some((change) => !change.path.startsWith('tags.'))) {
      const { loggingConfiguration, tracingConfiguration, encryptionConfiguration } = configuration(
        this.#wanted,
      )
      await this.#retry(
        () =>
          this.#sfn.send(
            new UpdateStateMachineCommand({
              stateMachineArn: this.#arn,
              // The role always: AWS wants it or the definition, whatever else changes.
              roleArn: this.properties.roleArn(),
              ...(changed('definition') ? { definition: this.properties.definition() } : {}),
              ...(changed('logging') ? { loggingConfiguration } : {}),
              ...(changed('tracing') ? { tracingConfiguration } : {}),
              ...(changed('encryption') ? { encryptionConfiguration } : {}),
            }),
          ),
        op,
      )
      await this.#waitUntilUpdated(op)
    }
    if (changed('tags')) {
      await this.#sfn.send(new TagResourceCommand({ resourceArn: this.#arn, tags: lowerTags(this.tags) }))
    }
    return observed.attributes
  }

  /** Stops what runs, because an execution would otherwise go on until its next step, and its task until its end. */
  async delete(_observed: ObservedStateMachine, op: Operation): Promise<Deletion> {
    await stopExecutions(this.#sfn, this.#arn)
    await retryConflict(
      () => this.#sfn.send(new DeleteStateMachineCommand({ stateMachineArn: this.#arn })),
      op,
    )
    await this.#waitUntilGone(op)
    return { status: 'deleted' }
  }

  async #describe(): Promise<DescribeStateMachineCommandOutput | undefined> {
    const describe = (includedData?: 'METADATA_ONLY') =>
      unlessMissing(
        this.#sfn.send(new DescribeStateMachineCommand({ stateMachineArn: this.#arn, includedData })),
        'StateMachineDoesNotExist',
      )
    try {
      return await describe()
    } catch (error) {
      // Its key is disabled or about to be deleted: it must still be found, to be removed.
      if (isAwsError(error, 'KmsInvalidStateException')) return describe('METADATA_ONLY')
      throw error
    }
  }

  /** New starts may use the old definition until the new one is what AWS describes (spec §9.2). */
  async #waitUntilUpdated(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `state machine ${this.name} to show its update`,
        poll: () => this.#describe(),
        check: (machine) => {
          if (machine === undefined) return { failed: 'it was deleted meanwhile.' }
          const differs =
            diffProperties(observedProperties(machine), this.#wanted).length > 0 ||
            diffDefinition(machine.definition ?? '', this.properties.definition()).length > 0
          return differs ? 'pending' : 'done'
        },
        timeoutMs: UPDATE_MS,
      },
      op,
    )
  }

  async #waitUntilGone(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `state machine ${this.name} to be gone`,
        poll: () => this.#describe(),
        check: (machine) => (machine === undefined ? 'done' : 'pending'),
        timeoutMs: DELETE_MS,
      },
      op,
    )
  }

  #retry<T>(action: () => Promise<T>, op: Operation): Promise<T> {
    return retryConflict(() => retryPropagation(action, op, PROPAGATION_MS), op)
  }

  get #wanted(): MachineProperties {
    const { keyArn, logGroupArn, logLevel, roleArn, tracing } = this.properties
    return machineProperties({
      roleArn: roleArn(),
      logGroupArn: logGroupArn(),
      logLevel,
      tracing,
      keyArn: keyArn?.(),
    })
  }
}
