import { randomUUID } from 'node:crypto'
import {
  CreateNatGatewayCommand,
  DeleteNatGatewayCommand,
  DescribeNatGatewaysCommand,
  type NatGateway as Ec2NatGateway,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { hourlyCostItem } from '../../aws/prices.js'
import { withinQuota } from '../../aws/quotas.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { removeRoute, routesByDestination } from './routes.js'
import { natGatewaysInPlace } from './lost-tags.js'
import { present } from './tagged.js'

export interface NatGatewayProperties {
  /** A public subnet of a VPC whose internet gateway is attached; otherwise it ends up `failed`. */
  subnetId: () => string
  allocationId: () => string
}

export interface NatGatewayAttributes {
  natGatewayId: string
}

interface ObservedNatGateway extends Observed<NatGatewayAttributes> {
  properties: {
    subnetId: string | undefined
    allocationId: string | undefined
    connectivityType: string
    state: string
  }
  tags: Tags
}

const MISSING = ['NatGatewayNotFound', 'InvalidNatGatewayID.NotFound']
/** Usually 1 to 2 min (spec §1.10). */
const CREATE_TIMEOUT_MS = 600_000
/** Usually 1 to 5 min, sometimes much more (spec §2.5). */
const DELETE_TIMEOUT_MS = 1_800_000

/** A NAT gateway: the way out for subnets whose addresses are private (spec §2.5). */
export class NatGateway extends Ec2Resource<NatGatewayAttributes, ObservedNatGateway> {
  readonly type = 'AWS::EC2::NatGateway'
  readonly iamActions = [
    'ec2:CreateNatGateway',
    'ec2:CreateTags',
    'ec2:DeleteNatGateway',
    'ec2:DeleteRoute',
    'ec2:DescribeNatGateways',
    'ec2:DescribeRouteTables',
  ]
  protected readonly noun = 'NAT gateway'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: NatGatewayProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  /** A deleted one is shown for about an hour with its tags; it is not this one any more. */
  async read(): Promise<ObservedNatGateway | undefined> {
    const living = (await this.inventory.natGateways.get()).filter((found) => !isGoing(found))
    const hit = await this.find(
      living,
      (found) => found.NatGatewayId,
      async () =>
        (await natGatewaysInPlace(this.ec2, this.inventory, this.properties.subnetId(), this.name)).filter(
          (found) => !isGoing(found),
        ),
    )
    if (hit === undefined) return undefined
    const { found: gateway, owned } = hit
    const natGatewayId = present(gateway.NatGatewayId, 'NatGatewayId')
    return {
      physicalId: natGatewayId,
      attributes: { natGatewayId },
      owned,
      properties: {
        subnetId: gateway.SubnetId,
        allocationId: gateway.NatGatewayAddresses?.find((address) => address.IsPrimary !== false)
          ?.AllocationId,
        connectivityType: gateway.ConnectivityType ?? 'public',
        state: stateOf(gateway),
      },
      tags: fromTagList(gateway.Tags),
    }
  }

  diff(observed: ObservedNatGateway): Change[] {
    // What failed stays failed, and EC2 has let go of its address; what is pending becomes available by itself.
    const failed = observed.properties.state === 'failed'
    const { allocationId, subnetId } = this.properties
    return [
      ...diffProperties(
        observed.properties,
        {
          subnetId: subnetId(),
          allocationId: failed ? undefined : allocationId(),
          connectivityType: 'public',
          state: 'available',
        },
        { replaces: ['subnetId', 'allocationId', 'connectivityType', ...(failed ? ['state'] : [])] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<NatGatewayAttributes> {
    return this.inventory.natGateways.changing(async () => {
      await this.#waitForPredecessor(op)
      const natGatewayId = await this.#create(op)
      await this.#waitAvailable(natGatewayId, op)
      return { natGatewayId }
    })
  }

  update(
    observed: ObservedNatGateway,
    changes: readonly Change[],
    op: Operation,
  ): Promise<NatGatewayAttributes> {
    return this.inventory.natGateways.changing(async () => {
      const natGatewayId = observed.physicalId
      if (touches(changes, 'state')) await this.#waitAvailable(natGatewayId, op)
      if (touches(changes, 'tags')) await this.putTags(natGatewayId)
      return observed.attributes
    })
  }

  /**
   * Takes the default routes of our tables along: EC2 would leave them behind as black holes. Only when it is gone does it
   * let go of its address, its subnet and the internet gateway, so this waits for that.
   */
  delete(observed: ObservedNatGateway, op: Operation): Promise<Deletion> {
    const natGatewayId = observed.physicalId
    return this.inventory.natGateways.changing(async () => {
      await this.#removeRoutes(natGatewayId)
      const answer = await unlessMissing(
        this.ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: natGatewayId })),
        ...MISSING,
      )
      await waitFor(
        {
          what: `NAT gateway ${natGatewayId} to be deleted`,
          poll: () => this.#describe(natGatewayId),
          check: (seen) => (seen === undefined || stateOf(seen) === 'deleted' ? 'done' : 'pending'),
          timeoutMs: DELETE_TIMEOUT_MS,
        },
        op,
      )
      return { status: answer === undefined ? 'absent' : 'deleted' }
    })
  }

  override cost(): CostItem[] {
    return [hourlyCostItem(`NAT gateway ${this.name}`, 'natGateway')]
  }

  async #create(op: Operation): Promise<string> {
    const { allocationId, subnetId } = this.properties
    // One token for all attempts of this call, and never one that a later run would use again: after a deletion EC2 could
    // answer it with the dead gateway (spec §2.5).
    const token = randomUUID()
    const { NatGateway: created } = await retryNotFound(
      () =>
        withinQuota(
          this.ec2.send(
            new CreateNatGatewayCommand({
              SubnetId: subnetId(),
              AllocationId: allocationId(),
              ConnectivityType: 'public',
              ClientToken: token,
              TagSpecifications: this.tagSpecifications('natgateway'),
            }),
          ),
        ),
      'waiting for the new subnet and its address to be seen everywhere',
      op,
      'InvalidSubnetID.NotFound',
      'InvalidSubnet',
      'InvalidAllocationID.NotFound',
      'InvalidElasticIpID.NotFound',
    )
    return present(created?.NatGatewayId, 'NatGatewayId')
  }

  /** One that is still being deleted holds the address. */
  async #waitForPredecessor(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `the former NAT gateway ${this.name} to be gone`,
        poll: async () => {
          const all = await this.inventory.natGateways.fresh()
          return this.pick(
            all.filter((found) => stateOf(found) === 'deleting'),
            (found) => found.NatGatewayId,
          )
        },
        check: (going) => (going === undefined ? 'done' : 'pending'),
        timeoutMs: DELETE_TIMEOUT_MS,
      },
      op,
    )
  }

  async #waitAvailable(natGatewayId: string, op: Operation): Promise<void> {
    await waitFor(
      {
        what: `NAT gateway ${natGatewayId} to become available`,
        poll: () => this.#describe(natGatewayId),
        check: (seen) => {
          const state = seen === undefined ? 'pending' : stateOf(seen)
          if (state === 'available') return 'done'
          return state === 'pending' ? 'pending' : { failed: `it is ${state}${reasonOf(seen)}` }
        },
        timeoutMs: CREATE_TIMEOUT_MS,
      },
      op,
    )
  }

  async #removeRoutes(natGatewayId: string): Promise<void> {
    await this.inventory.routeTables.changing(async () => {
      for (const table of await this.inventory.routeTables.fresh()) {
        for (const [cidr, target] of Object.entries(routesByDestination(table.Routes ?? [])))
          if (target === natGatewayId)
            await removeRoute(this.ec2, present(table.RouteTableId, 'RouteTableId'), cidr)
      }
    })
  }

  async #describe(natGatewayId: string): Promise<Ec2NatGateway | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [natGatewayId] })),
      ...MISSING,
    )
    return answer?.NatGateways?.[0]
  }
}

function stateOf(gateway: Ec2NatGateway): string {
  return (gateway.State ?? 'available').toLowerCase()
}

/** Whether it is being deleted, or is. */
export function isGoing(gateway: Ec2NatGateway): boolean {
  return ['deleting', 'deleted'].includes(stateOf(gateway))
}

function reasonOf(gateway: Ec2NatGateway | undefined): string {
  if (gateway?.FailureCode === undefined) return ''
  return `: ${gateway.FailureCode}${gateway.FailureMessage === undefined ? '' : `, ${gateway.FailureMessage}`}`
}
