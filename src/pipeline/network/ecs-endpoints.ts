import { policy, type PolicyDocument } from '../../aws/policy.js'

/** Endpoints of ECS itself. */
export const ECS_SERVICES: readonly string[] = ['ecs', 'ecs-agent', 'ecs-telemetry']

/** Regions that AWS opened before 23 December 2023. It opens no more of those, so the list is complete. */
const EARLIER_REGIONS: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'us-gov-east-1', 'us-gov-west-1'],
  ...['ca-central-1', 'sa-east-1', 'af-south-1', 'il-central-1', 'me-central-1', 'me-south-1'],
  ...['ap-east-1', 'ap-south-1', 'ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'],
  ...['ap-southeast-4', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'cn-north-1', 'cn-northwest-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3'],
])

/**
 * Whether tasks without a way to the internet need the endpoints of ECS. Elsewhere Fargate reaches ECS by itself; in regions
 * opened since 23 December 2023 AWS asks for all three
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html, spec §2.6).
 */
export function needsEcsEndpoints(region: string): boolean {
  return !EARLIER_REGIONS.has(region)
}

/** Not limited to our account: what calls here is Fargate's agent, and AWS does not say as whom. */
export function ecsEndpointPolicy(): PolicyDocument {
  return policy({
    Sid: 'FargateAgent',
    Effect: 'Allow',
    Principal: '*',
    Action: 'ecs:*',
    Resource: '*',
  })
}
