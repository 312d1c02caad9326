import {
  CloudWatchLogsClient,
  DeleteResourcePolicyCommand,
  DescribeResourcePoliciesCommand,
  PutResourcePolicyCommand,
  type ResourcePolicy,
} from '@aws-sdk/client-cloudwatch-logs'
import type { AwsContext } from '../../aws/context.js'
import { normalizePolicy, type PolicyDocument } from '../../aws/policy.js'
import { retryConflict, unlessMissing } from '../../aws/retry.js'
import type { Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { diffPolicy } from '../policy-diff.js'
import { AwsResource } from '../resource.js'

export interface LogResourcePolicyProperties {
  /** The log group it is on, without the trailing `:*`; known before the group exists. */
  logGroupArn: string
  policy: () => PolicyDocument
}

export interface LogResourcePolicyAttributes {
  policyName: string
}

interface ObservedLogResourcePolicy extends Observed<LogResourcePolicyAttributes> {
  policy: unknown
  /** Every change names the revision it replaces, so that two at once do not overwrite each other. */
  revision: string | undefined
}

const GONE = 'ResourceNotFoundException'

/**
 * Which service may write to a log group. It is on the group itself, not on the account, where only ten policies fit
 * (spec §10), and goes with the group. It has no tags: the group says whose it is.
 */
export class LogResourcePolicy extends AwsResource<LogResourcePolicyAttributes, ObservedLogResourcePolicy> {
  readonly type = 'AWS::Logs::ResourcePolicy'
  readonly iamActions = [
    'logs:DeleteResourcePolicy',
    'logs:DescribeResourcePolicies',
    'logs:PutResourcePolicy',
  ]

  readonly #logs: CloudWatchLogsClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: LogResourcePolicyProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#logs = aws.clients.of(CloudWatchLogsClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  async read(): Promise<ObservedLogResourcePolicy | undefined> {
    const found = await this.#find()
    if (found === undefined) return undefined
    return {
      physicalId: this.name,
      attributes: { policyName: this.name },
      owned: true,
      policy: normalizePolicy(found.policyDocument),
      revision: found.revisionId,
    }
  }

  diff(observed: ObservedLogResourcePolicy): Change[] {
    return diffPolicy('policy', observed.policy, this.properties.policy())
  }

  create(op: Operation): Promise<LogResourcePolicyAttributes> {
    return this.#put(undefined, op)
  }

  update(
    observed: ObservedLogResourcePolicy,
    _changes: readonly Change[],
    op: Operation,
  ): Promise<LogResourcePolicyAttributes> {
    return this.#put(observed.revision, op)
  }

  async delete({ revision }: ObservedLogResourcePolicy, op: Operation): Promise<Deletion> {
    const gone = await retryConflict(
      () =>
        unlessMissing(
          this.#logs.send(
            new DeleteResourcePolicyCommand({
              policyName: this.name,
              resourceArn: this.properties.logGroupArn,
              ...(revision === undefined ? {} : { expectedRevisionId: revision }),
            }),
          ),
          GONE,
        ),
      op,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  async #put(revision: string | undefined, op: Operation): Promise<LogResourcePolicyAttributes> {
    await retryConflict(
      () =>
        this.#logs.send(
          new PutResourcePolicyCommand({
            policyName: this.name,
            policyDocument: JSON.stringify(this.properties.policy()),
            resourceArn: this.properties.logGroupArn,
            ...(revision === undefined ? {} : { expectedRevisionId: revision }),
          }),
        ),
      op,
    )
    return { policyName: this.name }
  }

  async #find(): Promise<ResourcePolicy | undefined> {
    let nextToken: string | undefined
    do {
      const page = await unlessMissing(
        this.#logs.send(
          new DescribeResourcePoliciesCommand({
            resourceArn: this.properties.logGroupArn,
            policyScope: 'RESOURCE',
            ...(nextToken === undefined ? {} : { nextToken }),
          }),
        ),
        // There is no such log group.
        GONE,
      )
      const found = page?.resourcePolicies?.find(({ policyName }) => policyName === this.name)
      if (found !== undefined) return found
      nextToken = page?.nextToken
    } while (nextToken !== undefined)
    return undefined
  }
}
