import type {
  AuthorizeSecurityGroupEgressRequest,
  CreateSecurityGroupRequest,
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupsRequest,
  IpPermission,
  RevokeSecurityGroupEgressRequest,
  SecurityGroupRule,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'

const NO_GROUP = 'InvalidGroup.NotFound'

/** Every group is born with a rule that lets everything out. */
export function addBirthEgress(ec2: FakeEc2, GroupId: string): void {
  const SecurityGroupRuleId = ec2.id('sgr')
  const ports = { IpProtocol: '-1', FromPort: -1, ToPort: -1 }
  ec2.rules.set(SecurityGroupRuleId, {
    SecurityGroupRuleId,
    GroupId,
    IsEgress: true,
    ...ports,
    CidrIpv4: '0.0.0.0/0',
  })
}

export function groupHandlers(ec2: FakeEc2): Handlers {
  const rulesOf = (GroupId: string | undefined) =>
    [...ec2.rules.values()].filter((rule) => rule.GroupId === GroupId)
  const same = (a: SecurityGroupRule, b: SecurityGroupRule) => identity(a) === identity(b)

  const authorize = (IsEgress: boolean) => (input: AuthorizeSecurityGroupEgressRequest) => {
    existing(ec2.groups, input.GroupId, NO_GROUP)
    for (const rule of toRules(input.GroupId, IsEgress, input.IpPermissions)) {
      if (rulesOf(input.GroupId).some((other) => same(other, rule)))
        throw awsError('InvalidPermission.Duplicate')
      const SecurityGroupRuleId = ec2.id('sgr')
      ec2.rules.set(SecurityGroupRuleId, { ...rule, SecurityGroupRuleId, Tags: tagsOf(input) })
    }
    return { Return: true }
  }
  const revoke = (IsEgress: boolean) => (input: RevokeSecurityGroupEgressRequest) => {
    existing(ec2.groups, input.GroupId, NO_GROUP)
    for (const id of input.SecurityGroupRuleIds ?? []) {
      if (ec2.rules.get(id)?.IsEgress !== IsEgress) throw awsError('InvalidSecurityGroupRuleId.NotFound')
      ec2.rules.delete(id)
    }
    for (const rule of toRules(input.GroupId, IsEgress, input.IpPermissions)) {
      const found = rulesOf(input.GroupId).find((other) => same(other, rule))
      if (found === undefined) throw awsError('InvalidPermission.NotFound')
      ec2.rules.delete(found.SecurityGroupRuleId ?? '')
    }
    return { Return: true }
  }
  const describe = (IsEgress: boolean) => (input: AuthorizeSecurityGroupEgressRequest) => {
    for (const rule of toRules(input.GroupId, IsEgress, input.IpPermissions)) {
      const found = rulesOf(input.GroupId).find((other) => same(other, rule))
      if (found === undefined) throw awsError('InvalidPermission.NotFound')
      found.Description = rule.Description
    }
    return { Return: true }
  }

  return {
    CreateSecurityGroup: (input: CreateSecurityGroupRequest) => {
      existing(ec2.vpcs, input.VpcId, 'InvalidVpcID.NotFound')
      const { Description, GroupName, VpcId } = input
      if ([...ec2.groups.values()].some((other) => other.VpcId === VpcId && other.GroupName === GroupName))
        throw awsError('InvalidGroup.Duplicate')
      const GroupId = ec2.id('sg')
      ec2.groups.set(GroupId, { GroupId, GroupName, VpcId, Description, Tags: tagsOf(input) })
      addBirthEgress(ec2, GroupId)
      return { GroupId }
    },
    DescribeSecurityGroups: (input: DescribeSecurityGroupsRequest) => ({
      SecurityGroups: (
        input.GroupIds?.map((id) => existing(ec2.groups, id, NO_GROUP)) ??
        select(ec2.groups.values(), input.Filters, {
          'vpc-id': (group) => [group.VpcId],
          'group-name': (group) => [group.GroupName],
          'ip-permission.group-id': (group) => peersOf(rulesOf(group.GroupId), false),
          'egress.ip-permission.group-id': (group) => peersOf(rulesOf(group.GroupId), true),
        })
      ).map((group) => ({
        ...group,
        IpPermissions: rulesOf(group.GroupId)
          .filter((rule) => !rule.IsEgress)
          .map(toPermission),
        IpPermissionsEgress: rulesOf(group.GroupId)
          .filter((rule) => rule.IsEgress)
          .map(toPermission),
      })),
    }),
    DescribeSecurityGroupRules: (input: DescribeSecurityGroupRulesRequest) => ({
      SecurityGroupRules: select(ec2.rules.values(), input.Filters, { 'group-id': (rule) => [rule.GroupId] }),
    }),
    AuthorizeSecurityGroupEgress: authorize(true),
    AuthorizeSecurityGroupIngress: authorize(false),
    RevokeSecurityGroupEgress: revoke(true),
    RevokeSecurityGroupIngress: revoke(false),
    UpdateSecurityGroupRuleDescriptionsEgress: describe(true),
    UpdateSecurityGroupRuleDescriptionsIngress: describe(false),
    DeleteSecurityGroup: ({ GroupId }: { GroupId: string }) => {
      existing(ec2.groups, GroupId, NO_GROUP)
      const referenced = [...ec2.rules.values()].some(
        (rule) => rule.GroupId !== GroupId && rule.ReferencedGroupInfo?.GroupId === GroupId,
      )
      const used = [...ec2.interfaces.values()].some((found) =>
        found.Groups?.some((group) => group.GroupId === GroupId),
      )
      if (referenced || used)
        throw awsError('DependencyViolation', `resource ${GroupId} has a dependent object`)
      ec2.groups.delete(GroupId)
      for (const [id, rule] of ec2.rules) if (rule.GroupId === GroupId) ec2.rules.delete(id)
      return {}
    },
  }
}

function identity(rule: SecurityGroupRule): string {
  const peer = rule.CidrIpv4 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId
  return [rule.IsEgress, rule.IpProtocol, rule.FromPort, rule.ToPort, peer].join(' ')
}

function peersOf(rules: SecurityGroupRule[], egress: boolean): (string | undefined)[] {
  return rules.filter((rule) => rule.IsEgress === egress).map((rule) => rule.ReferencedGroupInfo?.GroupId)
}

function toRules(
  GroupId: string | undefined,
  IsEgress: boolean,
  permissions: IpPermission[] = [],
): SecurityGroupRule[] {
  return permissions.flatMap(({ FromPort = -1, IpProtocol, ToPort = -1, ...peers }) => {
    const common = { GroupId, IsEgress, IpProtocol, FromPort, ToPort }
    return [
      ...(peers.IpRanges ?? []).map((peer) => ({
        ...common,
        CidrIpv4: peer.CidrIp,
        Description: peer.Description,
      })),
      ...(peers.PrefixListIds ?? []).map((peer) => ({ ...common, ...peer })),
      ...(peers.UserIdGroupPairs ?? []).map((peer) => ({
        ...common,
        ReferencedGroupInfo: { GroupId: peer.GroupId },
        Description: peer.Description,
      })),
    ]
  })
}

function toPermission(rule: SecurityGroupRule): IpPermission {
  const ports = rule.IpProtocol === '-1' ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort }
  return {
    IpProtocol: rule.IpProtocol,
    ...ports,
    IpRanges: rule.CidrIpv4 === undefined ? [] : [{ CidrIp: rule.CidrIpv4 }],
    UserIdGroupPairs:
      rule.ReferencedGroupInfo === undefined ? [] : [{ GroupId: rule.ReferencedGroupInfo.GroupId }],
  }
}
