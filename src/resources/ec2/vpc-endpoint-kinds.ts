import type { CreateVpcEndpointRequest, ModifyVpcEndpointRequest, VpcEndpoint } from '@aws-sdk/client-ec2'
import type { PolicyDocument } from '../../aws/policy.js'
import { offeredSubnetIds, type EndpointOffer } from './endpoint-services.js'
import type { SubnetAttributes } from './subnet.js'

interface CommonProperties {
  vpcId: () => string
  policy: () => PolicyDocument
}

/** An endpoint that is routes in route tables: free, and only S3 and DynamoDB have one. */
export interface GatewayEndpointProperties extends CommonProperties {
  kind?: 'gateway'
  service: 's3'
  routeTableIds: () => string[]
}

/** An endpoint that is a network interface in each subnet, and answers to the service's own name; billed by zone and hour. */
export interface InterfaceEndpointProperties extends CommonProperties {
  kind: 'interface'
  /** Short name, such as `ecr.api`. */
  service: string
  /** At most one in each zone; those in zones without the service are left out. */
  subnets: readonly { attributes: SubnetAttributes }[]
  /** Without one EC2 takes the default group of the VPC, which lets nobody in (spec §2.6). */
  securityGroupIds: () => string[]
}

export type VpcEndpointProperties = GatewayEndpointProperties | InterfaceEndpointProperties

/** Where an endpoint is reached; lists are sorted. */
export interface Placement {
  routeTableIds?: string[]
  subnetIds?: string[]
  securityGroupIds?: string[]
  privateDns?: boolean
}

/** @throws UsageError ENDPOINT_SERVICE_ELSEWHERE */
export function wantedPlacement(
  properties: VpcEndpointProperties,
  serviceName: string,
  offer: EndpointOffer | undefined,
): Placement {
  if (properties.kind !== 'interface') return { routeTableIds: properties.routeTableIds().toSorted() }
  const subnets = properties.subnets.map(({ attributes }) => attributes)
  return {
    subnetIds:
      offer === undefined
        ? subnets.map(({ subnetId }) => subnetId).sort()
        : offeredSubnetIds(serviceName, offer, subnets),
    securityGroupIds: properties.securityGroupIds().toSorted(),
    privateDns: offer?.privateDns ?? true,
  }
}

export function observedPlacement(endpoint: VpcEndpoint): Required<Placement> {
  return {
    routeTableIds: (endpoint.RouteTableIds ?? []).toSorted(),
    subnetIds: (endpoint.SubnetIds ?? []).toSorted(),
    securityGroupIds: (endpoint.Groups ?? []).map((group) => group.GroupId ?? '').sort(),
    privateDns: endpoint.PrivateDnsEnabled ?? false,
  }
}

export function placementInput(placement: Placement): Partial<CreateVpcEndpointRequest> {
  const { privateDns, routeTableIds, securityGroupIds, subnetIds } = placement
  return routeTableIds === undefined
    ? {
        VpcEndpointType: 'Interface',
        SubnetIds: subnetIds,
        SecurityGroupIds: securityGroupIds,
        PrivateDnsEnabled: privateDns,
      }
    : { VpcEndpointType: 'Gateway', RouteTableIds: routeTableIds }
}

/** What to tell EC2 to get from one placement to the other; empty when they are the same. */
export function placementChanges(
  from: Required<Placement>,
  to: Placement,
): Partial<ModifyVpcEndpointRequest> {
  const tables = moves(from.routeTableIds, to.routeTableIds)
  const subnets = moves(from.subnetIds, to.subnetIds)
  const groups = moves(from.securityGroupIds, to.securityGroupIds)
  const privateDns = to.privateDns === from.privateDns ? undefined : to.privateDns
  return Object.fromEntries(
    Object.entries({
      AddRouteTableIds: tables.add,
      RemoveRouteTableIds: tables.remove,
      AddSubnetIds: subnets.add,
      RemoveSubnetIds: subnets.remove,
      AddSecurityGroupIds: groups.add,
      RemoveSecurityGroupIds: groups.remove,
      PrivateDnsEnabled: privateDns,
    }).filter(([, value]) => value !== undefined),
  )
}

function moves(
  from: readonly string[],
  to: readonly string[] | undefined,
): { add?: string[]; remove?: string[] } {
  if (to === undefined) return {}
  const add = to.filter((id) => !from.includes(id))
  const remove = from.filter((id) => !to.includes(id))
  return { ...(add.length > 0 && { add }), ...(remove.length > 0 && { remove }) }
}
