import {
  CreateRouteCommand,
  DeleteRouteCommand,
  ReplaceRouteCommand,
  type EC2Client,
  type Route as Ec2Route,
} from '@aws-sdk/client-ec2'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { withinQuota } from '../../aws/quotas.js'

export interface Route {
  /** The destination. */
  cidr: string
  /** An internet gateway or a NAT gateway. */
  gatewayId: () => string
}

/**
 * The routes that someone made, as destination -> target. Not those of the VPC itself, of a gateway endpoint (which adds and
 * removes its own, spec §2.4), or those that are propagated or advertised.
 */
export function routesByDestination(routes: readonly Ec2Route[]): Record<string, string> {
  return Object.fromEntries(
    routes.filter(isMade).map((route) => {
      const target = targetOf(route)
      const destination = route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? ''
      // What the target was has been deleted: the route stays and drops everything (spec §2.4).
      return [destination, route.State === 'blackhole' ? `blackhole (${target})` : target]
    }),
  )
}

function isMade(route: Ec2Route): boolean {
  return (
    route.DestinationPrefixListId === undefined &&
    route.GatewayId !== 'local' &&
    (route.Origin ?? 'CreateRoute') === 'CreateRoute'
  )
}

function targetOf(route: Ec2Route): string {
  return (
    route.GatewayId ??
    route.NatGatewayId ??
    route.InstanceId ??
    route.NetworkInterfaceId ??
    route.TransitGatewayId ??
    route.VpcPeeringConnectionId ??
    route.EgressOnlyInternetGatewayId ??
    route.CarrierGatewayId ??
    route.LocalGatewayId ??
    route.CoreNetworkArn ??
    'an unknown target'
  )
}

/** Makes a route, or points the one with the same destination elsewhere. */
export async function putRoute(
  client: EC2Client,
  region: string,
  routeTableId: string,
  route: Route,
  op: Operation,
): Promise<void> {
  const gatewayId = route.gatewayId()
  const input = {
    RouteTableId: routeTableId,
    DestinationCidrBlock: route.cidr,
    ...(gatewayId.startsWith('nat-') ? { NatGatewayId: gatewayId } : { GatewayId: gatewayId }),
  }
  await retryNotFound(
    async () => {
      try {
        await withinQuota(client.send(new CreateRouteCommand(input)))
      } catch (error) {
        if (!isAwsError(error, 'RouteAlreadyExists')) throw error
        await client.send(new ReplaceRouteCommand(input))
      }
    },
    `waiting for ${routeTableId} and ${gatewayId} to be seen everywhere`,
    op,
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.NotFound',
    'InvalidGatewayID.NotFound',
    'InvalidInternetGatewayID.NotFound',
    'InvalidNatGatewayID.NotFound',
    'NatGatewayNotFound',
  )
}

/** Removes the route to a destination; that it is gone already is fine. */
export async function removeRoute(client: EC2Client, routeTableId: string, cidr: string): Promise<void> {
  const destination = cidr.includes(':') ? { DestinationIpv6CidrBlock: cidr } : { DestinationCidrBlock: cidr }
  await unlessMissing(
    client.send(new DeleteRouteCommand({ RouteTableId: routeTableId, ...destination })),
    'InvalidRoute.NotFound',
  )
}
