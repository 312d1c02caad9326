import {
  DeleteNatGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DescribeAddressesCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  DisassociateAddressCommand,
  type EC2Client,
  type NatGateway,
} from '@aws-sdk/client-ec2'
import { unlessMissing } from '../../../../src/aws/retry.js'
import { ec2Answer } from '../answers.js'
import { idsIn, Lifecycle, withState, type Pace } from '../lifecycle.js'
import { text } from '../request.js'
import type { Rule } from '../rule.js'
import { settling } from './settling.js'
import { ec2Of, hasInternetGateway } from './ec2-state.js'

const ELEMENT = 'natGatewayId'
const WHY: Record<string, string> = { failed: '<failureCode>Gateway.NotAttached</failureCode>' }

/**
 * A NAT gateway is `pending` at first, `failed` without an internet gateway, and `deleting` for a while: until then it holds
 * its interface, and that its subnet and its address (spec §2.5).
 */
export function natGateways(pace: Pace): Rule[] {
  const lifecycle = new Lifecycle(pace)
  const living: Rule = {
    name: 'NAT gateway takes its time',
    service: 'ec2',
    actions: ['CreateNatGateway', 'DescribeNatGateways', 'DeleteNatGateway'],
    async before(request, emulator) {
      const ec2 = ec2Of(emulator, request.region)
      if (request.action !== 'DeleteNatGateway') return undefined
      const id = text(request, 'NatGatewayId')
      const gateway = await find(ec2, id)
      if (gateway === undefined || gateway.State === 'deleted') {
        return { refuse: { code: 'NatGatewayNotFound', message: `NatGateway ${id} was not found` } }
      }
      lifecycle.begin(id, 'deleting', () => remove(ec2, gateway))
      return { answer: ec2Answer(request.action, `<${ELEMENT}>${id}</${ELEMENT}>`) }
    },
    async after(request, body, emulator) {
      if (request.action === 'DeleteNatGateway') return body
      if (request.action === 'CreateNatGateway') {
        const [id = ''] = idsIn(body, ELEMENT)
        const ec2 = ec2Of(emulator, request.region)
        if (await isConnected(ec2, text(request, 'SubnetId'))) lifecycle.begin(id, 'pending')
        else lifecycle.stay(id, 'failed')
        return withState(body, ELEMENT, id, lifecycle.stateOf(id) ?? '')
      }
      return idsIn(body, ELEMENT).reduce((seen, id) => {
        const state = lifecycle.look(id)
        return state === undefined ? seen : withState(seen, ELEMENT, id, state, WHY[state])
      }, body)
    },
  }
  const held: Rule = {
    name: 'address in use',
    service: 'ec2',
    actions: ['ReleaseAddress'],
    async before(request, emulator) {
      const allocationId = text(request, 'AllocationId')
      const ec2 = ec2Of(emulator, request.region)
      const known = await unlessMissing(
        ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocationId] })),
        'InvalidAllocationID.NotFound',
        'InvalidAddressID.NotFound',
      )
      const address = known?.Addresses?.[0]
      if (address?.AssociationId === undefined) return undefined
      const { NatGateways: gateways = [] } = await ec2.send(new DescribeNatGatewaysCommand({}))
      const user = gateways.find((gateway) => gateway.NatGatewayAddresses?.[0]?.AllocationId === allocationId)
      // Both have been seen on AWS (spec §2.5).
      return lifecycle.stateOf(user?.NatGatewayId ?? '') === 'deleting'
        ? {
            refuse: {
              code: 'AuthFailure',
              message: 'You do not have permission to access the specified resource.',
            },
          }
        : {
            refuse: {
              code: 'InvalidIPAddress.InUse',
              message: `Address ${address.PublicIp ?? ''} is in use.`,
            },
          }
    },
  }
  return [settling(lifecycle), living, held]
}

async function find(ec2: EC2Client, id: string): Promise<NatGateway | undefined> {
  const { NatGateways: found } = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id] }))
  return found?.[0]
}

/** The emulator leaves its interface and the association of its address behind. */
async function remove(ec2: EC2Client, { NatGatewayAddresses: [first] = [], NatGatewayId }: NatGateway) {
  await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId }))
  if (first?.AssociationId !== undefined)
    await ec2.send(new DisassociateAddressCommand({ AssociationId: first.AssociationId }))
  await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: first?.NetworkInterfaceId }))
}

async function isConnected(ec2: EC2Client, subnetId: string): Promise<boolean> {
  const { Subnets: found } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }))
  return hasInternetGateway(ec2, found?.[0]?.VpcId ?? '')
}
