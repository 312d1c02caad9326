import {
  DescribeInternetGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  type NetworkInterface,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2'
import type { Emulator } from '../emulator.js'

export function ec2Of(emulator: Emulator, region: string): EC2Client {
  return emulator.client(EC2Client, region)
}

export function where(Name: string, ...Values: string[]) {
  return { Filters: [{ Name, Values }] }
}

/** For example those in a subnet (`subnet-id`). */
export async function interfaces(ec2: EC2Client, filter: string, value: string): Promise<NetworkInterface[]> {
  const { NetworkInterfaces: found = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand(where(filter, value)),
  )
  return found
}

/** The emulator keeps deleted ones; here they are gone. */
export async function livingEndpoints(ec2: EC2Client, vpcId?: string): Promise<VpcEndpoint[]> {
  const { VpcEndpoints: found = [] } = await ec2.send(new DescribeVpcEndpointsCommand({}))
  return found.filter(
    ({ State, VpcId }) => String(State) !== 'deleted' && (vpcId === undefined || VpcId === vpcId),
  )
}

export async function hasInternetGateway(ec2: EC2Client, vpcId: string): Promise<boolean> {
  const { InternetGateways: found = [] } = await ec2.send(
    new DescribeInternetGatewaysCommand(where('attachment.vpc-id', vpcId)),
  )
  return found.length > 0
}
