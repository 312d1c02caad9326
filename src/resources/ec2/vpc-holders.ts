import {
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkAcls,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  type EC2Client,
  type Tag,
} from '@aws-sdk/client-ec2'
import { fromTagList } from '../../aws/tags.js'
import { interfacesHolding, type Holder } from './holders.js'
import { collect } from './pages.js'
import { filter } from './tagged.js'

/** What is still in a VPC, ours or not. AWS only says "has dependencies". */
export async function vpcHolders(client: EC2Client, vpcId: string): Promise<Holder[]> {
  const inVpc = filter('vpc-id', vpcId)
  const found = await Promise.all([
    interfacesHolding(client, inVpc),
    collect(paginateDescribeSubnets({ client }, { Filters: [inVpc] }), (page) =>
      page.Subnets?.map((subnet) => lasting('subnet', subnet.SubnetId, subnet.Tags)),
    ),
    collect(paginateDescribeSecurityGroups({ client }, { Filters: [inVpc] }), (page) =>
      page.SecurityGroups?.filter((group) => group.GroupName !== 'default').map((group) =>
        lasting('security group', group.GroupId, group.Tags),
      ),
    ),
    collect(
      paginateDescribeInternetGateways({ client }, { Filters: [filter('attachment.vpc-id', vpcId)] }),
      (page) =>
        page.InternetGateways?.map((gateway) =>
          lasting('internet gateway', gateway.InternetGatewayId, gateway.Tags),
        ),
    ),
    collect(paginateDescribeRouteTables({ client }, { Filters: [inVpc] }), (page) =>
      page.RouteTables?.filter(
        (table) => !(table.Associations ?? []).some((association) => association.Main),
      ).map((table) => lasting('route table', table.RouteTableId, table.Tags)),
    ),
    collect(paginateDescribeVpcEndpoints({ client }, { Filters: [inVpc] }), (page) =>
      page.VpcEndpoints?.filter((endpoint) => endpoint.State?.toLowerCase() !== 'deleted').map(
        (endpoint) => ({
          ...lasting('VPC endpoint', endpoint.VpcEndpointId, endpoint.Tags),
          passing: endpoint.State?.toLowerCase() === 'deleting',
        }),
      ),
    ),
    collect(paginateDescribeNatGateways({ client }, { Filter: [inVpc] }), (page) =>
      page.NatGateways?.filter((gateway) => gateway.State !== 'deleted').map((gateway) => ({
        ...lasting('NAT gateway', gateway.NatGatewayId, gateway.Tags),
        passing: gateway.State === 'deleting',
      })),
    ),
    collect(paginateDescribeNetworkAcls({ client }, { Filters: [inVpc] }), (page) =>
      page.NetworkAcls?.filter((acl) => acl.IsDefault !== true).map((acl) =>
        lasting('network ACL', acl.NetworkAclId, acl.Tags),
      ),
    ),
  ])
  return found.flat()
}

function lasting(noun: string, physicalId: string | undefined, tags: Tag[] | undefined): Holder {
  const name = fromTagList(tags).Name
  return {
    description: `${noun} ${physicalId ?? ''}${name === undefined ? '' : ` (${name})`}`,
    passing: false,
  }
}
