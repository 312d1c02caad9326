import { DescribeNetworkInterfacesCommand, DescribeVpcEndpointsCommand, EC2Client } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { DatapipeError, UsageError } from '../../errors.js'

/** What an agent needs to know that never uses the internet. */
export interface PrivateEndpoint {
  vpcEndpointId: string
  /** The address by which the agent reaches the endpoint. */
  address: string
  subnetArn: string
  securityGroupArns: string[]
}

/**
 * Looks up a VPC endpoint for DataSync: one subnet of it, its address there, and its security groups, which the network
 * interfaces of the task get too.
 * @param subnet which subnet of the endpoint; left out: its first
 * @throws UsageError INVALID_PRIVATE_ENDPOINT; DatapipeError PRIVATE_ENDPOINT_NOT_READY
 */
export async function privateEndpoint(
  aws: AwsContext,
  id: string,
  subnet?: string,
): Promise<PrivateEndpoint> {
  const ec2 = aws.clients.of(EC2Client)
  const endpoint = await describe(ec2, id)
  const service = endpoint.ServiceName ?? ''
  if (!/\.datasync(-fips)?$/.test(service)) {
    throw invalid(`${id} is an endpoint of ${service === '' ? 'another service' : service}, not of DataSync.`)
  }
  // The SDK's enum says `Available`, the service `available` (spec §2.6).
  if (endpoint.State?.toLowerCase() !== 'available') {
    throw new DatapipeError('PRIVATE_ENDPOINT_NOT_READY', `${id} is ${endpoint.State ?? 'not ready'}.`, {
      suggestions: ['Wait until it is available, then run the same command again.'],
    })
  }
  const subnets = endpoint.SubnetIds ?? []
  const chosen = subnet ?? [...subnets].sort()[0]
  if (chosen === undefined || !subnets.includes(chosen)) {
    throw invalid(
      `${id} has no network interface in ${chosen ?? 'any subnet'}. It has: ${subnets.join(', ')}.`,
    )
  }
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: endpoint.NetworkInterfaceIds ?? [] }),
  )
  const address = NetworkInterfaces.find(({ SubnetId }) => SubnetId === chosen)?.PrivateIpAddress
  if (address === undefined) throw invalid(`${id} has no address in ${chosen}.`)
  return {
    vpcEndpointId: id,
    address,
    subnetArn: aws.names.arn('ec2', `subnet/${chosen}`),
    securityGroupArns: (endpoint.Groups ?? []).flatMap(({ GroupId }) =>
      GroupId === undefined ? [] : [aws.names.arn('ec2', `security-group/${GroupId}`)],
    ),
  }
}

async function describe(ec2: EC2Client, id: string) {
  try {
    const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] }))
    const endpoint = VpcEndpoints?.[0]
    if (endpoint !== undefined) return endpoint
  } catch (error) {
    if (!isAwsError(error, 'InvalidVpcEndpointId*')) throw error
  }
  throw invalid(`There is no VPC endpoint ${id} in this account and region.`)
}

function invalid(message: string): UsageError {
  return new UsageError('INVALID_PRIVATE_ENDPOINT', message, {
    suggestions: [
      'Give the id of an interface endpoint for com.amazonaws.<region>.datasync, and one of its subnets.',
    ],
  })
}
