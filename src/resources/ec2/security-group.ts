import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  paginateDescribeSecurityGroups,
  type SecurityGroup as Ec2SecurityGroup,
  type SecurityGroupRule,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, TAG, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { DatapipeError } from '../../errors.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { interfacesHolding } from './holders.js'
import { collect } from './pages.js'
import { securityGroupsInPlace } from './lost-tags.js'
import { withinQuota } from '../../aws/quotas.js'
import { addRule, putRules, type GroupRules } from './rule-changes.js'
import { observedRules, wantedRules, type RuleSet } from './rule-set.js'
import { foreignReferences, releaseReferences } from './security-group-references.js'
import { listRules, revokeBirthEgress, type Direction, type Rule } from './security-group-rules.js'
import { filter, present } from './tagged.js'

export interface SecurityGroupProperties {
  vpcId: () => string
  /** Cannot be changed: another one replaces the group. */
  description: string
  ingress: Rule[]
  /** Left out: a SecurityGroupEgress says what they are; the group is made without any. */
  egress?: Rule[]
}

export interface SecurityGroupAttributes {
  groupId: string
}

interface ObservedSecurityGroup extends Observed<SecurityGroupAttributes> {
  properties: {
    vpcId: string | undefined
    name: string | undefined
    description: string | undefined
    ingress: RuleSet
    egress: RuleSet
  }
  rules: SecurityGroupRule[]
  tags: Tags
}

const MISSING = 'InvalidGroup.NotFound'
const DIRECTIONS: Direction[] = ['ingress', 'egress']

/** A security group with exactly the rules named, each with its description and tags (spec §2.7). */
export class SecurityGroup extends Ec2Resource<SecurityGroupAttributes, ObservedSecurityGroup> {
  readonly type = 'AWS::EC2::SecurityGroup'
  readonly iamActions = [
    'ec2:AuthorizeSecurityGroupEgress',
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:CreateSecurityGroup',
    'ec2:CreateTags',
    'ec2:DeleteSecurityGroup',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroupRules',
    'ec2:DescribeSecurityGroups',
    'ec2:RevokeSecurityGroupEgress',
    'ec2:RevokeSecurityGroupIngress',
    'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
    'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
  ]
  protected readonly noun = 'security group'

  /** @param name the group's name, unique in its VPC; another one replaces the group */
  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: SecurityGroupProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedSecurityGroup | undefined> {
    const all = await this.inventory.securityGroups.get()
    const hit = await this.find(
      all.map((found) => found.group),
      (found) => found.GroupId,
      () => securityGroupsInPlace(this.ec2, this.properties.vpcId(), this.name),
    )
    if (hit === undefined) return undefined
    const { found: group, owned } = hit
    const groupId = present(group.GroupId, 'GroupId')
    const rules = all.find((found) => found.group === group)?.rules ?? (await listRules(this.ec2, [groupId]))
    return {
      physicalId: groupId,
      attributes: { groupId },
      owned,
      properties: {
        vpcId: group.VpcId,
        name: group.GroupName,
        description: group.Description,
        ingress: observedRules(rules, 'ingress', this.aws),
        egress: observedRules(rules, 'egress', this.aws),
      },
      rules,
      tags: fromTagList(group.Tags),
    }
  }

