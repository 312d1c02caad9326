import {
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVpcEndpointsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  ModifyVpcEndpointCommand,
  type EC2Client,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2'
import { ec2Answer } from '../answers.js'
import { idsIn, Lifecycle, withState, type Pace } from '../lifecycle.js'
import { listed, text } from '../request.js'
import { refuseIf, type Rule } from '../rule.js'
import { settling } from './settling.js'
import { ec2Of, interfaces, livingEndpoints } from './ec2-state.js'

const ELEMENT = 'vpcEndpointId'

/**
 * An interface endpoint is `pending` at first and `deleting` for a while; until it is gone it holds an interface in each of
 * its subnets, with its groups, and the private name of its service in the VPC (spec §2.6).
 */
export function vpcEndpoints(pace: Pace): Rule[] {
  const lifecycle = new Lifecycle(pace)
  const living: Rule = {
    name: 'VPC endpoint takes its time',
    service: 'ec2',
    actions: ['CreateVpcEndpoint', 'ModifyVpcEndpoint', 'DescribeVpcEndpoints', 'DeleteVpcEndpoints'],
    async before(request, emulator) {
      const ec2 = ec2Of(emulator, request.region)
      if (request.action !== 'DeleteVpcEndpoints') return undefined
      const all = await livingEndpoints(ec2)
      const doomed = listed(request, 'VpcEndpointId').map((id) => ({
        id,
        endpoint: all.find(({ VpcEndpointId }) => VpcEndpointId === id),
      }))
      for (const { endpoint, id } of doomed)
        if (endpoint !== undefined) lifecycle.begin(id, 'deleting', () => remove(ec2, endpoint))
      const failed = doomed.filter(({ endpoint }) => endpoint === undefined)
      return { answer: ec2Answer(request.action, unsuccessful(failed.map(({ id }) => id))) }
    },
    async after(request, body, emulator) {
      if (request.action === 'DescribeVpcEndpoints') {
        return idsIn(body, ELEMENT).reduce((seen, id) => {
          const state = lifecycle.look(id)
          return state === undefined ? seen : withState(seen, ELEMENT, id, state)
        }, body)
      }
      const ec2 = ec2Of(emulator, request.region)
      const [created = text(request, 'VpcEndpointId')] = idsIn(body, ELEMENT)
      const endpoint = (await livingEndpoints(ec2)).find(({ VpcEndpointId }) => VpcEndpointId === created)
      if (endpoint?.VpcEndpointType !== 'Interface') return body
      await placeInterfaces(ec2, endpoint)
      if (request.action === 'ModifyVpcEndpoint') return body
      lifecycle.begin(created, 'pending')
      return withState(body, ELEMENT, created, 'pending')
    },
  }
  const nameTaken: Rule = {
    name: 'private name of a service taken',
    service: 'ec2',
    actions: ['CreateVpcEndpoint'],
    async before(request, emulator) {
      if (text(request, 'PrivateDnsEnabled') !== 'true') return undefined
      const service = text(request, 'ServiceName')
      const others = await livingEndpoints(ec2Of(emulator, request.region), text(request, 'VpcId'))
      return refuseIf(
        others.filter((other) => other.ServiceName === service && other.PrivateDnsEnabled === true),
        'InvalidParameter',
        `private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${service} in the VPC`,
      )
    },
  }
  return [settling(lifecycle), nameTaken, living]
}

const marker = (endpoint: VpcEndpoint) => `VPC Endpoint Interface ${endpoint.VpcEndpointId ?? ''}`

/** One in each subnet. Those that the emulator makes are in the default group and stay where they are, so they are replaced. */
async function placeInterfaces(ec2: EC2Client, endpoint: VpcEndpoint): Promise<void> {
  const wanted = new Set(endpoint.SubnetIds)
  const Groups = (endpoint.Groups ?? []).map(({ GroupId }) => GroupId ?? '')
  for (const NetworkInterfaceId of endpoint.NetworkInterfaceIds ?? []) {
    const known = await interfaces(ec2, 'network-interface-id', NetworkInterfaceId)
    if (known.length > 0) await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
  }
  for (const { NetworkInterfaceId, SubnetId } of await interfaces(ec2, 'description', marker(endpoint))) {
    if (!wanted.delete(SubnetId ?? '')) {
      await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
    } else await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }))
  }
  for (const SubnetId of wanted) {
    await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups, Description: marker(endpoint) }))
  }
}

/** The emulator refuses to delete one whose route tables were added later: it made no routes there. */
async function remove(ec2: EC2Client, endpoint: VpcEndpoint): Promise<void> {
  const { RouteTableIds: RemoveRouteTableIds = [], VpcEndpointId } = endpoint
  if (RemoveRouteTableIds.length > 0)
    await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, RemoveRouteTableIds }))
  await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpoint.VpcEndpointId ?? ''] }))
  for (const { NetworkInterfaceId } of await interfaces(ec2, 'description', marker(endpoint)))
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }))
}

/** The call succeeds all the same. */
function unsuccessful(ids: string[]): string {
  const items = ids.map(
    (id) =>
      `<item><error><code>InvalidVpcEndpointId.NotFound</code><message>The Vpc Endpoint Id '${id}' does not exist</message></error><resourceId>${id}</resourceId></item>`,
  )
  return `<unsuccessful>${items.join('')}</unsuccessful>`
}
