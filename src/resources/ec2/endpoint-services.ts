import { DescribeVpcEndpointServicesCommand, type EC2Client, type ServiceDetail } from '@aws-sdk/client-ec2'
import { UNKNOWN } from '../../engine/change.js'
import { UsageError } from '../../errors.js'
import type { SubnetAttributes } from './subnet.js'
import { filter } from './tagged.js'

/** What AWS offers for one service in one region. */
export interface EndpointOffer {
  zoneIds: readonly string[]
  zoneNames: readonly string[]
  /** false: it takes no endpoint policy. */
  policy: boolean
  /** false: it has no name that could lead to the endpoint. */
  privateDns: boolean
}

/** Every service of this region that has interface endpoints. The SDK has no paginator for this call. */
export async function listEndpointServices(client: EC2Client): Promise<ServiceDetail[]> {
  const found: ServiceDetail[] = []
  let token: string | undefined
  do {
    const page = await client.send(
      new DescribeVpcEndpointServicesCommand({
        Filters: [filter('service-type', 'Interface')],
        NextToken: token,
      }),
    )
    found.push(...(page.ServiceDetails ?? []))
    token = page.NextToken === '' ? undefined : page.NextToken
  } while (token !== undefined)
  return found
}

/** @throws UsageError ENDPOINT_SERVICE_UNKNOWN */
export function offerOf(services: readonly ServiceDetail[], serviceName: string): EndpointOffer {
  const service = services.find(
    ({ ServiceName: name, ServiceType: types }) =>
      name === serviceName && (types ?? []).some((type) => type.ServiceType === 'Interface'),
  )
  if (service === undefined) {
    throw new UsageError(
      'ENDPOINT_SERVICE_UNKNOWN',
      `AWS has no interface endpoint ${serviceName} in this region.`,
      {
        suggestions: [
          'Look at network.interfaceEndpoints in datapipe.yaml: it takes short names such as secretsmanager.',
          'Or use another network.egress: nat, nat-per-az or public.',
        ],
      },
    )
  }
  return {
    zoneIds: service.AvailabilityZoneIds ?? [],
    zoneNames: service.AvailabilityZones ?? [],
    policy: service.VpcEndpointPolicySupported !== false,
    privateDns: service.PrivateDnsName !== undefined || (service.PrivateDnsNames ?? []).length > 0,
  }
}

/**
 * The subnets in zones where the service is: one in another zone makes EC2 refuse the whole endpoint (spec §2.1). Tasks in
 * the other zones reach it all the same. Subnets that do not exist yet count as if it were there.
 * @throws UsageError ENDPOINT_SERVICE_ELSEWHERE when there is none
 */
export function offeredSubnetIds(
  serviceName: string,
  offer: EndpointOffer,
  subnets: readonly SubnetAttributes[],
): string[] {
  const offered = subnets.filter(({ zoneId, zoneName }) =>
    [zoneId === UNKNOWN, offer.zoneIds.includes(zoneId), offer.zoneNames.includes(zoneName)].some(Boolean),
  )
  if (offered.length === 0) {
    throw new UsageError(
      'ENDPOINT_SERVICE_ELSEWHERE',
      `${serviceName} is in none of the availability zones of this environment (${subnets.map(({ zoneId }) => zoneId).join(', ')}).`,
      { suggestions: ['Set network.zones in datapipe.yaml to 3, or use another network.egress.'] },
    )
  }
  return offered.map(({ subnetId }) => subnetId).sort()
}
