import type {
  AllocateAddressRequest,
  CreateNatGatewayRequest,
  DescribeAddressesRequest,
  DescribeNatGatewaysRequest,
  NatGateway,
} from '@aws-sdk/client-ec2'
import { awsError, existing, tagsOf, type FakeEc2, type Handlers } from './fake-ec2.js'
import { select } from './fake-filters.js'
import { Progress } from './fake-progress.js'

const NO_NAT = 'NatGatewayNotFound'
const NO_ADDRESS = 'InvalidAllocationID.NotFound'

/** A route to what does not exist is refused. */
export function requireNat(ec2: FakeEc2, id: string | undefined): void {
  if (id !== undefined && existing(ec2.nats, id, NO_NAT).State === 'deleted') throw awsError(NO_NAT)
}

export function natHandlers(ec2: FakeEc2): Handlers {
  const progress = new Progress()
  const userOf = (allocationId: string | undefined): NatGateway | undefined =>
    [...ec2.nats.values()].find(
      (nat) => nat.State !== 'deleted' && nat.NatGatewayAddresses?.[0]?.AllocationId === allocationId,
    )

  return {
    AllocateAddress: (input: AllocateAddressRequest) => {
      const AllocationId = ec2.id('eipalloc')
      const PublicIp = `198.51.100.${ec2.addresses.size + 1}`
      ec2.addresses.set(AllocationId, { AllocationId, PublicIp, Domain: 'vpc', Tags: tagsOf(input) })
      return { AllocationId, PublicIp, Domain: 'vpc' }
    },
    DescribeAddresses: (input: DescribeAddressesRequest) => ({
      Addresses:
        input.AllocationIds?.map((id) => existing(ec2.addresses, id, NO_ADDRESS)) ??
        select(ec2.addresses.values(), input.Filters, {
          'allocation-id': (address) => [address.AllocationId],
        }),
    }),
    ReleaseAddress: ({ AllocationId }: { AllocationId: string }) => {
      existing(ec2.addresses, AllocationId, NO_ADDRESS)
      if (userOf(AllocationId) !== undefined) throw awsError('InvalidIPAddress.InUse')
      ec2.addresses.delete(AllocationId)
      return {}
    },

    CreateNatGateway: (input: CreateNatGatewayRequest) => {
      const { AllocationId, SubnetId } = input
      const { VpcId } = existing(ec2.subnets, SubnetId, 'InvalidSubnetID.NotFound')
      const { PublicIp } = existing(ec2.addresses, AllocationId, NO_ADDRESS)
      if (userOf(AllocationId) !== undefined) throw awsError('Resource.AlreadyAssociated')
      const NatGatewayId = ec2.id('nat')
      const nat: NatGateway = {
        ...{ NatGatewayId, SubnetId, VpcId, State: 'pending', ConnectivityType: 'public' },
        NatGatewayAddresses: [{ AllocationId, PublicIp, IsPrimary: true }],
        Tags: tagsOf(input),
      }
      ec2.nats.set(NatGatewayId, nat)
      ec2.interfaces.set(`eni-${NatGatewayId}`, {
        ...{ NetworkInterfaceId: `eni-${NatGatewayId}`, SubnetId, VpcId, RequesterManaged: true },
        Description: `Interface for NAT Gateway ${NatGatewayId}`,
        Association: { PublicIp },
      })
      const attached = [...ec2.gateways.values()].some((found) => found.Attachments?.[0]?.VpcId === VpcId)
      progress.start(NatGatewayId, ec2.lag, () => {
        nat.State = attached ? 'available' : 'failed'
        if (attached) return
        nat.FailureCode = 'Gateway.NotAttached'
        nat.NatGatewayAddresses = []
        ec2.interfaces.delete(`eni-${NatGatewayId}`)
      })
      return { NatGateway: { ...nat, State: 'pending' } }
    },
    DescribeNatGateways: (input: DescribeNatGatewaysRequest) => {
      progress.look()
      const byId = input.NatGatewayIds?.map((id) => existing(ec2.nats, id, NO_NAT))
      const fields = {
        'vpc-id': (nat: NatGateway) => [nat.VpcId],
        'subnet-id': (nat: NatGateway) => [nat.SubnetId],
      }
      return { NatGateways: byId ?? select(ec2.nats.values(), input.Filter, fields) }
    },
    DeleteNatGateway: ({ NatGatewayId }: { NatGatewayId: string }) => {
      const nat = existing(ec2.nats, NatGatewayId, NO_NAT)
      if (nat.State === 'deleted') return { NatGatewayId }
      nat.State = 'deleting'
      progress.start(NatGatewayId, ec2.lag, () => {
        nat.State = 'deleted'
        ec2.interfaces.delete(`eni-${NatGatewayId}`)
        for (const route of [...ec2.tables.values()].flatMap((table) => table.Routes ?? []))
          if (route.NatGatewayId === NatGatewayId) route.State = 'blackhole'
      })
      return { NatGatewayId }
    },
  }
}
