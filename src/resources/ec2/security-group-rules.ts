import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  paginateDescribeSecurityGroupRules,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  UpdateSecurityGroupRuleDescriptionsEgressCommand,
  UpdateSecurityGroupRuleDescriptionsIngressCommand,
  type EC2Client,
  type IpPermission,
  type SecurityGroupRule,
  type TagSpecification,
} from '@aws-sdk/client-ec2'
import { unlessMissing } from '../../aws/retry.js'
import { collect } from './pages.js'
import { withinQuota } from '../../aws/quotas.js'
import { filter, present } from './tagged.js'

/** One rule: a protocol, its ports, and exactly one peer, which is the source of an ingress and the destination of an egress rule. */
export interface Rule {
  /** `tcp`, `udp`, `icmp`, or `-1` for all of them. */
  protocol: string
  /** -1 where the protocol has no ports. */
  fromPort: number
  toPort: number
  cidr?: string
  sourceGroupId?: () => string
  prefixListId?: () => string
  description: string
}

export type Direction = 'ingress' | 'egress'

const RULE_MISSING = [
  'InvalidPermission.NotFound',
  'InvalidSecurityGroupRuleId.NotFound',
  'InvalidGroup.NotFound',
]

/** What makes a rule the same rule to AWS, in words: `tcp 443 0.0.0.0/0`. Its description does not. */
export function ruleKey(rule: Rule): string {
  return key(
    rule.protocol,
    rule.fromPort,
    rule.toPort,
    rule.cidr ?? rule.prefixListId?.() ?? rule.sourceGroupId?.(),
  )
}

export function observedRuleKey(rule: SecurityGroupRule): string {
  return key(
    rule.IpProtocol ?? '-1',
    rule.FromPort ?? -1,
    rule.ToPort ?? -1,
    rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId,
  )
}

function key(protocol: string, from: number, to: number, peer: string | undefined): string {
  if (protocol === '-1') return `all ${peer ?? 'nobody'}`
  return `${protocol} ${from === to ? from : `${from}-${to}`} ${peer ?? 'nobody'}`
}

/** Every rule of these groups, whoever made it. */
export async function listRules(client: EC2Client, groupIds: string[]): Promise<SecurityGroupRule[]> {
  // Without a filter the answer would be every rule of the account.
  if (groupIds.length === 0) return []
  return collect(
    paginateDescribeSecurityGroupRules({ client }, { Filters: [filter('group-id', ...groupIds)] }),
    (page) => page.SecurityGroupRules,
  )
}

/** Adds one rule; that it exists already is fine. One per call, or one that exists would keep the others out. */
export async function authorizeRule(
  client: EC2Client,
  region: string,
  groupId: string,
  direction: Direction,
  rule: Rule,
  tags: TagSpecification[],
): Promise<void> {
  const input = { GroupId: groupId, IpPermissions: [toPermission(rule)], TagSpecifications: tags }
  const call: Promise<object> =
    direction === 'egress'
      ? client.send(new AuthorizeSecurityGroupEgressCommand(input))
      : client.send(new AuthorizeSecurityGroupIngressCommand(input))
  await withinQuota(unlessMissing(call, 'InvalidPermission.Duplicate'))
}

/** Removes one rule by its id; that it is gone already is fine. */
export async function revokeRule(client: EC2Client, rule: SecurityGroupRule): Promise<void> {
  const input = {
    GroupId: present(rule.GroupId, 'GroupId'),
    SecurityGroupRuleIds: [present(rule.SecurityGroupRuleId, 'SecurityGroupRuleId')],
  }
  const call: Promise<object> =
    rule.IsEgress === true
      ? client.send(new RevokeSecurityGroupEgressCommand(input))
      : client.send(new RevokeSecurityGroupIngressCommand(input))
  await unlessMissing(call, ...RULE_MISSING)
}

/**
 * Removes from a new group the egress rule that every group is born with. By content, not by id: right after the create a
 * list of rules may not show it yet, and it would stay.
 */
export async function revokeBirthEgress(client: EC2Client, groupId: string): Promise<void> {
  await unlessMissing(
    client.send(
      new RevokeSecurityGroupEgressCommand({
        GroupId: groupId,
        IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      }),
    ),
    'InvalidPermission.NotFound',
  )
}

/** Gives an existing rule another description, without a moment in which it does not apply. */
export async function describeRule(
  client: EC2Client,
  groupId: string,
  direction: Direction,
  rule: Rule,
): Promise<void> {
  const input = { GroupId: groupId, IpPermissions: [toPermission(rule)] }
  if (direction === 'egress') await client.send(new UpdateSecurityGroupRuleDescriptionsEgressCommand(input))
  else await client.send(new UpdateSecurityGroupRuleDescriptionsIngressCommand(input))
}

function toPermission(rule: Rule): IpPermission {
  const ports = rule.protocol === '-1' ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }
  const Description = rule.description
  const permission = { IpProtocol: rule.protocol, ...ports }
  if (rule.cidr !== undefined) return { ...permission, IpRanges: [{ CidrIp: rule.cidr, Description }] }
  if (rule.prefixListId !== undefined)
    return { ...permission, PrefixListIds: [{ PrefixListId: rule.prefixListId(), Description }] }
  if (rule.sourceGroupId !== undefined)
    return { ...permission, UserIdGroupPairs: [{ GroupId: rule.sourceGroupId(), Description }] }
  throw new Error(`The rule "${rule.description}" has no peer`)
}
