import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import type { AwsContext } from '../../aws/context.js'
import { normalizePolicy, type PolicyDocument } from '../../aws/policy.js'
import { isAwsError, retryConflict, retryNotFound, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import { foreignError } from '../../engine/refusals.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile, waitFor } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'
import { diffPolicy } from '../policy-diff.js'
import { INLINE_LIMIT, policyText, TRUST_LIMIT } from './policy-size.js'
import { ROLE_ACTIONS } from './role-actions.js'
import {
  attachedPolicyArns,
  deleteInlinePolicies,
  detachPolicies,
  inlinePolicyNames,
  leaveInstanceProfiles,
} from './role-policies.js'

export interface RoleProperties {
  /** Who may assume it. */
  trust: () => PolicyDocument
  /** What it may do: its only policy, inline. */
  policy: () => PolicyDocument
  /** ARN of a managed policy. Left out: not ours to say. */
  permissionsBoundary?: string
  description: string
}

export interface RoleAttributes {
  roleName: string
  arn: string
}

interface ObservedRole extends Observed<RoleAttributes> {
  properties: {
    description: string | undefined
    permissionsBoundary: string | undefined
    /** Inline policies beside ours, by name. */
    inlinePolicies: string[]
    /** Managed policies, by ARN. */
    attachedPolicies: string[]
  }
  trust: unknown
  policy: unknown
  maxSessionSeconds: number | undefined
  tags: Tags
}

/** The name of the one inline policy. */
const POLICY_NAME = 'datapipe'
const GONE = 'NoSuchEntityException'

/**
 * An IAM role with one inline policy (spec §6). Always changed in place: a role that is created again has a new internal
 * id, and the policies that named the old one stop working silently. What others granted it beside is removed.
 */
export class Role extends AwsResource<RoleAttributes, ObservedRole> {
  readonly type = 'AWS::IAM::Role'
  readonly iamActions = ROLE_ACTIONS

  readonly #iam: IAMClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: RoleProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#iam = aws.clients.of(IAMClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  /** Known from the name alone, before the role exists. */
  override get attributes(): RoleAttributes {
    return {
      roleName: this.name,
      arn: `arn:${this.aws.partition}:iam::${this.aws.account}:role/${this.name}`,
    }
  }

  /** The services of its trust policy: what it may be passed to. */
  get trustedServices(): string[] {
    const services = this.properties
      .trust()
      .Statement.flatMap(({ Principal: principal }) =>
        typeof principal === 'object' ? (principal.Service ?? []) : [],
      )
    return [...new Set(services)].sort()
  }

  async read(): Promise<ObservedRole | undefined> {
    const [found, inline, names, attached] = await Promise.all([
      unlessMissing(this.#iam.send(new GetRoleCommand({ RoleName: this.name })), GONE),
      unlessMissing(
        this.#iam.send(new GetRolePolicyCommand({ RoleName: this.name, PolicyName: POLICY_NAME })),
        GONE,
      ),
      unlessMissing(inlinePolicyNames(this.#iam, this.name), GONE),
      unlessMissing(attachedPolicyArns(this.#iam, this.name), GONE),
    ])
    const role = found?.Role
    if (role === undefined) return undefined
    const tags = fromTagList(role.Tags)
    return {
      physicalId: this.name,
      attributes: this.attributes,
      owned: this.aws.owns(tags),
      properties: {
        description: role.Description,
        permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
        inlinePolicies: (names ?? []).filter((name) => name !== POLICY_NAME),
        attachedPolicies: attached ?? [],
      },
      trust: normalizePolicy(role.AssumeRolePolicyDocument),
      policy: normalizePolicy(inline?.PolicyDocument),
      maxSessionSeconds: role.MaxSessionDuration,
      tags,
    }
  }

  diff(observed: ObservedRole): Change[] {
    return [
      ...diffProperties(observed.properties, {
        description: this.properties.description,
        permissionsBoundary: this.properties.permissionsBoundary,
        inlinePolicies: [],
        attachedPolicies: [],
      }),
      ...diffPolicy('trust', observed.trust, this.properties.trust()),
      ...diffPolicy('policy', observed.policy, this.properties.policy()),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** @throws DatapipeError POLICY_TOO_LARGE, FOREIGN_RESOURCE */
  async create(op: Operation): Promise<RoleAttributes> {
    // Both are checked before anything is made.
    const trust = this.#trustText()
    this.#policyText()
    const input = {
      RoleName: this.name,
      AssumeRolePolicyDocument: trust,
      Description: this.properties.description,
      PermissionsBoundary: this.properties.permissionsBoundary,
      Tags: upperTags(this.tags),
    }
    const create = () => retryPropagation(() => this.#iam.send(new CreateRoleCommand(input)), op)
    const created = await unlessMissing(retryConflict(create, op), 'EntityAlreadyExistsException')
    if (created === undefined) return this.#takeOver(op)
    await this.#putPolicy(op)
    return this.attributes
  }

  /** @throws DatapipeError POLICY_TOO_LARGE */
  async update(observed: ObservedRole, changes: readonly Change[], op: Operation): Promise<RoleAttributes> {
    const { inlinePolicies, attachedPolicies } = observed.properties
    const RoleName = this.name
    const changed = (path: string) =>
      changes.some((change) => change.path === path || change.path.startsWith(`${path}.`))
    const send = <T>(action: () => Promise<T>) => retryConflict(() => retryPropagation(action, op), op)

    // What was granted beside goes first: until then the role may do too much.
    if (changed('inlinePolicies')) await deleteInlinePolicies(this.#iam, RoleName, inlinePolicies)
    if (changed('attachedPolicies')) await detachPolicies(this.#iam, RoleName, attachedPolicies)
    if (changed('permissionsBoundary')) {
      const PermissionsBoundary = this.properties.permissionsBoundary
      await send(() =>
        this.#iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })),
      )
    }
    if (changed('trust')) {
      const PolicyDocument = this.#trustText()
      await send(() => this.#iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })))
    }
    if (changed('policy')) await this.#putPolicy(op)
    if (changed('description')) {
      await send(() =>
        this.#iam.send(
          new UpdateRoleCommand({
            RoleName,
            Description: this.properties.description,
            // Left out, IAM would set it back to an hour.
            MaxSessionDuration: observed.maxSessionSeconds,
          }),
        ),
      )
    }
    if (changed('tags')) {
      await send(() => this.#iam.send(new TagRoleCommand({ RoleName, Tags: upperTags(this.tags) })))
    }
    return this.attributes
  }

  async delete(_observed: ObservedRole, op: Operation): Promise<Deletion> {
    const gone = await unlessMissing(
      retryWhile(
        async () => {
          await detachPolicies(this.#iam, this.name, await attachedPolicyArns(this.#iam, this.name))
          await deleteInlinePolicies(this.#iam, this.name, await inlinePolicyNames(this.#iam, this.name))
          await leaveInstanceProfiles(this.#iam, this.name)
          return this.#iam.send(new DeleteRoleCommand({ RoleName: this.name }))
        },
        {
          what: `waiting for IAM to let go of what role ${this.name} had`,
          retryable: (error) =>
            isAwsError(error, 'DeleteConflictException', 'ConcurrentModificationException'),
          timeoutMs: 60_000,
        },
        op,
      ),
      GONE,
    )
    return { status: gone === undefined ? 'absent' : 'deleted' }
  }

  /** IAM is eventually consistent: the read may have missed a role that a killed run made seconds ago. */
  async #takeOver(op: Operation): Promise<RoleAttributes> {
    const observed = await waitFor(
      {
        what: `role ${this.name} to be readable`,
        poll: () => this.read(),
        check: (seen) => (seen === undefined ? 'pending' : 'done'),
        timeoutMs: 60_000,
      },
      op,
    )
    if (observed?.owned !== true) {
      throw foreignError(this, { physicalId: this.name, attributes: this.attributes, owned: false })
    }
    return this.update(observed, this.diff(observed), op)
  }

  #trustText(): string {
    return policyText(this.properties.trust(), `trust policy of role ${this.name}`, TRUST_LIMIT)
  }

  #policyText(): string {
    return policyText(this.properties.policy(), `policy of role ${this.name}`, INLINE_LIMIT)
  }

  async #putPolicy(op: Operation): Promise<void> {
    const PolicyDocument = this.#policyText()
    await retryNotFound(
      () =>
        retryConflict(
          () =>
            this.#iam.send(
              new PutRolePolicyCommand({ RoleName: this.name, PolicyName: POLICY_NAME, PolicyDocument }),
            ),
          op,
        ),
      'waiting for IAM to see the new role',
      op,
      GONE,
    )
  }
}
