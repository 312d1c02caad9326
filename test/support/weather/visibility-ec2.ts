import type { AwsRequest } from '../realism/request.js'
import type { Refusal } from '../realism/rule.js'

/** By the beginning of the id: the error that says that it is not there. */
const MISSING: Readonly<Record<string, string>> = {
  vpc: 'InvalidVpcID.NotFound',
  subnet: 'InvalidSubnetID.NotFound',
  igw: 'InvalidInternetGatewayID.NotFound',
  rtb: 'InvalidRouteTableID.NotFound',
  sg: 'InvalidGroup.NotFound',
  nat: 'NatGatewayNotFound',
  vpce: 'InvalidVpcEndpointId.NotFound',
  eipalloc: 'InvalidAllocationID.NotFound',
  acl: 'InvalidNetworkAclID.NotFound',
}

/** The element of the answer to a creation that holds the new id. */
const CREATED: Readonly<Record<string, string>> = {
  CreateVpc: 'vpcId',
  CreateSubnet: 'subnetId',
  CreateInternetGateway: 'internetGatewayId',
  CreateRouteTable: 'routeTableId',
  CreateSecurityGroup: 'groupId',
  CreateNatGateway: 'natGatewayId',
  CreateVpcEndpoint: 'vpcEndpointId',
  AllocateAddress: 'allocationId',
  CreateNetworkAcl: 'networkAclId',
}

export const EC2_CREATIONS: readonly string[] = Object.keys(CREATED)

/** The lists, and the element of an item that holds its id. */
export const EC2_LISTS: Readonly<Record<string, string>> = {
  DescribeVpcs: 'vpcId',
  DescribeSubnets: 'subnetId',
  DescribeInternetGateways: 'internetGatewayId',
  DescribeRouteTables: 'routeTableId',
  DescribeSecurityGroups: 'groupId',
  DescribeNatGateways: 'natGatewayId',
  DescribeVpcEndpoints: 'vpcEndpointId',
  DescribeAddresses: 'allocationId',
  DescribeNetworkAcls: 'networkAclId',
}

/** The id of what was created, if this call creates anything. */
export function ec2Created({ action }: AwsRequest, body: string): string | undefined {
  const element = CREATED[action]
  if (element === undefined) return undefined
  return new RegExp(`<${element}>([^<]+)</${element}>`).exec(body)?.[1]
}

export function ec2Missing(id: string): Refusal | undefined {
  const code = MISSING[id.split('-')[0] ?? '']
  return code === undefined ? undefined : { code, message: `The ID '${id}' does not exist` }
}

/** Takes the item of a list out whose own element `idElement` is `id`, whatever it holds or is held by. */
export function withoutItem(xml: string, idElement: string, id: string): string {
  const open: { start: number; mine: boolean }[] = []
  const own = `<${idElement}>${id}</${idElement}>`
  const tags = new RegExp(`<item>|</item>|${own}`, 'g')
  for (const { 0: tag, index } of xml.matchAll(tags)) {
    if (tag === '<item>') open.push({ start: index, mine: false })
    // In the outermost item: within it are things that only belong to it.
    else if (tag === own && open.length === 1) open[0]!.mine = true
    else if (tag === '</item>') {
      const closed = open.pop()
      if (closed?.mine === true) return xml.slice(0, closed.start) + xml.slice(index + tag.length)
    }
  }
  return xml
}
