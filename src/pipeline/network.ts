import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { FlowLog } from '../resources/ec2/flow-log.js'
import type { SecurityGroup } from '../resources/ec2/security-group.js'
import type { SecurityGroupEgress } from '../resources/ec2/security-group-egress.js'
import type { Subnet } from '../resources/ec2/subnet.js'
import { VpcEndpoint } from '../resources/ec2/vpc-endpoint.js'
import type { Vpc } from '../resources/ec2/vpc.js'
import type { AwsResource } from '../resources/resource.js'
import { networkAcls } from './network/acls.js'
import { interfaceEndpoints } from './network/endpoints.js'
import { layout } from './network/layout.js'
import { privateRouting } from './network/nat.js'
import { privateEgress, taskGroup } from './network/task-group.js'
import { s3EndpointPolicy } from './policies/endpoint.js'

/** The network of an environment, and where its tasks go. */
export interface Network {
  vpc: Vpc
  publicSubnets: Subnet[]
  privateSubnets: Subnet[]
  /** The group of tasks; who depends on it comes after the whole way out of the tasks is there. */
  taskSecurityGroup: SecurityGroup | SecurityGroupEgress
  /** Subnets that tasks start in. */
  taskSubnets: Subnet[]
  assignPublicIp: boolean
  resources: AwsResource[]
}

/**
 * VPC with a public and a private subnet in each zone, and the way out that `network.egress` says.
 * - `public`: tasks run in the public subnets with an address of their own and accept no connection; nothing to pay for.
 * - `nat`, `nat-per-az`: tasks run in the private subnets behind one NAT gateway, or one in each zone.
 * - `endpoints`: tasks run in the private subnets and reach AWS services only, by interface endpoints.
 *
 * S3 always goes through the free gateway endpoint. When the mode of a living environment changes, the new way is made
 * first, then what starts tasks is told, and what is left of the old way is deleted last, as orphans.
 * @param zoneIds zone ids, not names: names differ between accounts
 * @param logs where flow logs go
 */
export function network(
  aws: AwsContext,
  environment: Environment,
  zoneIds: string[],
  logs: AwsResource,
): Network {
  const { names } = aws
  const { cidr, egress, flowLogs, networkAcls: withAcls } = environment.network
  const base = layout(aws, environment, zoneIds)
  const { gateway, privateSubnets, publicRoutes, publicSubnets, vpc, vpcId } = base
  const { addresses, gateways, tables } = privateRouting(aws, egress, base)
  const allTables = [publicRoutes, ...tables]
  const group = taskGroup(aws, environment, base)
  const s3Endpoint = new VpcEndpoint(
    aws,
    'network/endpoint/s3',
    `${names.stem}-s3`,
    {
      vpcId,
      service: 's3',
      kind: 'gateway',
      routeTableIds: () => allTables.map((table) => table.attributes.routeTableId),
      policy: () => s3EndpointPolicy(names),
    },
    { within: [vpc], dependsOn: allTables },
  )
  const { endpoints, securityGroup: endpointGroup } = interfaceEndpoints(aws, environment, base, group)
  const acls = withAcls ? networkAcls(aws, vpc, cidr, { public: publicSubnets, private: privateSubnets }) : []
  const flowLog = flowLogs === 's3' ? flowLogTo(aws, vpc, logs) : []
  const isPublic = egress === 'public'
  const ways = [...tables, s3Endpoint, ...endpoints, ...acls]
  const out = isPublic
    ? undefined
    : privateEgress(aws, group, ways, egress === 'endpoints' ? endpointGroup : undefined)

  return {
    vpc,
    publicSubnets,
    privateSubnets,
    taskSecurityGroup: out?.egress ?? group,
    taskSubnets: isPublic ? publicSubnets : privateSubnets,
    assignPublicIp: isPublic,
    resources: [
      vpc,
      ...publicSubnets,
      ...privateSubnets,
      gateway,
      ...addresses,
      ...gateways,
      ...allTables,
      group,
      s3Endpoint,
      ...(endpointGroup === undefined ? [] : [endpointGroup]),
      ...endpoints,
      ...(out?.prefixList === undefined ? [] : [out.prefixList]),
      ...(out === undefined ? [] : [out.egress]),
      ...acls,
      ...flowLog,
    ],
  }
}

function flowLogTo(aws: AwsContext, vpc: Vpc, logs: AwsResource): FlowLog[] {
  return [
    new FlowLog(
      aws,
      'network/flow-log',
      `${aws.names.stem}-flow-log`,
      { vpcId: () => vpc.attributes.vpcId, bucketArn: () => aws.names.bucketArn('logs') },
      { within: [vpc], dependsOn: [logs] },
    ),
  ]
}
