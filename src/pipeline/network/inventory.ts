import type { Tag } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, TAG } from '../../aws/tags.js'
import { Ec2Inventory } from '../../resources/ec2/inventory.js'
import { isGoing } from '../../resources/ec2/nat-gateway.js'
import type { InventoryItem } from '../inventory.js'

/**
 * The parts of the network that a change of its mode leaves behind, as EC2 itself knows them: the tagging API shows a new
 * thing only after some time, and what is billed by the hour must not be overlooked.
 */
export async function networkInventory(aws: AwsContext): Promise<InventoryItem[]> {
  const ec2 = Ec2Inventory.of(aws)
  const [addresses, gateways, endpoints, acls, logs] = await Promise.all([
    ec2.addresses.get(),
    ec2.natGateways.get(),
    ec2.vpcEndpoints.get(),
    ec2.networkAcls.get(),
    ec2.flowLogs.get(),
  ])
  const item = (kind: string, physicalId: string | undefined, list: Tag[] | undefined): InventoryItem[] => {
    const tags = fromTagList(list)
    const id = tags[TAG.id]
    if (physicalId === undefined || id === undefined || !aws.owns(tags)) return []
    return [{ arn: aws.names.arn('ec2', `${kind}/${physicalId}`), id, tags }]
  }
  return [
    ...addresses.flatMap((found) => item('elastic-ip', found.AllocationId, found.Tags)),
    ...gateways
      .filter((found) => !isGoing(found))
      .flatMap((found) => item('natgateway', found.NatGatewayId, found.Tags)),
    ...endpoints
      .filter((found) => !found.State?.toLowerCase().startsWith('delet'))
      .flatMap((found) => item('vpc-endpoint', found.VpcEndpointId, found.Tags)),
    ...acls.flatMap((found) => item('network-acl', found.NetworkAclId, found.Tags)),
    ...logs.flatMap((found) => item('vpc-flow-log', found.FlowLogId, found.Tags)),
  ]
}
