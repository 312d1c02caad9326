import {
  AllocateAddressCommand,
  DescribeAddressesCommand,
  ReleaseAddressCommand,
  type Address,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { hourlyCostItem } from '../../aws/prices.js'
import { withinQuota } from '../../aws/quotas.js'
import { createOnce, once } from '../../aws/create-once.js'
import { isAwsError, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import type { Change } from '../../engine/change.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import type { Operation } from '../../engine/operation.js'
import { messageOf } from '../../errors.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource } from './ec2-resource.js'
import type { Holder } from './holders.js'
import { addressesInPlace } from './lost-tags.js'
import { present } from './tagged.js'

export interface ElasticIpAttributes {
  allocationId: string
  publicIp: string
}

interface ObservedElasticIp extends Observed<ElasticIpAttributes> {
  tags: Tags
}

const MISSING = ['InvalidAllocationID.NotFound', 'InvalidAddress.NotFound']
/** AWS lets go of the address some time after it said that the NAT gateway was deleted (spec §2.5). */
const RELEASE_TIMEOUT_MS = 300_000

/** A public IPv4 address that stays the same; billed by the hour, used or not (spec §2.5, §15.2). */
export class ElasticIp extends Ec2Resource<ElasticIpAttributes, ObservedElasticIp> {
  readonly type = 'AWS::EC2::EIP'
  readonly iamActions = [
    'ec2:AllocateAddress',
    'ec2:CreateTags',
    'ec2:DescribeAddresses',
    'ec2:ReleaseAddress',
  ]
  protected readonly noun = 'Elastic IP address'

  constructor(aws: AwsContext, id: string, name: string, options: ResourceOptions = {}) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedElasticIp | undefined> {
    const hit = await this.find(
      await this.inventory.addresses.get(),
      (found) => found.AllocationId,
      () => addressesInPlace(this.ec2, this.inventory, this.name),
    )
    if (hit === undefined) return undefined
    const { found: address, owned } = hit
    const attributes = toAttributes(address)
    return {
      physicalId: attributes.allocationId,
      attributes,
      owned,
      tags: fromTagList(address.Tags),
    }
  }

  diff(observed: ObservedElasticIp): Change[] {
    return diffTags(observed.tags, this.tags)
  }

  create(op: Operation): Promise<ElasticIpAttributes> {
    const { addresses } = this.inventory
    const TagSpecifications = this.tagSpecifications('elastic-ip')
    return addresses.changing(async () =>
      toAttributes(
        await createOnce<Address>(
          () =>
            withinQuota(
              this.ec2.send(once(new AllocateAddressCommand({ Domain: 'vpc', TagSpecifications }))),
            ),
          async () => this.pick(await addresses.fresh(), (found) => found.AllocationId),
          op,
        ),
      ),
    )
  }

  update(observed: ObservedElasticIp): Promise<ElasticIpAttributes> {
    return this.inventory.addresses.changing(async () => {
      await this.putTags(observed.physicalId)
      return observed.attributes
    })
  }

  delete(observed: ObservedElasticIp, op: Operation): Promise<Deletion> {
    const allocationId = observed.physicalId
    return this.inventory.addresses.changing(() =>
      deleteWhenFree(
        {
          what: `the address ${observed.attributes.publicIp}`,
          remove: () => this.ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId })),
          missing: MISSING,
          heldWhen: isInUse,
          holders: () => this.#holders(allocationId),
          exists: async () => (await this.#describe(allocationId)) !== undefined,
          timeoutMs: RELEASE_TIMEOUT_MS,
        },
        op,
      ),
    )
  }

  override cost(): CostItem[] {
    return [hourlyCostItem(`public address ${this.name}`, 'publicIpv4')]
  }

  async #holders(allocationId: string): Promise<Holder[]> {
    const address = await this.#describe(allocationId)
    if (address?.AssociationId === undefined) return []
    const user = address.NetworkInterfaceId ?? address.InstanceId ?? 'something'
    return [{ description: `${user} uses ${address.PublicIp ?? allocationId}`, passing: true }]
  }

  async #describe(allocationId: string): Promise<Address | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocationId] })),
      ...MISSING,
    )
    return answer?.Addresses?.[0]
  }
}

/** While a NAT gateway still has it, EC2 says so, or that the caller has no permission for it (spec §2.5). */
function isInUse(error: unknown): boolean {
  return (
    isAwsError(error, 'InvalidIPAddress.InUse') ||
    (isAwsError(error, 'AuthFailure') &&
      messageOf(error).includes('do not have permission to access the specified resource'))
  )
}

function toAttributes(address: { AllocationId?: string; PublicIp?: string }): ElasticIpAttributes {
  return {
    allocationId: present(address.AllocationId, 'AllocationId'),
    publicIp: present(address.PublicIp, 'PublicIp'),
  }
}
