import {
  paginateDescribeSecurityGroups,
  RevokeSecurityGroupIngressCommand,
  type EC2Client,
  type IpPermission,
} from '@aws-sdk/client-ec2'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { waitFor } from '../../engine/wait.js'
import { collect } from './pages.js'
import { listRules, revokeBirthEgress, revokeRule } from './security-group-rules.js'
import { filter, present } from './tagged.js'

/**
 * The group that AWS makes in every VPC and uses wherever none is named. It cannot be deleted, so it is kept without rules:
 * what lands in it by mistake can reach nothing (control EC2.2, spec §2.2).
 */
export interface DefaultSecurityGroup {
  groupId: string
  /** Its rules in words; none are wanted. */
  ingress: string[]
  egress: string[]
}

export async function readDefaultSecurityGroup(
  client: EC2Client,
  vpcId: string,
): Promise<DefaultSecurityGroup | undefined> {
  const [group] = await collect(
    paginateDescribeSecurityGroups(
      { client },
      { Filters: [filter('vpc-id', vpcId), filter('group-name', 'default')] },
    ),
    (page) => page.SecurityGroups,
  )
  if (group === undefined) return undefined
  return {
    groupId: present(group.GroupId, 'GroupId'),
    ingress: (group.IpPermissions ?? []).flatMap(inWords).sort(),
    egress: (group.IpPermissionsEgress ?? []).flatMap(inWords).sort(),
  }
}

/** Empties the group of a VPC that was just created, waiting until AWS shows it. */
export async function emptyNewDefaultSecurityGroup(
  client: EC2Client,
  vpcId: string,
  op: Operation,
): Promise<string> {
  const group = await waitFor(
    {
      what: `the default security group of ${vpcId} to appear`,
      poll: () => readDefaultSecurityGroup(client, vpcId),
      check: (seen) => (seen === undefined ? 'pending' : 'done'),
      timeoutMs: 60_000,
    },
    op,
  )
  const { groupId } = present(group, 'the default security group')
  await retryNotFound(
    async () => {
      await revokeBirthEgress(client, groupId)
      await unlessMissing(
        client.send(
          new RevokeSecurityGroupIngressCommand({
            GroupId: groupId,
            IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] }],
          }),
        ),
        'InvalidPermission.NotFound',
      )
    },
    `waiting for ${groupId} to be seen everywhere`,
    op,
    'InvalidGroup.NotFound',
  )
  return groupId
}

/** Removes whatever rules the group has now. */
export async function emptySecurityGroup(client: EC2Client, groupId: string): Promise<void> {
  for (const rule of await listRules(client, [groupId])) await revokeRule(client, rule)
}

function inWords(permission: IpPermission): string[] {
  const { FromPort: from, ToPort: to, IpProtocol: protocol = '-1' } = permission
  const ports =
    protocol === '-1' || from === undefined ? '' : ` ${from === to ? from : `${from}-${to ?? from}`}`
  const peers = [
    ...(permission.IpRanges ?? []).map((range) => range.CidrIp),
    ...(permission.Ipv6Ranges ?? []).map((range) => range.CidrIpv6),
    ...(permission.UserIdGroupPairs ?? []).map((pair) => pair.GroupId),
    ...(permission.PrefixListIds ?? []).map((prefixes) => prefixes.PrefixListId),
  ]
  return peers.map((peer) => `${protocol === '-1' ? 'all' : protocol}${ports} ${peer ?? ''}`)
}
