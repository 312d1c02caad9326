import {
  CreateSubnetCommand,
  DeleteSubnetCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
  type Subnet as Ec2Subnet,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { interfacesHolding } from './holders.js'
import { subnetsInPlace } from './lost-tags.js'
import { withinQuota } from '../../aws/quotas.js'
import { releaseSubnet } from './route-associations.js'
import { filter, present } from './tagged.js'

export interface SubnetProperties {
  vpcId: () => string
  cidr: string
  /** The zone's id (`use1-az1`), which means the same place in every account; its name does not. */
  zoneId: string
}

export interface SubnetAttributes {
  subnetId: string
  zoneId: string
  /** As this account calls it; some services say only so where they are. */
  zoneName: string
}

interface ObservedSubnet extends Observed<SubnetAttributes> {
  properties: {
    vpcId: string | undefined
    cidr: string | undefined
    zoneId: string
    state: string
    mapPublicIpOnLaunch: boolean
  }
  tags: Tags
}

const MISSING = 'InvalidSubnetID.NotFound'

/** A subnet that gives out no public addresses by itself, public or not: tasks ask for theirs (control EC2.15, spec §2.3). */
export class Subnet extends Ec2Resource<SubnetAttributes, ObservedSubnet> {
  readonly type = 'AWS::EC2::Subnet'
  readonly iamActions = [
    'ec2:CreateSubnet',
    'ec2:CreateTags',
    'ec2:DeleteSubnet',
    // For its zone, by chooseZones.
    'ec2:DescribeAvailabilityZones',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:ModifySubnetAttribute',
  ]
  protected readonly noun = 'subnet'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: SubnetProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  /** The id of the zone it is, or will be, in. */
  get zoneId(): string {
    return this.properties.zoneId
  }

  async read(): Promise<ObservedSubnet | undefined> {
    const { cidr, vpcId } = this.properties
    const hit = await this.find(
      await this.inventory.subnets.get(),
      (found) => found.SubnetId,
      () => subnetsInPlace(this.ec2, vpcId(), cidr),
    )
    if (hit === undefined) return undefined
    const { found: subnet, owned } = hit
    const attributes = toAttributes(subnet)
    return {
      physicalId: attributes.subnetId,
      attributes,
      owned,
      properties: {
        vpcId: subnet.VpcId,
        cidr: subnet.CidrBlock,
        zoneId: attributes.zoneId,
        state: subnet.State ?? 'available',
        mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
      },
      tags: fromTagList(subnet.Tags),
    }
  }

  diff(observed: ObservedSubnet): Change[] {
    const { cidr, vpcId, zoneId } = this.properties
    return [
      ...diffProperties(
        observed.properties,
        { vpcId: vpcId(), cidr, zoneId, state: 'available', mapPublicIpOnLaunch: false },
        { replaces: ['vpcId', 'cidr', 'zoneId'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<SubnetAttributes> {
    return this.inventory.subnets.changing(async () => {
      const { SubnetId: created } = await this.#createOrFind(op)
      const subnet = await this.#waitAvailable(present(created, 'SubnetId'), op)
      const attributes = toAttributes(subnet)
      // EC2 makes subnets without it; one that was found instead of created may have it.
      if (subnet.MapPublicIpOnLaunch === true) await this.#stopMappingPublicIps(attributes.subnetId)
      return attributes
    })
  }

  update(observed: ObservedSubnet, changes: readonly Change[], op: Operation): Promise<SubnetAttributes> {
    return this.inventory.subnets.changing(async () => {
      const subnetId = observed.physicalId
      if (touches(changes, 'state')) await this.#waitAvailable(subnetId, op)
      if (touches(changes, 'mapPublicIpOnLaunch')) await this.#stopMappingPublicIps(subnetId)
      if (touches(changes, 'tags')) await this.putTags(subnetId)
      return observed.attributes
    })
  }

  delete(observed: ObservedSubnet, op: Operation): Promise<Deletion> {
    const subnetId = observed.physicalId
    return this.inventory.subnets.changing(async () => {
      // EC2 does that itself; emulators keep the association of a subnet that is gone.
      if (this.aws.emulated)
        await this.inventory.routeTables.changing(() => releaseSubnet(this.ec2, subnetId))
      return deleteWhenFree(
        {
          what: `subnet ${subnetId}`,
          remove: () => this.ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId })),
          missing: [MISSING],
          holders: () => interfacesHolding(this.ec2, filter('subnet-id', subnetId)),
          exists: async () => (await this.#describe(subnetId)) !== undefined,
        },
        op,
      )
    })
  }

  async #createOrFind(op: Operation): Promise<Ec2Subnet> {
    const vpcId = this.properties.vpcId()
    try {
      const { Subnet: created } = await retryNotFound(
        () =>
          withinQuota(
            this.ec2.send(
              new CreateSubnetCommand({
                VpcId: vpcId,
                CidrBlock: this.properties.cidr,
                AvailabilityZoneId: this.properties.zoneId,
                TagSpecifications: this.tagSpecifications('subnet'),
              }),
            ),
          ),
        `waiting for ${vpcId} to be seen everywhere`,
        op,
        'InvalidVpcID.NotFound',
      )
      return present(created, 'Subnet')
    } catch (error) {
      if (!isAwsError(error, 'InvalidSubnet.Conflict')) throw error
      return this.#findConflicting(vpcId, error)
    }
  }

  /** The range is taken: most likely by this very subnet, created by a run that did not live to see the answer (spec §2.3). */
  async #findConflicting(vpcId: string, cause: unknown): Promise<Ec2Subnet> {
    const { cidr, zoneId } = this.properties
    const found = this.pick(await this.inventory.subnets.fresh(), (subnet) => subnet.SubnetId)
    if (found?.VpcId === vpcId && found.CidrBlock === cidr && found.AvailabilityZoneId === zoneId)
      return found
    throw new DatapipeError(
      'CIDR_TAKEN',
      `The subnet ${this.name} cannot have ${cidr}: another subnet in ${vpcId} uses addresses of that range.`,
      {
        suggestions: [
          `Look at the subnets of ${vpcId}; delete the one that is in the way, or choose another network.cidr in datapipe.yaml.`,
        ],
        cause,
      },
    )
  }

  async #describe(subnetId: string): Promise<Ec2Subnet | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] })),
      MISSING,
    )
    return answer?.Subnets?.[0]
  }

  async #stopMappingPublicIps(subnetId: string): Promise<void> {
    await this.ec2.send(
      new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: false } }),
    )
  }

  async #waitAvailable(subnetId: string, op: Operation): Promise<Ec2Subnet> {
    const seen = await waitFor(
      {
        what: `subnet ${subnetId} to become available`,
        poll: () => this.#describe(subnetId),
        check: (seen) => {
          if (seen === undefined || seen.State === 'pending') return 'pending'
          return seen.State === 'available' ? 'done' : { failed: `it is ${seen.State ?? 'in no state'}` }
        },
        timeoutMs: 300_000,
      },
      op,
    )
    return present(seen, 'Subnet')
  }
}

function toAttributes(subnet: Ec2Subnet): SubnetAttributes {
  return {
    subnetId: present(subnet.SubnetId, 'SubnetId'),
    zoneId: present(subnet.AvailabilityZoneId, 'AvailabilityZoneId'),
    zoneName: subnet.AvailabilityZone ?? '',
  }
}
