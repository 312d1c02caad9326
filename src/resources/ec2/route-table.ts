import { randomUUID } from 'node:crypto'
import {
  CreateRouteTableCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  type RouteTable as Ec2RouteTable,
  type RouteTableAssociation,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import type { Holder } from './holders.js'
import { isGoing } from './nat-gateway.js'
import { withinQuota } from '../../aws/quotas.js'
import { associate, disassociate, subnetAssociations } from './route-associations.js'
import { putRoute, removeRoute, routesByDestination, type Route } from './routes.js'
import { routeTablesInPlace, taggedSubnetIds } from './lost-tags.js'
import { present } from './tagged.js'

export interface RouteTableProperties {
  vpcId: () => string
  routes: Route[]
  /** The subnets that use it. */
  subnetIds: () => string[]
}

export interface RouteTableAttributes {
  routeTableId: string
}

interface ObservedRouteTable extends Observed<RouteTableAttributes> {
  properties: {
    vpcId: string | undefined
    /** Destination -> target. */
    routes: Record<string, string>
    subnetIds: string[]
  }
  /** The subnets of this environment. */
  ownSubnetIds: ReadonlySet<string | undefined>
  associations: RouteTableAssociation[]
  tags: Tags
}

const MISSING = 'InvalidRouteTableID.NotFound'
const DEFAULT_ROUTE = '0.0.0.0/0'

/** A route table with its routes and the subnets that use it (spec §2.4). Routes of gateway endpoints are theirs and left alone. */
export class RouteTable extends Ec2Resource<RouteTableAttributes, ObservedRouteTable> {
  readonly type = 'AWS::EC2::RouteTable'
  readonly iamActions = [
    'ec2:AssociateRouteTable',
    'ec2:CreateRoute',
    'ec2:CreateRouteTable',
    'ec2:CreateTags',
    'ec2:DeleteRoute',
    'ec2:DeleteRouteTable',
    'ec2:DescribeNatGateways',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSubnets',
    'ec2:DisassociateRouteTable',
    'ec2:ReplaceRoute',
    'ec2:ReplaceRouteTableAssociation',
  ]
  protected readonly noun = 'route table'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: RouteTableProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedRouteTable | undefined> {
    const subnets = await this.inventory.subnets.get()
    const users = taggedSubnetIds(
      subnets,
      this.dependsOn.map(({ id }) => id),
    )
    const hit = await this.find(
      await this.inventory.routeTables.get(),
      (found) => found.RouteTableId,
      () => routeTablesInPlace(this.ec2, this.properties.vpcId(), this.name, users),
    )
    if (hit === undefined) return undefined
    const { found: table, owned } = hit
    const routeTableId = present(table.RouteTableId, 'RouteTableId')
    const associations = subnetAssociations(table.Associations)
    return {
      physicalId: routeTableId,
      attributes: { routeTableId },
      owned,
      properties: {
        vpcId: table.VpcId,
        routes: await this.#routesOf(table),
        subnetIds: associations.map(({ SubnetId: id }) => present(id, 'SubnetId')).sort(),
      },
      ownSubnetIds: new Set(subnets.map((subnet) => subnet.SubnetId)),
      associations,
      tags: fromTagList(table.Tags),
    }
  }

  diff(observed: ObservedRouteTable): Change[] {
    const unwanted = Object.keys(observed.properties.routes).map((cidr) => [cidr, null])
    const wanted = this.properties.routes.map((route) => [route.cidr, route.gatewayId()])
    return [
      ...diffProperties(
        { ...observed.properties, subnetIds: this.#settled(observed) },
        {
          vpcId: this.properties.vpcId(),
          routes: Object.fromEntries([...unwanted, ...wanted]) as Record<string, string | null>,
          subnetIds: this.properties.subnetIds().toSorted(),
        },
        { replaces: ['vpcId'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<RouteTableAttributes> {
    return this.inventory.routeTables.changing(async () => {
      const routeTableId = await this.#create(op)
      for (const route of this.properties.routes) await this.#put(routeTableId, route, op)
      for (const subnetId of this.properties.subnetIds()) await this.#take(routeTableId, subnetId, op)
      return { routeTableId }
    })
  }

  update(
    observed: ObservedRouteTable,
    changes: readonly Change[],
    op: Operation,
  ): Promise<RouteTableAttributes> {
    return this.inventory.routeTables.changing(async () => {
      const tableId = observed.physicalId
      if (touches(changes, 'routes')) await this.#putRoutes(observed, op)
      if (touches(changes, 'subnetIds')) await this.#putSubnets(observed, op)
      if (touches(changes, 'tags')) await this.putTags(tableId)
      return observed.attributes
    })
  }

  delete(observed: ObservedRouteTable, op: Operation): Promise<Deletion> {
    const tableId = observed.physicalId
    return this.inventory.routeTables.changing(async () => {
      const seen = await this.#describe(tableId)
      if (seen === undefined) return { status: 'absent' }
      for (const association of subnetAssociations(seen.Associations))
        await disassociate(this.ec2, association)
      return deleteWhenFree(
        {
          what: `route table ${tableId}`,
          remove: () => this.ec2.send(new DeleteRouteTableCommand({ RouteTableId: tableId })),
          missing: [MISSING],
          holders: () => this.#holders(tableId),
          exists: async () => (await this.#describe(tableId)) !== undefined,
          timeoutMs: 300_000,
        },
        op,
      )
    })
  }

  async #create(op: Operation): Promise<string> {
    const vpcId = this.properties.vpcId()
    // One token for all attempts of this call. Never one that a later run would use again: after a deletion AWS could answer
    // it with the table that no longer exists.
    const token = randomUUID()
    const { RouteTable: created } = await retryNotFound(
      () =>
        withinQuota(
          this.ec2.send(
            new CreateRouteTableCommand({
              VpcId: vpcId,
              ClientToken: token,
              TagSpecifications: this.tagSpecifications('route-table'),
            }),
          ),
        ),
      `waiting for ${vpcId} to be seen everywhere`,
      op,
      'InvalidVpcID.NotFound',
    )
    return present(created?.RouteTableId, 'RouteTableId')
  }

  /**
   * Without the default route to a NAT gateway of ours that this table does not want: that gateway is about to go, and takes
   * the route along (see NatGateway.delete). Until then, nobody loses the old way before the new one is there.
   */
  async #routesOf(table: Ec2RouteTable): Promise<Record<string, string>> {
    const { [DEFAULT_ROUTE]: way, ...others } = routesByDestination(table.Routes ?? [])
    if (way === undefined) return others
    const wanted = this.properties.routes.some((route) => route.cidr === DEFAULT_ROUTE)
    if (!wanted && way.startsWith('nat-')) {
      const gateways = await this.inventory.natGateways.get()
      if (gateways.some((gateway) => gateway.NatGatewayId === way && !isGoing(gateway))) return others
    }
    return { [DEFAULT_ROUTE]: way, ...others }
  }

  async #put(tableId: string, route: Route, op: Operation): Promise<void> {
    await putRoute(this.ec2, this.aws.region, tableId, route, op)
  }

  async #putRoutes(observed: ObservedRouteTable, op: Operation): Promise<void> {
    const { routes } = observed.properties
    for (const route of this.properties.routes) {
      if (routes[route.cidr] !== route.gatewayId()) await this.#put(observed.physicalId, route, op)
    }
    const wanted = new Set(this.properties.routes.map((route) => route.cidr))
    for (const cidr of Object.keys(routes)) {
      if (!wanted.has(cidr)) await removeRoute(this.ec2, observed.physicalId, cidr)
    }
  }

  /**
   * Without the subnets of ours that this table does not want: another table is about to take them, or they are about to be
   * deleted. Let go before, they would have no way out until then.
   */
  #settled({ ownSubnetIds, properties }: ObservedRouteTable): string[] {
    const wanted = this.properties.subnetIds()
    return properties.subnetIds.filter((id) => wanted.includes(id) || !ownSubnetIds.has(id))
  }

  async #take(tableId: string, subnetId: string, op: Operation): Promise<void> {
    const tables = await this.inventory.routeTables.get()
    const elsewhere = tables
      .filter((table) => table.RouteTableId !== tableId)
      .flatMap((table) => subnetAssociations(table.Associations))
      .find((association) => association.SubnetId === subnetId)
    await associate(this.ec2, tableId, subnetId, op, elsewhere)
  }

  async #putSubnets(observed: ObservedRouteTable, op: Operation): Promise<void> {
    const wanted = this.properties.subnetIds()
    for (const subnetId of wanted) {
      if (!observed.properties.subnetIds.includes(subnetId))
        await this.#take(observed.physicalId, subnetId, op)
    }
    for (const association of observed.associations) {
      const subnetId = present(association.SubnetId, 'SubnetId')
      if (!wanted.includes(subnetId) && !observed.ownSubnetIds.has(subnetId))
        await disassociate(this.ec2, association)
    }
  }

  async #holders(tableId: string): Promise<Holder[]> {
    const seen = await this.#describe(tableId)
    return (seen?.Associations ?? []).map((association) => ({
      description:
        association.Main === true
          ? `VPC ${seen?.VpcId ?? ''} uses it as its main route table`
          : `${association.SubnetId ?? association.GatewayId ?? 'something'} uses it`,
      passing: association.Main !== true,
    }))
  }

  async #describe(tableId: string): Promise<Ec2RouteTable | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: [tableId] })),
      MISSING,
    )
    return answer?.RouteTables?.[0]
  }
}
