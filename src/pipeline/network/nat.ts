import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { zoneLetter } from '../../resources/ec2/availability-zones.js'
import { ElasticIp } from '../../resources/ec2/elastic-ip.js'
import { NatGateway } from '../../resources/ec2/nat-gateway.js'
import { RouteTable } from '../../resources/ec2/route-table.js'
import { ANYWHERE, type Layout } from './layout.js'

export interface PrivateRouting {
  addresses: ElasticIp[]
  gateways: NatGateway[]
  tables: RouteTable[]
}

/**
 * The NAT gateways that the mode wants, and the tables of the private subnets. The table of the first zone is everybody's
 * unless each zone has a gateway of its own: so a subnet that changes its table always comes to one that is in force, with
 * the way it is about to use.
 */
export function privateRouting(
  aws: AwsContext,
  egress: Environment['network']['egress'],
  layout: Layout,
): PrivateRouting {
  const count = { public: 0, endpoints: 0, nat: 1, 'nat-per-az': layout.publicSubnets.length }[egress]
  const pairs = layout.publicSubnets.slice(0, count).map((_, index) => natOf(aws, layout, index))
  const gateways = pairs.map(({ gateway }) => gateway)
  const first = privateTable(
    aws,
    layout,
    'private',
    gateways[0],
    egress === 'nat-per-az' ? [0] : layout.privateSubnets.map((_, index) => index),
  )
  const others = gateways
    .slice(1)
    .map((gateway, index) =>
      privateTable(aws, layout, `private/${zoneLetter(index + 1)}`, gateway, [index + 1]),
    )
  return { addresses: pairs.map(({ address }) => address), gateways, tables: [first, ...others] }
}

function natOf(aws: AwsContext, { gateway, publicRoutes, publicSubnets }: Layout, index: number) {
  const letter = zoneLetter(index)
  const name = `${aws.names.stem}-nat-${letter}`
  const subnet = publicSubnets[index]!
  const address = new ElasticIp(aws, `network/address/nat/${letter}`, name)
  return {
    address,
    gateway: new NatGateway(
      aws,
      `network/nat/${letter}`,
      name,
      {
        subnetId: () => subnet.attributes.subnetId,
        allocationId: () => address.attributes.allocationId,
      },
      // Made before the internet gateway is attached, it would fail for good (spec §2.4).
      { within: [subnet], dependsOn: [address, gateway, publicRoutes] },
    ),
  }
}

function privateTable(
  aws: AwsContext,
  { privateSubnets, vpc, vpcId }: Layout,
  key: string,
  nat: NatGateway | undefined,
  zones: number[],
): RouteTable {
  const subnets = zones.map((zone) => privateSubnets[zone]!)
  return new RouteTable(
    aws,
    `network/routes/${key}`,
    `${aws.names.stem}-${key.replace('/', '-')}`,
    {
      vpcId,
      routes: nat === undefined ? [] : [{ cidr: ANYWHERE, gatewayId: () => nat.attributes.natGatewayId }],
      subnetIds: () => subnets.map((subnet) => subnet.attributes.subnetId),
    },
    { within: [vpc], dependsOn: [...subnets, ...(nat === undefined ? [] : [nat])] },
  )
}
