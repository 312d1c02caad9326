import {
  paginateDescribeNetworkAcls,
  ReplaceNetworkAclAssociationCommand,
  type EC2Client,
  type NetworkAclAssociation,
} from '@aws-sdk/client-ec2'
import { retryNotFound } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { DatapipeError } from '../../errors.js'
import { collect } from './pages.js'
import { filter, present } from './tagged.js'

/**
 * Makes a subnet use this ACL instead of the one it uses. A subnet always uses one, and only that association can be
 * replaced (spec §2.8).
 */
export async function useAcl(
  client: EC2Client,
  aclId: string,
  subnetId: string,
  op: Operation,
): Promise<void> {
  await retryNotFound(
    async () => {
      const current = await currentAssociation(client, subnetId)
      if (current === undefined) {
        throw Object.assign(new Error(`${subnetId} uses no network ACL yet`), {
          name: 'InvalidAssociationID.NotFound',
        })
      }
      if (current.NetworkAclId === aclId) return
      await client.send(
        new ReplaceNetworkAclAssociationCommand({
          AssociationId: present(current.NetworkAclAssociationId, 'NetworkAclAssociationId'),
          NetworkAclId: aclId,
        }),
      )
    },
    `waiting for ${aclId} and ${subnetId} to be seen everywhere`,
    op,
    'InvalidAssociationID.NotFound',
    'InvalidNetworkAclID.NotFound',
    'InvalidNetworkAclId.NotFound',
  )
}

/** The ACL that every VPC is born with. @throws DatapipeError DEFAULT_ACL_MISSING */
export async function defaultAclId(client: EC2Client, vpcId: string): Promise<string> {
  const [acl] = await collect(
    paginateDescribeNetworkAcls(
      { client },
      { Filters: [filter('vpc-id', vpcId), filter('default', 'true')] },
    ),
    (page) => page.NetworkAcls,
  )
  if (acl?.NetworkAclId === undefined)
    throw new DatapipeError('DEFAULT_ACL_MISSING', `EC2 shows no default network ACL of ${vpcId}.`)
  return acl.NetworkAclId
}

async function currentAssociation(
  client: EC2Client,
  subnetId: string,
): Promise<NetworkAclAssociation | undefined> {
  const acls = await collect(
    paginateDescribeNetworkAcls({ client }, { Filters: [filter('association.subnet-id', subnetId)] }),
    (page) => page.NetworkAcls,
  )
  return acls
    .flatMap((acl) => acl.Associations ?? [])
    .find((association) => association.SubnetId === subnetId)
}
