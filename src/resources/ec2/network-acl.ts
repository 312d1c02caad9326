import { randomUUID } from 'node:crypto'
import {
  CreateNetworkAclCommand,
  DeleteNetworkAclCommand,
  DescribeNetworkAclsCommand,
  type NetworkAcl as Ec2NetworkAcl,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { withinQuota } from '../../aws/quotas.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { defaultAclId, useAcl } from './network-acl-associations.js'
import {
  observedEntries,
  putEntry,
  removeEntry,
  wantedEntries,
  type AclEntries,
  type AclEntry,
} from './network-acl-entries.js'
import { networkAclsInPlace, taggedSubnetIds } from './lost-tags.js'
import { present } from './tagged.js'

export interface NetworkAclProperties {
  vpcId: () => string
  ingress: readonly AclEntry[]
  egress: readonly AclEntry[]
  /** The subnets that use it; what it lets go of uses the default ACL of the VPC again. */
  subnetIds: () => string[]
}

export interface NetworkAclAttributes {
  networkAclId: string
}

interface ObservedNetworkAcl extends Observed<NetworkAclAttributes> {
  properties: {
    vpcId: string | undefined
    ingress: AclEntries
    egress: AclEntries
    subnetIds: string[]
  }
  tags: Tags
}

const MISSING = ['InvalidNetworkAclID.NotFound', 'InvalidNetworkAclId.NotFound']
const DIRECTIONS = ['ingress', 'egress'] as const

/** A network ACL with its entries and the subnets that use it (spec §2.8). */
export class NetworkAcl extends Ec2Resource<NetworkAclAttributes, ObservedNetworkAcl> {
  readonly type = 'AWS::EC2::NetworkAcl'
  readonly iamActions = [
    'ec2:CreateNetworkAcl',
    'ec2:CreateNetworkAclEntry',
    'ec2:CreateTags',
    'ec2:DeleteNetworkAcl',
    'ec2:DeleteNetworkAclEntry',
    'ec2:DescribeNetworkAcls',
    'ec2:ReplaceNetworkAclAssociation',
    'ec2:ReplaceNetworkAclEntry',
  ]
  protected readonly noun = 'network ACL'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: NetworkAclProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedNetworkAcl | undefined> {
    const subnets = await this.inventory.subnets.get()
    const users = taggedSubnetIds(
      subnets,
      this.dependsOn.map(({ id }) => id),
    )
    const hit = await this.find(
      await this.inventory.networkAcls.get(),
      (found) => found.NetworkAclId,
      () => networkAclsInPlace(this.ec2, this.properties.vpcId(), this.name, users),
    )
    if (hit === undefined) return undefined
    const { found: acl, owned } = hit
    const networkAclId = present(acl.NetworkAclId, 'NetworkAclId')
    return {
      physicalId: networkAclId,
      attributes: { networkAclId },
      owned,
      properties: {
        vpcId: acl.VpcId,
        ingress: this.#remembered(observedEntries(acl.Entries, false), 'ingress'),
        egress: this.#remembered(observedEntries(acl.Entries, true), 'egress'),
        subnetIds: subnetsOf(acl).sort(),
      },
      tags: fromTagList(acl.Tags),
    }
  }

  diff(observed: ObservedNetworkAcl): Change[] {
    const { vpcId, subnetIds } = this.properties
    const entries = (direction: (typeof DIRECTIONS)[number]): Record<string, string | null> => ({
      ...Object.fromEntries(Object.keys(observed.properties[direction]).map((number) => [number, null])),
      ...wantedEntries(this.properties[direction]),
    })
    return [
      ...diffProperties(
        observed.properties,
        {
          vpcId: vpcId(),
          ingress: entries('ingress'),
          egress: entries('egress'),
          subnetIds: subnetIds().toSorted(),
        },
        { replaces: ['vpcId'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** Entries first: a new ACL denies everything, and no subnet may use it like that. */
  create(op: Operation): Promise<NetworkAclAttributes> {
    return this.inventory.networkAcls.changing(async () => {
      const networkAclId = await this.#create(op)
      await retryNotFound(
        async () => {
          for (const direction of DIRECTIONS)
            for (const entry of this.properties[direction])
              await putEntry(this.ec2, networkAclId, direction === 'egress', entry)
        },
        `waiting for ${networkAclId} to be seen everywhere`,
        op,
        ...MISSING,
      )
      for (const subnetId of this.properties.subnetIds()) await useAcl(this.ec2, networkAclId, subnetId, op)
      return { networkAclId }
    })
  }

  update(
    observed: ObservedNetworkAcl,
    changes: readonly Change[],
    op: Operation,
  ): Promise<NetworkAclAttributes> {
    return this.inventory.networkAcls.changing(async () => {
      for (const direction of DIRECTIONS) {
        if (touches(changes, direction)) await this.#putEntries(observed, direction)
      }
      if (touches(changes, 'subnetIds')) await this.#putSubnets(observed, op)
      if (touches(changes, 'tags')) await this.putTags(observed.physicalId)
      return observed.attributes
    })
  }

  /** Its subnets use the default ACL of the VPC from then on. */
  delete(observed: ObservedNetworkAcl, op: Operation): Promise<Deletion> {
    const aclId = observed.physicalId
    return this.inventory.networkAcls.changing(async () => {
      const seen = await this.#describe(aclId)
      if (seen === undefined) return { status: 'absent' }
      await this.#release(present(seen.VpcId, 'VpcId'), subnetsOf(seen), op)
      return deleteWhenFree(
        {
          what: `network ACL ${aclId}`,
          remove: () => this.ec2.send(new DeleteNetworkAclCommand({ NetworkAclId: aclId })),
          missing: MISSING,
          holders: async () =>
            subnetsOf((await this.#describe(aclId)) ?? {}).map((subnetId) => ({
              description: `${subnetId} uses it`,
              passing: true,
            })),
          exists: async () => (await this.#describe(aclId)) !== undefined,
        },
        op,
      )
    })
  }

  /** Emulators forget the type of an ICMP entry. */
  #remembered(entries: AclEntries, direction: (typeof DIRECTIONS)[number]): AclEntries {
    if (!this.aws.emulated) return entries
    const wanted = wantedEntries(this.properties[direction])
    return Object.fromEntries(
      Object.entries(entries).map(([number, words]) => [
        number,
        words.includes(' icmp all-all ') ? (wanted[number] ?? words) : words,
      ]),
    )
  }

  async #create(op: Operation): Promise<string> {
    const vpcId = this.properties.vpcId()
    // One token for all attempts of this call, and never one that a later run would use again (see RouteTable).
    const token = randomUUID()
    const { NetworkAcl: created } = await retryNotFound(
      () =>
        withinQuota(
          this.ec2.send(
            new CreateNetworkAclCommand({
              VpcId: vpcId,
              ClientToken: token,
              TagSpecifications: this.tagSpecifications('network-acl'),
            }),
          ),
        ),
      `waiting for ${vpcId} to be seen everywhere`,
      op,
      'InvalidVpcID.NotFound',
    )
    return present(created?.NetworkAclId, 'NetworkAclId')
  }

  /** First what is missing, then what is too much. */
  async #putEntries(observed: ObservedNetworkAcl, direction: (typeof DIRECTIONS)[number]): Promise<void> {
    const there = observed.properties[direction]
    const wanted = wantedEntries(this.properties[direction])
    for (const entry of this.properties[direction]) {
      if (there[entry.number] !== wanted[entry.number])
        await putEntry(this.ec2, observed.physicalId, direction === 'egress', entry)
    }
    for (const number of Object.keys(there)) {
      if (!(number in wanted))
        await removeEntry(this.ec2, observed.physicalId, direction === 'egress', Number(number))
    }
  }

  async #putSubnets({ physicalId, properties }: ObservedNetworkAcl, op: Operation): Promise<void> {
    const wanted = this.properties.subnetIds()
    for (const subnetId of wanted) {
      if (!properties.subnetIds.includes(subnetId)) await useAcl(this.ec2, physicalId, subnetId, op)
    }
    const unwanted = properties.subnetIds.filter((subnetId) => !wanted.includes(subnetId))
    await this.#release(this.properties.vpcId(), unwanted, op)
  }

  async #release(vpcId: string, subnetIds: readonly string[], op: Operation): Promise<void> {
    if (subnetIds.length === 0) return
    const fallback = await defaultAclId(this.ec2, vpcId)
    for (const subnetId of subnetIds) await useAcl(this.ec2, fallback, subnetId, op)
  }

  async #describe(aclId: string): Promise<Ec2NetworkAcl | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeNetworkAclsCommand({ NetworkAclIds: [aclId] })),
      ...MISSING,
      // What emulators say.
      'InvalidRouteTableID.NotFound',
    )
    return answer?.NetworkAcls?.[0]
  }
}

function subnetsOf(acl: Ec2NetworkAcl): string[] {
  return (acl.Associations ?? []).map((association) => present(association.SubnetId, 'SubnetId'))
}
