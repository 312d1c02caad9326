import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { retryNotFound } from '../../aws/retry.js'
import { diffProperties, UNKNOWN, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, Resource } from '../../engine/resource.js'
import { Ec2Resource } from './ec2-resource.js'
import { addRule, putRules, type GroupRules } from './rule-changes.js'
import { observedRules, wantedRules, type RuleSet } from './rule-set.js'
import type { SecurityGroup, SecurityGroupAttributes } from './security-group.js'
import { revokeRule, type Rule } from './security-group-rules.js'

export interface SecurityGroupEgressProperties {
  /** The group, which names no egress rules itself. */
  group: SecurityGroup
  rules: () => Rule[]
}

interface ObservedEgress extends Observed<SecurityGroupAttributes> {
  egress: RuleSet
  rules: SecurityGroupRule[]
}

/**
 * The ways out of a security group, apart from the group: they change when the ways are there, which may themselves need
 * the group. The rules carry the tags of the group.
 */
export class SecurityGroupEgress extends Ec2Resource<SecurityGroupAttributes, ObservedEgress> {
  readonly type = 'AWS::EC2::SecurityGroupEgress'
  readonly iamActions = [
    'ec2:AuthorizeSecurityGroupEgress',
    'ec2:CreateTags',
    'ec2:DescribeSecurityGroupRules',
    'ec2:DescribeSecurityGroups',
    'ec2:RevokeSecurityGroupEgress',
    'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
  ]
  protected readonly noun = 'set of egress rules'

  constructor(
    aws: AwsContext,
    id: string,
    private readonly properties: SecurityGroupEgressProperties,
    dependsOn: readonly Resource[] = [],
  ) {
    super(aws, id, properties.group.name, { within: [properties.group], dependsOn })
  }

  async read(): Promise<ObservedEgress | undefined> {
    const { groupId } = this.properties.group.attributes
    if (groupId === UNKNOWN) return undefined
    const found = (await this.inventory.securityGroups.get()).find(({ group }) => group.GroupId === groupId)
    if (found === undefined) return undefined
    return {
      physicalId: `${groupId}/egress`,
      attributes: { groupId },
      owned: true,
      egress: observedRules(found.rules, 'egress', this.aws),
      rules: found.rules,
    }
  }

  diff({ egress }: ObservedEgress): Change[] {
    return diffProperties({ egress }, { egress: wantedRules(egress, this.properties.rules(), this.aws) })
  }

  create(op: Operation): Promise<SecurityGroupAttributes> {
    return this.inventory.securityGroups.changing(async () => {
      const { groupId } = this.properties.group.attributes
      for (const rule of this.properties.rules())
        await retryNotFound(
          () => addRule(this.#of(groupId), rule),
          `waiting for ${groupId} to be seen everywhere`,
          op,
          'InvalidGroup.NotFound',
        )
      return { groupId }
    })
  }

  update(observed: ObservedEgress): Promise<SecurityGroupAttributes> {
    return this.inventory.securityGroups.changing(async () => {
      const { groupId } = observed.attributes
      await putRules(this.#of(groupId), observed.rules, this.properties.rules())
      return { groupId }
    })
  }

  delete(observed: ObservedEgress): Promise<Deletion> {
    return this.inventory.securityGroups.changing(async () => {
      for (const rule of observed.rules) {
        if (rule.IsEgress === true) await revokeRule(this.ec2, rule)
      }
      return { status: 'deleted' }
    })
  }

  #of(groupId: string): GroupRules {
    const { tags } = this.properties.group
    return { client: this.ec2, aws: this.aws, groupId, direction: 'egress', tags }
  }
}
