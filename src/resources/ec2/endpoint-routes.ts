import { DescribeVpcEndpointsCommand, ModifyVpcEndpointCommand, type EC2Client } from '@aws-sdk/client-ec2'
import { unlessMissing } from '../../aws/retry.js'

/**
 * Makes no route table use a gateway endpoint any more. Only for emulators: moto makes no routes in tables that an endpoint
 * gets later, misses them when the endpoint is deleted, and refuses. AWS takes its routes along by itself (spec §2.4).
 */
export async function leaveRouteTables(client: EC2Client, endpointId: string): Promise<void> {
  const answer = await unlessMissing(
    client.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpointId] })),
    'InvalidVpcEndpointId.NotFound',
  )
  const RemoveRouteTableIds = answer?.VpcEndpoints?.[0]?.RouteTableIds ?? []
  if (RemoveRouteTableIds.length === 0) return
  await client.send(new ModifyVpcEndpointCommand({ VpcEndpointId: endpointId, RemoveRouteTableIds }))
}
