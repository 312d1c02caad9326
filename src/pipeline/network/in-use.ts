import {
  DescribeAddressesCommand,
  EC2Client,
  paginateDescribeNatGateways,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { collect } from '../../resources/ec2/pages.js'
import { filter } from '../../resources/ec2/tagged.js'

/** At once in one filter; EC2 takes 200 values. */
const FILTER_VALUES = 200

/** Everybody's, whoever made them: quotas are of the whole account. */
export async function vpcsInUse(aws: AwsContext): Promise<number> {
  const client = aws.clients.of(EC2Client)
  return (await collect(paginateDescribeVpcs({ client }, {}), (page) => page.Vpcs)).length
}

/** Addresses that the account brought along are not counted by AWS either. */
export async function addressesInUse(aws: AwsContext): Promise<number> {
  const { Addresses: found } = await aws.clients.of(EC2Client).send(new DescribeAddressesCommand({}))
  return (found ?? []).filter(({ PublicIpv4Pool: pool }) => pool === undefined || pool === 'amazon').length
}

/** The zone id of every NAT gateway; one that is being deleted counts until it is gone. */
export async function natGatewaysByZone(aws: AwsContext): Promise<string[]> {
  const client = aws.clients.of(EC2Client)
  const gateways = await collect(
    paginateDescribeNatGateways(
      { client },
      { Filter: [filter('state', 'pending', 'available', 'deleting')] },
    ),
    (page) => page.NatGateways,
  )
  const subnetIds = gateways.flatMap(({ SubnetId }) => SubnetId ?? [])
  const zones = new Map<string, string>()
  const unique = [...new Set(subnetIds)]
  for (let start = 0; start < unique.length; start += FILTER_VALUES) {
    const subnets = await collect(
      paginateDescribeSubnets(
        { client },
        { Filters: [filter('subnet-id', ...unique.slice(start, start + FILTER_VALUES))] },
      ),
      (page) => page.Subnets,
    )
    for (const { AvailabilityZoneId: zone, SubnetId: id } of subnets)
      if (id !== undefined && zone !== undefined) zones.set(id, zone)
  }
  return subnetIds.flatMap((id) => zones.get(id) ?? [])
}

/** Interface endpoints of a VPC, ours or not. */
export async function endpointsIn(aws: AwsContext, vpcId: string): Promise<number> {
  const found = await collect(
    paginateDescribeVpcEndpoints(
      { client: aws.clients.of(EC2Client) },
      { Filters: [filter('vpc-id', vpcId), filter('vpc-endpoint-type', 'Interface')] },
    ),
    (page) => page.VpcEndpoints,
  )
  return found.filter(({ State }) => State?.toLowerCase() !== 'deleted').length
}
