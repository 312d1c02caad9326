import {
  CreateNetworkAclEntryCommand,
  DeleteNetworkAclEntryCommand,
  ReplaceNetworkAclEntryCommand,
  type EC2Client,
  type NetworkAclEntry,
} from '@aws-sdk/client-ec2'
import { withinQuota } from '../../aws/quotas.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'

/** Allows some traffic. What no entry allows is denied: network ACLs know no connections, so answers need an entry too. */
export interface AclEntry {
  /** 1 to 32766; evaluated in this order. */
  number: number
  protocol: 'tcp' | 'icmp'
  /** Ports, or for icmp its type and code. */
  from: number
  to: number
  cidr: string
}

/** By number, in words: `allow tcp 443-443 0.0.0.0/0`. */
export type AclEntries = Record<string, string>

/** AWS's own last entry, which denies everything else. */
const LAST = 32_767
const PROTOCOLS = { tcp: '6', icmp: '1' } as const

export function observedEntries(
  entries: readonly NetworkAclEntry[] | undefined,
  egress: boolean,
): AclEntries {
  return Object.fromEntries(
    (entries ?? [])
      .filter((entry) => entry.Egress === egress && entry.RuleNumber !== LAST)
      .map((entry) => {
        const ports =
          entry.IcmpTypeCode?.Type === undefined
            ? `${entry.PortRange?.From ?? 'all'}-${entry.PortRange?.To ?? 'all'}`
            : `${entry.IcmpTypeCode.Type}-${entry.IcmpTypeCode.Code ?? 'all'}`
        const protocol = Object.entries(PROTOCOLS).find(([, number]) => number === entry.Protocol)?.[0]
        const peer = entry.CidrBlock ?? entry.Ipv6CidrBlock ?? 'nobody'
        const words = [entry.RuleAction, protocol ?? `protocol ${entry.Protocol ?? '-1'}`, ports, peer]
        return [String(entry.RuleNumber), words.join(' ')]
      }),
  )
}

export function wantedEntries(entries: readonly AclEntry[]): AclEntries {
  return Object.fromEntries(
    entries.map(({ cidr, from, number, protocol, to }) => [
      String(number),
      `allow ${protocol} ${from}-${to} ${cidr}`,
    ]),
  )
}

/** Makes an entry, or changes the one with the same number (spec §2.8). */
export async function putEntry(
  client: EC2Client,
  aclId: string,
  egress: boolean,
  entry: AclEntry,
): Promise<void> {
  const { cidr, from, number, protocol, to } = entry
  const input = {
    NetworkAclId: aclId,
    RuleNumber: number,
    Protocol: PROTOCOLS[protocol],
    RuleAction: 'allow' as const,
    Egress: egress,
    CidrBlock: cidr,
    ...(protocol === 'icmp'
      ? { IcmpTypeCode: { Type: from, Code: to } }
      : { PortRange: { From: from, To: to } }),
  }
  try {
    await withinQuota(client.send(new CreateNetworkAclEntryCommand(input)))
  } catch (error) {
    if (!isAwsError(error, 'NetworkAclEntryAlreadyExists')) throw error
    await client.send(new ReplaceNetworkAclEntryCommand(input))
  }
}

/** That it is gone already is fine. */
export async function removeEntry(
  client: EC2Client,
  aclId: string,
  egress: boolean,
  number: number,
): Promise<void> {
  await unlessMissing(
    client.send(
      new DeleteNetworkAclEntryCommand({ NetworkAclId: aclId, RuleNumber: number, Egress: egress }),
    ),
    'InvalidNetworkAclEntry.NotFound',
  )
}
