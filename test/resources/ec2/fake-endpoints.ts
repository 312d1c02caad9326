import type {
  CreateVpcEndpointRequest,
  DeleteVpcEndpointsRequest,
  DescribeManagedPrefixListsRequest,
  DescribeVpcEndpointsRequest,
  ManagedPrefixList,
  ModifyVpcEndpointRequest,
  State,
  VpcEndpoint,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'
import { Progress } from './fake-progress.js'

const NO_ENDPOINT = 'InvalidVpcEndpointId.NotFound'

export function endpointHandlers(ec2: FakeEc2): Handlers {
  const progress = new Progress()
  const interfaceId = (endpoint: VpcEndpoint, subnetId: string) => `eni-${endpoint.VpcEndpointId}-${subnetId}`
  const enter = (endpoint: VpcEndpoint, subnetIds: string[] = []) => {
    const zones = ec2.services[endpoint.ServiceName?.split('.').slice(3).join('.') ?? ''] ?? []
    for (const id of subnetIds) {
      const { AvailabilityZoneId: zone = '' } = existing(ec2.subnets, id, 'InvalidSubnetID.NotFound')
      if (!zones.includes(zone))
        throw awsError('InvalidParameter', `${endpoint.ServiceName} does not support the availability zone`)
    }
    for (const id of subnetIds)
      ec2.interfaces.set(interfaceId(endpoint, id), {
        NetworkInterfaceId: interfaceId(endpoint, id),
        SubnetId: id,
        VpcId: endpoint.VpcId,
        Groups: endpoint.Groups,
        RequesterManaged: true,
      })
    endpoint.SubnetIds = [...(endpoint.SubnetIds ?? []), ...subnetIds]
  }
  const leave = (endpoint: VpcEndpoint, subnetIds: string[] = []) => {
    for (const id of subnetIds) ec2.interfaces.delete(interfaceId(endpoint, id))
    endpoint.SubnetIds = endpoint.SubnetIds?.filter((id) => !subnetIds.includes(id))
  }
  const checkName = (endpoint: VpcEndpoint) => {
    const vpc = existing(ec2.vpcs, endpoint.VpcId, 'InvalidVpcID.NotFound')
    const taken = [...ec2.endpoints.values()].some(
      (other) =>
        other.VpcId === endpoint.VpcId &&
        other.ServiceName === endpoint.ServiceName &&
        other.PrivateDnsEnabled === true,
    )
    if (!vpc.dnsSupport || !vpc.dnsHostnames || taken)
      throw awsError(
        'InvalidParameter',
        'private-dns-enabled cannot be set because there is already a conflicting DNS domain',
      )
  }

  return {
    CreateVpcEndpoint: (input: CreateVpcEndpointRequest) => {
      existing(ec2.vpcs, input.VpcId, 'InvalidVpcID.NotFound')
      const VpcEndpointId = ec2.id('vpce')
      const { PolicyDocument, PrivateDnsEnabled, RouteTableIds, ServiceName, VpcEndpointType, VpcId } = input
      const Groups = input.SecurityGroupIds?.map((GroupId) => {
        existing(ec2.groups, GroupId, 'InvalidGroup.NotFound')
        return { GroupId }
      })
      const endpoint: VpcEndpoint = {
        ...{ VpcEndpointId, VpcId, ServiceName, VpcEndpointType, RouteTableIds, PolicyDocument, Groups },
        ...(VpcEndpointType === 'Interface' ? { SubnetIds: [], PrivateDnsEnabled } : {}),
        State: 'pending' as State,
        Tags: tagsOf(input),
      }
      if (PrivateDnsEnabled === true) checkName(endpoint)
      enter(endpoint, input.SubnetIds)
      ec2.endpoints.set(VpcEndpointId, endpoint)
      progress.start(VpcEndpointId, VpcEndpointType === 'Interface' ? ec2.lag : 0, () => {
        endpoint.State = 'available' as State
      })
      return { VpcEndpoint: { VpcEndpointId, State: 'pending' } }
    },
    DescribeVpcEndpoints: (input: DescribeVpcEndpointsRequest) => {
      progress.look()
      return {
        VpcEndpoints:
          input.VpcEndpointIds?.map((id) => existing(ec2.endpoints, id, NO_ENDPOINT)) ??
          select(ec2.endpoints.values(), input.Filters, {
            'vpc-id': (endpoint) => [endpoint.VpcId],
            'service-name': (endpoint) => [endpoint.ServiceName],
          }),
      }
    },
    ModifyVpcEndpoint: (input: ModifyVpcEndpointRequest) => {
      const endpoint = existing(ec2.endpoints, input.VpcEndpointId, NO_ENDPOINT)
      const kept = endpoint.RouteTableIds?.filter((id) => !input.RemoveRouteTableIds?.includes(id)) ?? []
      endpoint.RouteTableIds = [...kept, ...(input.AddRouteTableIds ?? [])]
      endpoint.PolicyDocument = input.PolicyDocument ?? endpoint.PolicyDocument
      if (input.PrivateDnsEnabled === true && endpoint.PrivateDnsEnabled !== true) checkName(endpoint)
      endpoint.PrivateDnsEnabled = input.PrivateDnsEnabled ?? endpoint.PrivateDnsEnabled
      const groups = endpoint.Groups?.filter(
        ({ GroupId = '' }) => !input.RemoveSecurityGroupIds?.includes(GroupId),
      )
      endpoint.Groups = [
        ...(groups ?? []),
        ...(input.AddSecurityGroupIds ?? []).map((GroupId) => ({ GroupId })),
      ]
      enter(endpoint, input.AddSubnetIds)
      leave(endpoint, input.RemoveSubnetIds)
      return { Return: true }
    },
    DeleteVpcEndpoints: (input: DeleteVpcEndpointsRequest) => {
      const unknown = input.VpcEndpointIds?.filter((id) => !ec2.endpoints.has(id)) ?? []
      for (const id of input.VpcEndpointIds ?? []) {
        const endpoint = ec2.endpoints.get(id)
        if (endpoint === undefined) continue
        endpoint.State = 'deleting' as State
        progress.start(id, endpoint.VpcEndpointType === 'Interface' ? ec2.lag : 0, () => {
          leave(endpoint, endpoint.SubnetIds)
          ec2.endpoints.delete(id)
        })
      }
      return {
        Unsuccessful: unknown.map((ResourceId) => ({
          ResourceId,
          Error: { Code: NO_ENDPOINT, Message: `${ResourceId} does not exist` },
        })),
      }
    },
    DescribeVpcEndpointServices: () => ({
      ServiceDetails: Object.entries(ec2.services).map(([name, zones]) => ({
        ServiceName: `com.amazonaws.us-east-1.${name}`,
        ServiceType: [{ ServiceType: 'Interface' as const }],
        AvailabilityZones: zones.map((zone) => `${zone}-name`),
        PrivateDnsName: `${name}.us-east-1.amazonaws.com`,
        VpcEndpointPolicySupported: true,
      })),
    }),
    DescribeManagedPrefixLists: (input: DescribeManagedPrefixListsRequest) => ({
      PrefixLists: select<ManagedPrefixList>(
        [{ PrefixListId: 'pl-63a5400a', PrefixListName: 'com.amazonaws.us-east-1.s3' }],
        input.Filters,
        { 'prefix-list-name': (list) => [list.PrefixListName] },
      ),
    }),
  }
}
