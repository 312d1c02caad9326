import type {
  CreateSubnetRequest,
  CreateTagsRequest,
  CreateVpcRequest,
  DescribeNetworkInterfacesRequest,
  DescribeSubnetsRequest,
  DescribeVpcAttributeRequest,
  DescribeVpcsRequest,
  ModifySubnetAttributeRequest,
  ModifyVpcAttributeRequest,
  Tag,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { addBirthAcl, associateWithDefault } from './fake-acls.js'
import { addBirthEgress } from './fake-groups.js'
import { select } from './fake-filters.js'

const NO_VPC = 'InvalidVpcID.NotFound'
const NO_SUBNET = 'InvalidSubnetID.NotFound'

export function vpcHandlers(ec2: FakeEc2): Handlers {
  return {
    CreateVpc: (input: CreateVpcRequest) => {
      const VpcId = ec2.id('vpc')
      const vpc = { VpcId, CidrBlock: input.CidrBlock, State: 'available' as const, Tags: tagsOf(input) }
      ec2.vpcs.set(VpcId, { ...vpc, dnsSupport: true, dnsHostnames: false })
      const GroupId = ec2.id('sg')
      ec2.groups.set(GroupId, { GroupId, GroupName: 'default', VpcId, Tags: [] })
      addBirthEgress(ec2, GroupId)
      const SecurityGroupRuleId = ec2.id('sgr')
      ec2.rules.set(SecurityGroupRuleId, {
        ...{ SecurityGroupRuleId, GroupId, IsEgress: false, IpProtocol: '-1', FromPort: -1, ToPort: -1 },
        ReferencedGroupInfo: { GroupId },
      })
      const RouteTableId = ec2.id('rtb')
      ec2.tables.set(RouteTableId, {
        RouteTableId,
        VpcId,
        Associations: [{ Main: true, RouteTableId }],
        Tags: [],
      })
      addBirthAcl(ec2, VpcId)
      return { Vpc: { ...vpc, State: 'pending' } }
    },
    DescribeVpcs: (input: DescribeVpcsRequest) => ({
      Vpcs:
        input.VpcIds?.map((id) => existing(ec2.vpcs, id, NO_VPC)) ??
        select(ec2.vpcs.values(), input.Filters, {
          state: (vpc) => [vpc.State],
          'vpc-id': (vpc) => [vpc.VpcId],
        }),
    }),
    DescribeVpcAttribute: (input: DescribeVpcAttributeRequest) => {
      const vpc = existing(ec2.vpcs, input.VpcId, NO_VPC)
      return input.Attribute === 'enableDnsSupport'
        ? { EnableDnsSupport: { Value: vpc.dnsSupport } }
        : { EnableDnsHostnames: { Value: vpc.dnsHostnames } }
    },
    ModifyVpcAttribute: (input: ModifyVpcAttributeRequest) => {
      const vpc = existing(ec2.vpcs, input.VpcId, NO_VPC)
      const { EnableDnsHostnames: hostnames, EnableDnsSupport: support } = input
      if (hostnames !== undefined && support !== undefined) throw awsError('InvalidParameterCombination')
      if (support?.Value !== undefined) vpc.dnsSupport = support.Value
      if (hostnames?.Value === true && !vpc.dnsSupport) throw awsError('InvalidParameterValue')
      if (hostnames?.Value !== undefined) vpc.dnsHostnames = hostnames.Value
      return {}
    },
    DeleteVpc: ({ VpcId }: { VpcId: string }) => {
      existing(ec2.vpcs, VpcId, NO_VPC)
      const held =
        [...ec2.subnets.values()].some((subnet) => subnet.VpcId === VpcId) ||
        [...ec2.gateways.values()].some((gateway) => gateway.Attachments?.[0]?.VpcId === VpcId) ||
        [...ec2.groups.values()].some((group) => group.VpcId === VpcId && group.GroupName !== 'default') ||
        [...ec2.tables.values()].some((table) => table.VpcId === VpcId && !table.Associations?.[0]?.Main) ||
        [...ec2.endpoints.values()].some((endpoint) => endpoint.VpcId === VpcId) ||
        [...ec2.nats.values()].some((nat) => nat.VpcId === VpcId && nat.State !== 'deleted') ||
        [...ec2.interfaces.values()].some((found) => found.VpcId === VpcId) ||
        [...ec2.acls.values()].some((acl) => acl.VpcId === VpcId && acl.IsDefault !== true)
      if (held)
        throw awsError('DependencyViolation', `The vpc '${VpcId}' has dependencies and cannot be deleted.`)
      ec2.vpcs.delete(VpcId)
      for (const items of [ec2.groups, ec2.tables, ec2.acls])
        for (const [id, item] of items) if (item.VpcId === VpcId) items.delete(id)
      for (const [id, rule] of ec2.rules) if (!ec2.groups.has(rule.GroupId ?? '')) ec2.rules.delete(id)
      return {}
    },

    CreateSubnet: (input: CreateSubnetRequest) => {
      existing(ec2.vpcs, input.VpcId, NO_VPC)
      const { AvailabilityZoneId, CidrBlock, VpcId } = input
      if ([...ec2.subnets.values()].some((other) => other.VpcId === VpcId && other.CidrBlock === CidrBlock))
        throw awsError('InvalidSubnet.Conflict')
      const SubnetId = ec2.id('subnet')
      const AvailabilityZone = `${AvailabilityZoneId}-name`
      const common = { SubnetId, VpcId, CidrBlock, AvailabilityZone, AvailabilityZoneId, Tags: tagsOf(input) }
      const subnet = { ...common, State: 'available' as const, MapPublicIpOnLaunch: false }
      ec2.subnets.set(SubnetId, subnet)
      associateWithDefault(ec2, VpcId, SubnetId)
      return { Subnet: subnet }
    },
    DescribeSubnets: (input: DescribeSubnetsRequest) => ({
      Subnets:
        input.SubnetIds?.map((id) => existing(ec2.subnets, id, NO_SUBNET)) ??
        select(ec2.subnets.values(), input.Filters, {
          state: (subnet) => [subnet.State],
          'vpc-id': (subnet) => [subnet.VpcId],
          'cidr-block': (subnet) => [subnet.CidrBlock],
        }),
    }),
    ModifySubnetAttribute: (input: ModifySubnetAttributeRequest) => {
      existing(ec2.subnets, input.SubnetId, NO_SUBNET).MapPublicIpOnLaunch = input.MapPublicIpOnLaunch?.Value
      return {}
    },
    DeleteSubnet: ({ SubnetId }: { SubnetId: string }) => {
      existing(ec2.subnets, SubnetId, NO_SUBNET)
      if ([...ec2.interfaces.values()].some((found) => found.SubnetId === SubnetId))
        throw awsError(
          'DependencyViolation',
          `The subnet '${SubnetId}' has dependencies and cannot be deleted.`,
        )
      ec2.subnets.delete(SubnetId)
      for (const table of ec2.tables.values())
        table.Associations = table.Associations?.filter((association) => association.SubnetId !== SubnetId)
      for (const acl of ec2.acls.values())
        acl.Associations = acl.Associations?.filter((association) => association.SubnetId !== SubnetId)
      return {}
    },

    DescribeNetworkInterfaces: (input: DescribeNetworkInterfacesRequest) => ({
      NetworkInterfaces: select(ec2.interfaces.values(), input.Filters, {
        'vpc-id': (found) => [found.VpcId],
        'subnet-id': (found) => [found.SubnetId],
        'group-id': (found) => found.Groups?.map((group) => group.GroupId) ?? [],
      }),
    }),
    DescribeAvailabilityZones: () => ({ AvailabilityZones: ec2.zones.map((ZoneId) => ({ ZoneId })) }),
    CreateTags: (input: CreateTagsRequest) => {
      for (const id of input.Resources ?? []) {
        const kinds = [
          ...[ec2.vpcs, ec2.subnets, ec2.gateways, ec2.tables, ec2.groups, ec2.rules, ec2.endpoints],
          ...[ec2.addresses, ec2.nats, ec2.acls, ec2.flowLogs],
        ]
        const item = kinds
          .map((kind): { Tags?: Tag[] } | undefined => kind.get(id))
          .find((found) => found !== undefined)
        if (item === undefined) throw awsError('InvalidID', id)
        const added = input.Tags ?? []
        item.Tags = [
          ...(item.Tags ?? []).filter((tag) => !added.some(({ Key }) => Key === tag.Key)),
          ...added,
        ]
      }
      return {}
    },
  }
}
