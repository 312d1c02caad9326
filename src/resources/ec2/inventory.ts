import {
  DescribeAddressesCommand,
  EC2Client,
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
  type FlowLog,
  type InternetGateway,
  type NatGateway,
  type NetworkAcl,
  type RouteTable,
  type SecurityGroup,
  type SecurityGroupRule,
  type ServiceDetail,
  type Subnet,
  type Vpc,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList } from '../../aws/tags.js'
import { listEndpointServices } from './endpoint-services.js'
import { collect } from './pages.js'
import { listRules } from './security-group-rules.js'
import { SharedRead } from './shared-read.js'
import { environmentFilters, filter, present } from './tagged.js'

export interface GroupWithRules {
  group: SecurityGroup
  rules: SecurityGroupRule[]
}

const inventories = new WeakMap<AwsContext, Ec2Inventory>()

/**
 * What EC2 holds of one environment, read once per kind instead of once per resource. Every list is read to its last page.
 * Whoever changes something of a kind does so through `changing` of that kind.
 */
export class Ec2Inventory {
  readonly vpcs: SharedRead<Vpc[]>
  readonly subnets: SharedRead<Subnet[]>
  readonly internetGateways: SharedRead<InternetGateway[]>
  readonly routeTables: SharedRead<RouteTable[]>
  readonly securityGroups: SharedRead<GroupWithRules[]>
  /** Also those that are being deleted: AWS shows them for a while. */
  readonly vpcEndpoints: SharedRead<VpcEndpoint[]>
  /** Also those that are being deleted, and for about an hour those that are. */
  readonly natGateways: SharedRead<NatGateway[]>
  readonly addresses: SharedRead<Address[]>
  readonly networkAcls: SharedRead<NetworkAcl[]>
  readonly flowLogs: SharedRead<FlowLog[]>
  /** The services that have interface endpoints in this region, and where. Not ours: nothing of it changes in a run. */
  readonly endpointServices: SharedRead<ServiceDetail[]>

  /** The inventory of a context; all resources of one run share it. */
  static of(aws: AwsContext): Ec2Inventory {
    const known = inventories.get(aws)
    if (known !== undefined) return known
    const inventory = new Ec2Inventory(aws)
    inventories.set(aws, inventory)
    return inventory
  }

  private constructor(aws: AwsContext) {
    const client = aws.clients.of(EC2Client)
    const ours = environmentFilters(aws)
    const living = filter('state', 'pending', 'available')

    this.vpcs = new SharedRead(() =>
      collect(paginateDescribeVpcs({ client }, { Filters: [...ours, living] }), (page) => page.Vpcs),
    )
    this.subnets = new SharedRead(() =>
      collect(paginateDescribeSubnets({ client }, { Filters: [...ours, living] }), (page) => page.Subnets),
    )
    this.internetGateways = new SharedRead(() =>
      collect(
        paginateDescribeInternetGateways({ client }, { Filters: ours }),
        (page) => page.InternetGateways,
      ),
    )
    this.routeTables = new SharedRead(() =>
      collect(paginateDescribeRouteTables({ client }, { Filters: ours }), (page) => page.RouteTables),
    )
    this.vpcEndpoints = new SharedRead(() =>
      collect(paginateDescribeVpcEndpoints({ client }, { Filters: ours }), (page) => page.VpcEndpoints),
    )
    // These two name their filters `Filter` (spec §1.3); emulators ignore those of NAT gateways, so it is checked here too.
    this.natGateways = new SharedRead(async () => {
      const found = await collect(
        paginateDescribeNatGateways({ client }, { Filter: ours }),
        (page) => page.NatGateways,
      )
      return found.filter((gateway) => aws.owns(fromTagList(gateway.Tags)))
    })
    this.flowLogs = new SharedRead(() =>
      collect(paginateDescribeFlowLogs({ client }, { Filter: ours }), (page) => page.FlowLogs),
    )
    this.addresses = new SharedRead(async () => {
      const answer = await client.send(new DescribeAddressesCommand({ Filters: ours }))
      return answer.Addresses ?? []
    })
    this.networkAcls = new SharedRead(() =>
      collect(paginateDescribeNetworkAcls({ client }, { Filters: ours }), (page) => page.NetworkAcls),
    )
    this.endpointServices = new SharedRead(() => listEndpointServices(client))
    this.securityGroups = new SharedRead(async () => {
      const groups = await collect(
        paginateDescribeSecurityGroups({ client }, { Filters: ours }),
        (page) => page.SecurityGroups,
      )
      // By group, not by tag: a rule that someone added by hand has no tags of ours, and is drift.
      const rules = await listRules(
        client,
        groups.map((group) => present(group.GroupId, 'GroupId')),
      )
      return groups.map((group) => ({
        group,
        rules: rules.filter((rule) => rule.GroupId === group.GroupId),
      }))
    })
  }
}
