import type {
  AssociateRouteTableRequest,
  AttachInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateRouteRequest,
  CreateRouteTableRequest,
  DeleteRouteRequest,
  DescribeInternetGatewaysRequest,
  DescribeRouteTablesRequest,
  ReplaceRouteTableAssociationRequest,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'
import { requireNat } from './fake-nat.js'

const NO_GATEWAY = 'InvalidInternetGatewayID.NotFound'
const NO_TABLE = 'InvalidRouteTableID.NotFound'

export function gatewayHandlers(ec2: FakeEc2): Handlers {
  const associations = () => [...ec2.tables.values()].flatMap((table) => table.Associations ?? [])
  const dissolve = (id: string | undefined) => {
    for (const table of ec2.tables.values())
      table.Associations = table.Associations?.filter((found) => found.RouteTableAssociationId !== id)
  }
  const join = (RouteTableId: string | undefined, SubnetId: string | undefined) => {
    const RouteTableAssociationId = ec2.id('rtbassoc')
    const AssociationState = { State: 'associated' as const }
    const association = { RouteTableAssociationId, RouteTableId, SubnetId, Main: false, AssociationState }
    existing(ec2.tables, RouteTableId, NO_TABLE).Associations?.push(association)
    return { AssociationId: RouteTableAssociationId, NewAssociationId: RouteTableAssociationId }
  }

  return {
    CreateInternetGateway: (input: CreateInternetGatewayRequest) => {
      const InternetGatewayId = ec2.id('igw')
      const gateway = { InternetGatewayId, Attachments: [], Tags: tagsOf(input) }
      ec2.gateways.set(InternetGatewayId, gateway)
      return { InternetGateway: gateway }
    },
    DescribeInternetGateways: (input: DescribeInternetGatewaysRequest) => ({
      InternetGateways:
        input.InternetGatewayIds?.map((id) => existing(ec2.gateways, id, NO_GATEWAY)) ??
        select(ec2.gateways.values(), input.Filters, {
          'attachment.vpc-id': (gateway) => gateway.Attachments?.map((attachment) => attachment.VpcId) ?? [],
        }),
    }),
    AttachInternetGateway: (input: AttachInternetGatewayRequest) => {
      const gateway = existing(ec2.gateways, input.InternetGatewayId, NO_GATEWAY)
      existing(ec2.vpcs, input.VpcId, 'InvalidVpcID.NotFound')
      if ((gateway.Attachments?.length ?? 0) > 0) throw awsError('Resource.AlreadyAssociated')
      gateway.Attachments = [{ VpcId: input.VpcId, State: 'available' as 'attached' }]
      return {}
    },
    DetachInternetGateway: (input: AttachInternetGatewayRequest) => {
      const gateway = existing(ec2.gateways, input.InternetGatewayId, NO_GATEWAY)
      if (gateway.Attachments?.[0]?.VpcId !== input.VpcId) throw awsError('Gateway.NotAttached')
      const addressed = [...ec2.interfaces.values()].some(
        (found) => found.VpcId === input.VpcId && found.Association?.PublicIp !== undefined,
      )
      if (addressed)
        throw awsError('DependencyViolation', `Network ${input.VpcId} has some mapped public address(es).`)
      gateway.Attachments = []
      return {}
    },
    DeleteInternetGateway: ({ InternetGatewayId }: { InternetGatewayId: string }) => {
      const gateway = existing(ec2.gateways, InternetGatewayId, NO_GATEWAY)
      if ((gateway.Attachments?.length ?? 0) > 0) throw awsError('DependencyViolation')
      ec2.gateways.delete(InternetGatewayId)
      return {}
    },

    CreateRouteTable: (input: CreateRouteTableRequest) => {
      const { CidrBlock } = existing(ec2.vpcs, input.VpcId, 'InvalidVpcID.NotFound')
      const RouteTableId = ec2.id('rtb')
      const local = {
        DestinationCidrBlock: CidrBlock,
        GatewayId: 'local',
        Origin: 'CreateRouteTable' as const,
      }
      const table = {
        RouteTableId,
        VpcId: input.VpcId,
        Routes: [local],
        Associations: [],
        Tags: tagsOf(input),
      }
      ec2.tables.set(RouteTableId, table)
      return { RouteTable: table }
    },
    DescribeRouteTables: (input: DescribeRouteTablesRequest) => ({
      RouteTables:
        input.RouteTableIds?.map((id) => existing(ec2.tables, id, NO_TABLE)) ??
        select(ec2.tables.values(), input.Filters, {
          'vpc-id': (table) => [table.VpcId],
          'association.subnet-id': (table) => table.Associations?.map((found) => found.SubnetId) ?? [],
        }),
    }),
    CreateRoute: ({ RouteTableId, ...route }: CreateRouteRequest) => {
      const table = existing(ec2.tables, RouteTableId, NO_TABLE)
      requireNat(ec2, route.NatGatewayId)
      if (table.Routes?.some((other) => other.DestinationCidrBlock === route.DestinationCidrBlock))
        throw awsError('RouteAlreadyExists')
      table.Routes?.push({ ...route, State: 'active', Origin: 'CreateRoute' } as object)
      return { Return: true }
    },
    ReplaceRoute: ({ RouteTableId, ...route }: CreateRouteRequest) => {
      const table = existing(ec2.tables, RouteTableId, NO_TABLE)
      requireNat(ec2, route.NatGatewayId)
      const others = table.Routes?.filter(
        (other) => other.DestinationCidrBlock !== route.DestinationCidrBlock,
      )
      if (others?.length === table.Routes?.length) throw awsError('InvalidParameterValue')
      table.Routes = [...(others ?? []), { ...route, State: 'active', Origin: 'CreateRoute' } as object]
      return {}
    },
    DeleteRoute: ({ RouteTableId, ...destination }: DeleteRouteRequest) => {
      const table = existing(ec2.tables, RouteTableId, NO_TABLE)
      const [[field, value] = ['', '']] = Object.entries(destination)
      const others = table.Routes?.filter((route) => (route as Record<string, unknown>)[field] !== value)
      if (others?.length === table.Routes?.length) throw awsError('InvalidRoute.NotFound')
      table.Routes = others
      return {}
    },
    AssociateRouteTable: (input: AssociateRouteTableRequest) => {
      existing(ec2.subnets, input.SubnetId, 'InvalidSubnetID.NotFound')
      if (associations().some((found) => found.SubnetId === input.SubnetId))
        throw awsError('Resource.AlreadyAssociated')
      return join(input.RouteTableId, input.SubnetId)
    },
    ReplaceRouteTableAssociation: (input: ReplaceRouteTableAssociationRequest) => {
      const current = associations().find((found) => found.RouteTableAssociationId === input.AssociationId)
      if (current === undefined) throw awsError('InvalidAssociationID.NotFound')
      dissolve(input.AssociationId)
      return join(input.RouteTableId, current.SubnetId)
    },
    DisassociateRouteTable: ({ AssociationId }: { AssociationId: string }) => {
      if (!associations().some((found) => found.RouteTableAssociationId === AssociationId))
        throw awsError('InvalidAssociationID.NotFound')
      dissolve(AssociationId)
      return {}
    },
    DeleteRouteTable: ({ RouteTableId }: { RouteTableId: string }) => {
      if ((existing(ec2.tables, RouteTableId, NO_TABLE).Associations?.length ?? 0) > 0)
        throw awsError(
          'DependencyViolation',
          `The routeTable '${RouteTableId}' has dependencies and cannot be deleted.`,
        )
      ec2.tables.delete(RouteTableId)
      return {}
    },
  }
}
