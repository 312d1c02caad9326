import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { InternetGateway } from '../resources/ec2/internet-gateway.js'
import { RouteTable } from '../resources/ec2/route-table.js'
import { SecurityGroup } from '../resources/ec2/security-group.js'
import { Subnet } from '../resources/ec2/subnet.js'
import { VpcEndpoint } from '../resources/ec2/vpc-endpoint.js'
import { Vpc } from '../resources/ec2/vpc.js'
import type { AwsResource } from '../resources/resource.js'
import { subnetBlocks } from './cidr.js'
import { s3EndpointPolicy } from './policies/endpoint.js'

const ZONE_LETTERS = ['a', 'b', 'c']

/** The network of an environment, and where its tasks go. */
export interface Network {
  vpc: Vpc
  publicSubnets: Subnet[]
  privateSubnets: Subnet[]
  taskSecurityGroup: SecurityGroup
  /** Subnets that tasks start in. */
  taskSubnets: Subnet[]
  assignPublicIp: boolean
  resources: AwsResource[]
}

/**
 * VPC with a public and a private subnet in each zone. Egress `public`: tasks run in the public subnets with an address of
 * their own and accept no connection, so there is no NAT to pay for; S3 goes through the free gateway endpoint.
 * @param zoneIds zone ids, not names: names differ between accounts
 */
export function network(aws: AwsContext, environment: Environment, zoneIds: string[]): Network {
  const { names } = aws
  const vpc = new Vpc(aws, 'network/vpc', names.stem, { cidr: environment.network.cidr })
  const vpcId = () => vpc.attributes.vpcId
  const blocks = subnetBlocks(environment.network.cidr, zoneIds.length)

  const subnets = (kind: 'public' | 'private') =>
    zoneIds.map((zoneId, index) => {
      const letter = ZONE_LETTERS[index]!
      const name = `${names.stem}-${kind}-${letter}`
      return new Subnet(
        aws,
        `network/subnet/${kind}/${letter}`,
        name,
        { vpcId, cidr: blocks[kind][index]!, zoneId },
        { within: [vpc] },
      )
    })
  const publicSubnets = subnets('public')
  const privateSubnets = subnets('private')

  const gateway = new InternetGateway(
    aws,
    'network/internet-gateway',
    names.stem,
    { vpcId },
    { within: [vpc] },
  )
  const publicRoutes = new RouteTable(
    aws,
    'network/routes/public',
    `${names.stem}-public`,
    {
      vpcId,
      routes: [{ cidr: '0.0.0.0/0', gatewayId: () => gateway.attributes.internetGatewayId }],
      subnetIds: () => publicSubnets.map((subnet) => subnet.attributes.subnetId),
    },
    { within: [vpc], dependsOn: [gateway, ...publicSubnets] },
  )
  const privateRoutes = new RouteTable(
    aws,
    'network/routes/private',
    `${names.stem}-private`,
    { vpcId, routes: [], subnetIds: () => privateSubnets.map((subnet) => subnet.attributes.subnetId) },
    { within: [vpc], dependsOn: privateSubnets },
  )

  const taskSecurityGroup = new SecurityGroup(
    aws,
    'network/security-group/task',
    `${names.stem}-task`,
    {
      vpcId,
      description: `datapipe ${environment.name}: transform tasks, no way in`,
      ingress: [],
      egress: [
        {
          protocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidr: '0.0.0.0/0',
          description: 'HTTPS to AWS services',
        },
      ],
    },
    { within: [vpc] },
  )
  const s3Endpoint = new VpcEndpoint(
    aws,
    'network/endpoint/s3',
    `${names.stem}-s3`,
    {
      vpcId,
      service: 's3',
      kind: 'gateway',
      routeTableIds: () => [publicRoutes.attributes.routeTableId, privateRoutes.attributes.routeTableId],
      policy: () => s3EndpointPolicy(names),
    },
    { within: [vpc], dependsOn: [publicRoutes, privateRoutes] },
  )

  return {
    vpc,
    publicSubnets,
    privateSubnets,
    taskSecurityGroup,
    taskSubnets: publicSubnets,
    assignPublicIp: environment.network.egress === 'public',
    resources: [
      vpc,
      ...publicSubnets,
      ...privateSubnets,
      gateway,
      publicRoutes,
      privateRoutes,
      taskSecurityGroup,
      s3Endpoint,
    ],
  }
}