  diff(observed: ObservedSecurityGroup): Change[] {
    const { description, egress, ingress, vpcId } = this.properties
    const seen = observed.properties
    return [
      ...diffProperties(
        seen,
        {
          vpcId: vpcId(),
          name: this.name,
          description,
          ingress: wantedRules(seen.ingress, ingress, this.aws),
          egress: egress === undefined ? undefined : wantedRules(seen.egress, egress, this.aws),
        },
        { replaces: ['vpcId', 'name', 'description'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<SecurityGroupAttributes> {
    return this.inventory.securityGroups.changing(async () => {
      const groupId = await this.#createOrFind(op)
      await retryNotFound(
        async () => {
          await revokeBirthEgress(this.ec2, groupId)
          for (const direction of DIRECTIONS) {
            for (const rule of this.properties[direction] ?? [])
              await addRule(this.#rulesOf(groupId, direction), rule)
          }
        },
        `waiting for ${groupId} to be seen everywhere`,
        op,
        MISSING,
      )
      return { groupId }
    })
  }

  update(observed: ObservedSecurityGroup, changes: readonly Change[]): Promise<SecurityGroupAttributes> {
    return this.inventory.securityGroups.changing(async () => {
      for (const direction of DIRECTIONS) {
        const wanted = this.properties[direction]
        if (wanted !== undefined && touches(changes, direction))
          await putRules(this.#rulesOf(observed.physicalId, direction), observed.rules, wanted)
      }
      if (touches(changes, 'tags')) await this.putTags(observed.physicalId)
      return observed.attributes
    })
  }

  /** Rules of our other groups that refer to it are revoked first; rules of foreign groups are reported as what blocks. */
  delete(observed: ObservedSecurityGroup, op: Operation): Promise<Deletion> {
    const groupId = observed.physicalId
    return this.inventory.securityGroups.changing(async () => {
      await releaseReferences(this.ec2, groupId, this.aws)
      return deleteWhenFree(
        {
          what: `security group ${groupId}`,
          remove: () => this.ec2.send(new DeleteSecurityGroupCommand({ GroupId: groupId })),
          missing: [MISSING],
          holders: async () => [
            ...(await interfacesHolding(this.ec2, filter('group-id', groupId))),
            ...(await foreignReferences(this.ec2, groupId, this.aws)),
          ],
          exists: async () => (await this.#describe(groupId)) !== undefined,
        },
        op,
      )
    })
  }

  async #createOrFind(op: Operation): Promise<string> {
    const vpcId = this.properties.vpcId()
    try {
      const { GroupId: groupId } = await retryNotFound(
        () =>
          withinQuota(
            this.ec2.send(
              new CreateSecurityGroupCommand({
                VpcId: vpcId,
                GroupName: this.name,
                Description: this.properties.description,
                TagSpecifications: this.tagSpecifications('security-group'),
              }),
            ),
          ),
        `waiting for ${vpcId} to be seen everywhere`,
        op,
        'InvalidVpcID.NotFound',
      )
      return present(groupId, 'GroupId')
    } catch (error) {
      if (!isAwsError(error, 'InvalidGroup.Duplicate')) throw error
      return this.#findNamesake(vpcId, error)
    }
  }

  /** The name is taken in this VPC: by this very group, created by a run that did not live to see the answer, or by a foreign one. */
  async #findNamesake(vpcId: string, cause: unknown): Promise<string> {
    const [namesake] = await collect(
      paginateDescribeSecurityGroups(
        { client: this.ec2 },
        { Filters: [filter('vpc-id', vpcId), filter('group-name', this.name)] },
      ),
      (page) => page.SecurityGroups,
    )
    const tags = fromTagList(namesake?.Tags)
    if (namesake !== undefined && this.aws.owns(tags) && tags[TAG.id] === this.id)
      return present(namesake.GroupId, 'GroupId')
    throw new DatapipeError(
      'NAME_TAKEN',
      `${vpcId} already has a security group named ${this.name} (${namesake?.GroupId ?? 'not visible'}) that does not carry the tags of ${this.id}.`,
      {
        suggestions: ['Rename or delete that group if nobody needs it, then run the same command again.'],
        cause,
      },
    )
  }

  #rulesOf(groupId: string, direction: Direction): GroupRules {
    return { client: this.ec2, aws: this.aws, groupId, direction, tags: this.tags }
  }

  async #describe(groupId: string): Promise<Ec2SecurityGroup | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [groupId] })),
      MISSING,
    )
    return answer?.SecurityGroups?.[0]
  }
}
