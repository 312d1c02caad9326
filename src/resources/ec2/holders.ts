import {
  paginateDescribeNetworkInterfaces,
  type EC2Client,
  type Filter,
  type NetworkInterface,
} from '@aws-sdk/client-ec2'
import { collect } from './pages.js'

/** Something that keeps AWS from deleting another thing. */
export interface Holder {
  /** What it is, for the user to act on. */
  description: string
  /** true: AWS removes it by itself in some minutes, like the interface of a stopped Fargate task. */
  passing: boolean
}

/** The network interfaces that match, for example those in a subnet: what blocks most deletions (spec §2.3). */
export async function interfacesHolding(client: EC2Client, ...filters: Filter[]): Promise<Holder[]> {
  const interfaces = await listInterfaces(client, filters)
  return interfaces.map(toHolder)
}

/** The network interfaces of a VPC that have a public address: with them its internet gateway cannot be detached. */
export async function publicAddressesHolding(client: EC2Client, ...filters: Filter[]): Promise<Holder[]> {
  const interfaces = await listInterfaces(client, filters)
  return interfaces.filter((candidate) => candidate.Association?.PublicIp !== undefined).map(toHolder)
}

function listInterfaces(client: EC2Client, filters: Filter[]): Promise<NetworkInterface[]> {
  return collect(
    paginateDescribeNetworkInterfaces({ client }, { Filters: filters }),
    (page) => page.NetworkInterfaces,
  )
}

function toHolder(found: NetworkInterface): Holder {
  const details = [
    found.Description,
    found.Status,
    found.Attachment?.InstanceId,
    found.Association?.PublicIp,
    found.RequesterId === undefined ? undefined : `requested by ${found.RequesterId}`,
  ].filter((detail) => detail !== undefined && detail !== '')
  return {
    description: `network interface ${found.NetworkInterfaceId ?? ''} (${details.join(', ')})`,
    passing: found.RequesterManaged === true,
  }
}
