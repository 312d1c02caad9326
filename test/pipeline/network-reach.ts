import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import { TASK_SERVICES } from '../../src/pipeline/network/endpoints.js'
import type { FakeEc2 } from '../resources/ec2/fake-ec2.js'
import type { Placement } from './network-world.js'

const ANYWHERE = '0.0.0.0/0'
const S3_LIST = 'pl-63a5400a'

/** What a task that is started there could not reach now, in words; nothing when it could work. */
export function unreachable(ec2: FakeEc2, placement: Placement): string[] {
  return placement.subnetIds.flatMap((subnetId) => {
    const service = (name: string) => reachesService(ec2, placement, subnetId, name)
    const missing = TASK_SERVICES.filter((name) => !service(name)) as string[]
    if (!reachesS3(ec2, placement, subnetId)) missing.push('s3')
    return missing.map((name) => `${name} from ${subnetId}`)
  })
}

function reachesService(ec2: FakeEc2, placement: Placement, subnetId: string, name: string): boolean {
  const endpoint = [...ec2.endpoints.values()].find(
    (found) => found.ServiceName === `com.amazonaws.us-east-1.${name}` && found.PrivateDnsEnabled === true,
  )
  const outside = reachesInternet(ec2, placement, subnetId)
  // Its name leads to the endpoint while it is there, and at some moment of its coming and going no more.
  if (endpoint === undefined || (endpoint.State as string) === 'pending') return outside
  const groupIds = (endpoint.Groups ?? []).map((group) => group.GroupId)
  const letIn = [...ec2.rules.values()].some(
    (rule) =>
      rule.IsEgress !== true &&
      groupIds.includes(rule.GroupId) &&
      rule.ReferencedGroupInfo?.GroupId === placement.groupId,
  )
  const letOut = egressOf(ec2, placement).some(
    (rule) => rule.CidrIpv4 === ANYWHERE || groupIds.includes(rule.ReferencedGroupInfo?.GroupId),
  )
  const inside = letIn && letOut
  return (endpoint.State as string) === 'deleting' ? inside && outside : inside
}

function reachesS3(ec2: FakeEc2, placement: Placement, subnetId: string): boolean {
  const tableId = tableOf(ec2, subnetId)?.RouteTableId ?? ''
  const inside = [...ec2.endpoints.values()].some(
    (found) => found.VpcEndpointType === 'Gateway' && found.RouteTableIds?.includes(tableId),
  )
  const letOut = egressOf(ec2, placement).some(
    (rule) => rule.CidrIpv4 === ANYWHERE || rule.PrefixListId === S3_LIST,
  )
  return letOut && (inside || hasWayOut(ec2, placement, subnetId))
}

function reachesInternet(ec2: FakeEc2, placement: Placement, subnetId: string): boolean {
  const letOut = egressOf(ec2, placement).some((rule) => rule.CidrIpv4 === ANYWHERE)
  return letOut && hasWayOut(ec2, placement, subnetId)
}

function hasWayOut(ec2: FakeEc2, placement: Placement, subnetId: string): boolean {
  const route = tableOf(ec2, subnetId)?.Routes?.find((found) => found.DestinationCidrBlock === ANYWHERE)
  if (route?.GatewayId?.startsWith('igw-') === true) return placement.publicIp
  return ec2.nats.get(route?.NatGatewayId ?? '')?.State === 'available'
}

function tableOf(ec2: FakeEc2, subnetId: string) {
  return [...ec2.tables.values()].find((table) =>
    table.Associations?.some((association) => association.SubnetId === subnetId),
  )
}

function egressOf(ec2: FakeEc2, { groupId }: Placement): SecurityGroupRule[] {
  return [...ec2.rules.values()].filter((rule) => rule.GroupId === groupId && rule.IsEgress === true)
}
