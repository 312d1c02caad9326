import {
  AssociateRouteTableCommand,
  DisassociateRouteTableCommand,
  paginateDescribeRouteTables,
  ReplaceRouteTableAssociationCommand,
  type EC2Client,
  type RouteTableAssociation,
} from '@aws-sdk/client-ec2'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { collect } from './pages.js'
import { filter, present } from './tagged.js'

/** Those of subnets that are in force or about to be; the main association of a VPC names no subnet. */
export function subnetAssociations(
  associations: readonly RouteTableAssociation[] | undefined,
): RouteTableAssociation[] {
  return (associations ?? []).filter(
    ({ AssociationState: state, SubnetId: subnetId }) =>
      subnetId !== undefined && (state?.State ?? 'associated').startsWith('associat'),
  )
}

/**
 * Makes a subnet use this table, taking it from another table when it uses one (spec §2.4).
 * @param elsewhere its association with another table, when that is known: without a moment in which it uses none
 */
export async function associate(
  client: EC2Client,
  routeTableId: string,
  subnetId: string,
  op: Operation,
  elsewhere?: RouteTableAssociation,
): Promise<void> {
  if (elsewhere !== undefined && (await takeOver(client, routeTableId, elsewhere))) return
  await retryNotFound(
    async () => {
      try {
        await client.send(new AssociateRouteTableCommand({ RouteTableId: routeTableId, SubnetId: subnetId }))
      } catch (error) {
        if (!isAwsError(error, 'Resource.AlreadyAssociated')) throw error
        const current = await currentAssociation(client, subnetId)
        // Not shown yet, or let go of meanwhile: try again.
        if (current === undefined) throw error
        if (current.RouteTableId === routeTableId) return
        await client.send(
          new ReplaceRouteTableAssociationCommand({
            AssociationId: present(current.RouteTableAssociationId, 'RouteTableAssociationId'),
            RouteTableId: routeTableId,
          }),
        )
      }
    },
    `waiting for ${routeTableId} and ${subnetId} to be seen everywhere`,
    op,
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.NotFound',
    'InvalidSubnetID.NotFound',
    'InvalidSubnetId.NotFound',
    'InvalidAssociationID.NotFound',
    'Resource.AlreadyAssociated',
  )
}

/** @returns false when that association is gone, or the table not seen everywhere yet */
async function takeOver(
  client: EC2Client,
  routeTableId: string,
  association: RouteTableAssociation,
): Promise<boolean> {
  const answer = await unlessMissing(
    client.send(
      new ReplaceRouteTableAssociationCommand({
        AssociationId: present(association.RouteTableAssociationId, 'RouteTableAssociationId'),
        RouteTableId: routeTableId,
      }),
    ),
    'InvalidAssociationID.NotFound',
    'InvalidRouteTableID.NotFound',
    'InvalidRouteTableId.NotFound',
  )
  return answer !== undefined
}

/** Lets go of a subnet, which then uses the main table of its VPC; that it is gone already is fine. */
export async function disassociate(client: EC2Client, association: RouteTableAssociation): Promise<void> {
  const id = present(association.RouteTableAssociationId, 'RouteTableAssociationId')
  await unlessMissing(
    client.send(new DisassociateRouteTableCommand({ AssociationId: id })),
    'InvalidAssociationID.NotFound',
  )
}

/** Makes a subnet use no table of its own any more. */
export async function releaseSubnet(client: EC2Client, subnetId: string): Promise<void> {
  const association = await currentAssociation(client, subnetId)
  if (association !== undefined) await disassociate(client, association)
}

async function currentAssociation(
  client: EC2Client,
  subnetId: string,
): Promise<RouteTableAssociation | undefined> {
  const tables = await collect(
    paginateDescribeRouteTables({ client }, { Filters: [filter('association.subnet-id', subnetId)] }),
    (page) => page.RouteTables,
  )
  return tables
    .flatMap((table) => subnetAssociations(table.Associations))
    .find((association) => association.SubnetId === subnetId)
}
