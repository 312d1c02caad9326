import {
  DescribeAddressesCommand,
  paginateDescribeFlowLogs,
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkAcls,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
  type Address,
  type EC2Client,
  type Filter,
  type FlowLog,
  type InternetGateway,
  type NatGateway,
  type NetworkAcl,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type Vpc,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2'
import { fromTagList, TAG } from '../../aws/tags.js'
import { UNKNOWN } from '../../engine/change.js'
import type { Ec2Inventory } from './inventory.js'
import { collect } from './pages.js'
import { filter } from './tagged.js'

/**
 * What is found by its tags alone is lost when somebody takes them away: a second one would be made beside it. So where
 * none is found, these look who stands in its place, whatever tags it has: what EC2 allows once only (the range of a
 * subnet, the name of a security group, the gateway of a VPC), what ours are attached to, or what has its `Name`.
 *
 * Asked only when something is missing, so that a run that finds everything makes no call more.
 */
const NOWHERE: readonly string[] = ['', UNKNOWN]

/** Home of what is looked for; nothing is there while it does not exist itself. */
function inside<T>(home: string, list: () => Promise<T[]>): Promise<T[]> {
  return NOWHERE.includes(home) ? Promise.resolve([]) : list()
}

/** By its name, and where something of ours is in it. */
export async function vpcsInPlace(client: EC2Client, inventory: Ec2Inventory, name: string): Promise<Vpc[]> {
  const contents = await Promise.all([
    inventory.subnets.get(),
    inventory.routeTables.get(),
    inventory.securityGroups.get().then((groups) => groups.map(({ group }) => group)),
    inventory.vpcEndpoints.get(),
    inventory.networkAcls.get(),
    inventory.internetGateways.get().then((found) => found.flatMap(({ Attachments }) => Attachments ?? [])),
  ])
  const homes = [...new Set(contents.flat().flatMap(({ VpcId: id }) => id ?? []))]
  const list = (...Filters: Filter[]) =>
    collect(paginateDescribeVpcs({ client }, { Filters }), (page) => page.Vpcs)
  const found = await Promise.all([
    ...(homes.length === 0 ? [] : [list(filter('vpc-id', ...homes))]),
    list(filter('tag:Name', name)),
  ])
  return found.flat()
}

export function subnetsInPlace(client: EC2Client, vpcId: string, cidr: string): Promise<Subnet[]> {
  const Filters = [filter('vpc-id', vpcId), filter('cidr-block', cidr)]
  return inside(vpcId, () =>
    collect(paginateDescribeSubnets({ client }, { Filters }), (page) => page.Subnets),
  )
}

export function internetGatewaysInPlace(client: EC2Client, vpcId: string): Promise<InternetGateway[]> {
  const Filters = [filter('attachment.vpc-id', vpcId)]
  return inside(vpcId, () =>
    collect(paginateDescribeInternetGateways({ client }, { Filters }), (page) => page.InternetGateways),
  )
}

export function securityGroupsInPlace(
  client: EC2Client,
  vpcId: string,
  name: string,
): Promise<SecurityGroup[]> {
  const Filters = [filter('vpc-id', vpcId), filter('group-name', name)]
  return inside(vpcId, () =>
    collect(paginateDescribeSecurityGroups({ client }, { Filters }), (page) => page.SecurityGroups),
  )
}

/** @param subnetIds those that use it */
export async function routeTablesInPlace(
  client: EC2Client,
  vpcId: string,
  name: string,
  subnetIds: readonly string[],
): Promise<RouteTable[]> {
  const Filters = [filter('vpc-id', vpcId)]
  const all = await inside(vpcId, () =>
    collect(paginateDescribeRouteTables({ client }, { Filters }), (page) => page.RouteTables),
  )
  return all.filter(
    ({ Associations: uses = [], Tags }) =>
      !uses.some(({ Main }) => Main === true) && (isNamed(Tags, name) || isUsed(uses, subnetIds)),
  )
}

/** @param subnetIds those that use it */
export async function networkAclsInPlace(
  client: EC2Client,
  vpcId: string,
  name: string,
  subnetIds: readonly string[],
): Promise<NetworkAcl[]> {
  const Filters = [filter('vpc-id', vpcId)]
  const all = await inside(vpcId, () =>
    collect(paginateDescribeNetworkAcls({ client }, { Filters }), (page) => page.NetworkAcls),
  )
  return all.filter(
    ({ Associations: uses = [], IsDefault, Tags }) =>
      IsDefault !== true && (isNamed(Tags, name) || isUsed(uses, subnetIds)),
  )
}

/** Also those that are being deleted. @param service full name */
export async function vpcEndpointsInPlace(
  client: EC2Client,
  vpcId: string,
  service: string,
): Promise<VpcEndpoint[]> {
  const Filters = [filter('vpc-id', vpcId), filter('service-name', service)]
  const all = await inside(vpcId, () =>
    collect(paginateDescribeVpcEndpoints({ client }, { Filters }), (page) => page.VpcEndpoints),
  )
  return all.filter(({ State }) => !State?.toLowerCase().startsWith('delet'))
}

/**
 * In its subnet, by its name, which is that of its address too, and where it uses that address: there may be others. Also
 * those that are gone. Emulators ignore filters of NAT gateways.
 */
export async function natGatewaysInPlace(
  client: EC2Client,
  inventory: Ec2Inventory,
  subnetId: string,
  name: string,
): Promise<NatGateway[]> {
  const query = { Filter: [filter('subnet-id', subnetId)] }
  const all = await inside(subnetId, () =>
    collect(paginateDescribeNatGateways({ client }, query), (page) => page.NatGateways),
  )
  const ours = (await inventory.addresses.get()).filter(({ Tags }) => isNamed(Tags, name))
  const uses = ({ NatGatewayAddresses: used = [] }: NatGateway) =>
    used.some(({ AllocationId: id }) => ours.some(({ AllocationId }) => AllocationId === id))
  return all.filter(
    (gateway) => gateway.SubnetId === subnetId && (isNamed(gateway.Tags, name) || uses(gateway)),
  )
}

/** By its name, which is that of its NAT gateway, and where that gateway uses it. */
export async function addressesInPlace(
  client: EC2Client,
  inventory: Ec2Inventory,
  name: string,
): Promise<Address[]> {
  const gateways = (await inventory.natGateways.get()).filter(({ Tags }) => isNamed(Tags, name))
  const ids = gateways.flatMap(({ NatGatewayAddresses: all = [] }) =>
    all.flatMap((one) => one.AllocationId ?? []),
  )
  const list = async (search: Filter) =>
    (await client.send(new DescribeAddressesCommand({ Filters: [search] }))).Addresses ?? []
  const found = await Promise.all([
    ...(ids.length === 0 ? [] : [list(filter('allocation-id', ...ids))]),
    list(filter('tag:Name', name)),
  ])
  return found.flat()
}

/** @param bucketArn where it writes: EC2 allows one log of a VPC to one place */
export async function flowLogsInPlace(
  client: EC2Client,
  vpcId: string,
  bucketArn: string,
): Promise<FlowLog[]> {
  const query = { Filter: [filter('resource-id', vpcId)] }
  const all = await inside(vpcId, () =>
    collect(paginateDescribeFlowLogs({ client }, query), (page) => page.FlowLogs),
  )
  return all.filter(({ LogDestination, ResourceId }) => ResourceId === vpcId && LogDestination === bucketArn)
}

/** Ids of the subnets of ours that carry one of these logical ids. */
export function taggedSubnetIds(subnets: readonly Subnet[], ids: readonly string[]): string[] {
  return subnets.flatMap(({ SubnetId, Tags }) =>
    SubnetId !== undefined && ids.includes(fromTagList(Tags)[TAG.id] ?? '') ? [SubnetId] : [],
  )
}

function isNamed(tags: Vpc['Tags'], name: string): boolean {
  return fromTagList(tags).Name === name
}

function isUsed(uses: readonly { SubnetId?: string }[], subnetIds: readonly string[]): boolean {
  return uses.some(({ SubnetId }) => SubnetId !== undefined && subnetIds.includes(SubnetId))
}
