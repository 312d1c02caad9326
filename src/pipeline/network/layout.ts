import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { zoneLetter } from '../../resources/ec2/availability-zones.js'
import { InternetGateway } from '../../resources/ec2/internet-gateway.js'
import { RouteTable } from '../../resources/ec2/route-table.js'
import { Subnet } from '../../resources/ec2/subnet.js'
import { Vpc } from '../../resources/ec2/vpc.js'
import { subnetBlocks } from '../cidr.js'

export const ANYWHERE = '0.0.0.0/0'

/** What every network has, whatever its way out: a public and a private subnet in each zone, and the internet gateway. */
export interface Layout {
  vpc: Vpc
  vpcId: () => string
  publicSubnets: Subnet[]
  privateSubnets: Subnet[]
  gateway: InternetGateway
  publicRoutes: RouteTable
}

/** @param zoneIds zone ids, not names: names differ between accounts */
export function layout(aws: AwsContext, environment: Environment, zoneIds: string[]): Layout {
  const { stem } = aws.names
  const vpc = new Vpc(aws, 'network/vpc', stem, { cidr: environment.network.cidr })
  const vpcId = () => vpc.attributes.vpcId
  const blocks = subnetBlocks(environment.network.cidr, zoneIds.length)
  const subnets = (kind: 'public' | 'private') =>
    zoneIds.map((zoneId, index) => {
      const letter = zoneLetter(index)
      return new Subnet(
        aws,
        `network/subnet/${kind}/${letter}`,
        `${stem}-${kind}-${letter}`,
        { vpcId, cidr: blocks[kind][index]!, zoneId },
        { within: [vpc] },
      )
    })
  const publicSubnets = subnets('public')
  const privateSubnets = subnets('private')
  const gateway = new InternetGateway(aws, 'network/internet-gateway', stem, { vpcId }, { within: [vpc] })
  const publicRoutes = new RouteTable(
    aws,
    'network/routes/public',
    `${stem}-public`,
    {
      vpcId,
      routes: [{ cidr: ANYWHERE, gatewayId: () => gateway.attributes.internetGatewayId }],
      subnetIds: () => publicSubnets.map((subnet) => subnet.attributes.subnetId),
    },
    { within: [vpc], dependsOn: [gateway, ...publicSubnets] },
  )
  return { vpc, vpcId, publicSubnets, privateSubnets, gateway, publicRoutes }
}
