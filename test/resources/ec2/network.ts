import type { AwsContext } from '../../../src/aws/context.js'
import { policy } from '../../../src/aws/policy.js'
import type { Resource } from '../../../src/engine/resource.js'
import { InternetGateway } from '../../../src/resources/ec2/internet-gateway.js'
import { RouteTable } from '../../../src/resources/ec2/route-table.js'
import { SecurityGroup } from '../../../src/resources/ec2/security-group.js'
import type { Rule } from '../../../src/resources/ec2/security-group-rules.js'
import { Subnet } from '../../../src/resources/ec2/subnet.js'
import { VpcEndpoint } from '../../../src/resources/ec2/vpc-endpoint.js'
import { Vpc } from '../../../src/resources/ec2/vpc.js'

export const S3_POLICY = policy({
  Effect: 'Allow',
  Principal: '*',
  Action: ['s3:GetObject', 's3:PutObject'],
  Resource: 'arn:aws:s3:::dp-sensors-dev-raw/*',
})

export function https(peer: Partial<Rule>): Rule {
  return { protocol: 'tcp', fromPort: 443, toPort: 443, description: 'HTTPS', ...peer }
}

/** A network as an environment has it: two zones, a way out, a task group, an endpoint group that lets tasks in, S3 inside. */
export function network(aws: AwsContext) {
  const vpc = new Vpc(aws, 'network/vpc', 'dp-sensors-dev', { cidr: '10.20.0.0/16' })
  const vpcId = () => vpc.attributes.vpcId
  const within = [vpc]
  const subnet = (id: string, cidr: string, zoneId: string) =>
    new Subnet(aws, `network/subnet/${id}`, `dp-sensors-dev-${id}`, { vpcId, cidr, zoneId }, { within })
  const publicA = subnet('public/a', '10.20.0.0/24', 'use1-az1')
  const privateA = subnet('private/a', '10.20.16.0/20', 'use1-az1')
  const gateway = new InternetGateway(aws, 'network/gateway', 'dp-sensors-dev', { vpcId }, { within })
  const table = (id: string, withRoute: boolean, subnets: Subnet[]) =>
    new RouteTable(
      aws,
      `network/routes/${id}`,
      `dp-sensors-dev-${id}`,
      {
        vpcId,
        routes: withRoute
          ? [{ cidr: '0.0.0.0/0', gatewayId: () => gateway.attributes.internetGatewayId }]
          : [],
        subnetIds: () => subnets.map((used) => used.attributes.subnetId),
      },
      { within, dependsOn: [...subnets, gateway] },
    )
  const publicRoutes = table('public', true, [publicA])
  const privateRoutes = table('private', false, [privateA])
  const tasks = new SecurityGroup(
    aws,
    'network/group/task',
    'dp-sensors-dev-task',
    { vpcId, description: 'Tasks', ingress: [], egress: [https({ cidr: '0.0.0.0/0' })] },
    { within },
  )
  const endpoints = new SecurityGroup(
    aws,
    'network/group/endpoints',
    'dp-sensors-dev-endpoints',
    {
      vpcId,
      description: 'Endpoints',
      ingress: [https({ sourceGroupId: () => tasks.attributes.groupId })],
      egress: [],
    },
    { within, dependsOn: [tasks] },
  )
  const s3 = new VpcEndpoint(
    aws,
    'network/endpoint/s3',
    'dp-sensors-dev-s3',
    {
      vpcId,
      service: 's3',
      routeTableIds: () => [publicRoutes, privateRoutes].map((used) => used.attributes.routeTableId),
      policy: () => S3_POLICY,
    },
    { within, dependsOn: [publicRoutes, privateRoutes] },
  )
  /** In an order in which each comes after what it needs. */
  const all = [
    vpc,
    publicA,
    privateA,
    gateway,
    publicRoutes,
    privateRoutes,
    tasks,
    endpoints,
    s3,
  ] as unknown as Resource[]
  return { vpc, publicA, privateA, gateway, publicRoutes, privateRoutes, tasks, endpoints, s3, all }
}
