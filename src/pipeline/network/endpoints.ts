import type { AwsContext } from '../../aws/context.js'
import type { Environment } from '../../config/schema.js'
import { SecurityGroup } from '../../resources/ec2/security-group.js'
import { VpcEndpoint } from '../../resources/ec2/vpc-endpoint.js'
import { interfaceEndpointPolicy } from '../policies/endpoint-interface.js'
import { ECS_SERVICES, ecsEndpointPolicy, needsEcsEndpoints } from './ecs-endpoints.js'
import type { Layout } from './layout.js'

/**
 * What a task without any way to the internet calls: its image (whose layers come from S3), its log and the catalog. Not
 * kms or sts: S3 uses the key itself, and Fargate brings the credentials (spec §2.6).
 */
export const TASK_SERVICES = ['ecr.api', 'ecr.dkr', 'logs', 'glue'] as const

export interface InterfaceEndpoints {
  /** undefined: there is no endpoint that it would be for. */
  securityGroup: SecurityGroup | undefined
  endpoints: VpcEndpoint[]
}

/** Without an endpoint for its metric, the alarm of rejected rows would never go off, and nobody would know. */
function servicesOfTasks(aws: AwsContext, { monitoring }: Environment): string[] {
  return [
    ...TASK_SERVICES,
    ...(monitoring.rejectedRowsPerDay === undefined ? [] : ['monitoring']),
    ...(needsEcsEndpoints(aws.region) ? ECS_SERVICES : []),
  ]
}

export function interfaceEndpoints(
  aws: AwsContext,
  environment: Environment,
  { privateSubnets, vpc, vpcId }: Layout,
  taskGroup: SecurityGroup,
): InterfaceEndpoints {
  const { egress, interfaceEndpoints: extra } = environment.network
  const needed = egress === 'endpoints' ? servicesOfTasks(aws, environment) : []
  const services = [...new Set<string>([...needed, ...extra])]
  if (services.length === 0) return { securityGroup: undefined, endpoints: [] }
  const { names } = aws
  const securityGroup = new SecurityGroup(
    aws,
    'network/security-group/endpoints',
    `${names.stem}-endpoints`,
    {
      vpcId,
      description: `datapipe ${environment.name}: VPC endpoints, tasks may come in`,
      ingress: [
        {
          protocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          sourceGroupId: () => taskGroup.attributes.groupId,
          description: 'HTTPS from tasks',
        },
      ],
      egress: [],
    },
    { within: [vpc], dependsOn: [taskGroup] },
  )
  const endpoints = services.map(
    (service) =>
      new VpcEndpoint(
        aws,
        `network/endpoint/${service}`,
        `${names.stem}-${service}`,
        {
          kind: 'interface',
          vpcId,
          service,
          subnets: privateSubnets,
          securityGroupIds: () => [securityGroup.attributes.groupId],
          policy: () =>
            ECS_SERVICES.includes(service) ? ecsEndpointPolicy() : interfaceEndpointPolicy(names, service),
        },
        { within: [vpc], dependsOn: [securityGroup, ...privateSubnets] },
      ),
  )
  return { securityGroup, endpoints }
}
