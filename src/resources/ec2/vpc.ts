import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
  type ModifyVpcAttributeCommandInput,
  type Vpc as Ec2Vpc,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { createOnce, once } from '../../aws/create-once.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import {
  emptyNewDefaultSecurityGroup,
  emptySecurityGroup,
  readDefaultSecurityGroup,
} from './default-security-group.js'
import { deleteWhenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { withinQuota } from '../../aws/quotas.js'
import { vpcsInPlace } from './lost-tags.js'
import { present } from './tagged.js'
import { vpcHolders } from './vpc-holders.js'

export interface VpcProperties {
  /** `/16` to `/28`. */
  cidr: string
}

export interface VpcAttributes {
  vpcId: string
  cidr: string
  defaultSecurityGroupId?: string
}

interface ObservedVpc extends Observed<VpcAttributes> {
  properties: {
    cidr: string
    state: string
    dnsSupport: boolean
    dnsHostnames: boolean
    defaultSecurityGroup: { ingress: string[]; egress: string[] }
  }
  tags: Tags
}

const MISSING = 'InvalidVpcID.NotFound'

/** A VPC with DNS support and hostnames, which endpoints and Fargate need, and a default security group without rules (spec §2.2). */
export class Vpc extends Ec2Resource<VpcAttributes, ObservedVpc> {
  readonly type = 'AWS::EC2::VPC'
  readonly iamActions = [
    'ec2:CreateTags',
    'ec2:CreateVpc',
    'ec2:DeleteVpc',
    'ec2:DescribeAddresses',
    'ec2:DescribeFlowLogs',
    'ec2:DescribeInternetGateways',
    'ec2:DescribeNatGateways',
    'ec2:DescribeNetworkAcls',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeRouteTables',
    'ec2:DescribeSecurityGroupRules',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcAttribute',
    'ec2:DescribeVpcEndpoints',
    'ec2:DescribeVpcs',
    'ec2:ModifyVpcAttribute',
    'ec2:RevokeSecurityGroupEgress',
    'ec2:RevokeSecurityGroupIngress',
  ]
  protected readonly noun = 'VPC'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: VpcProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedVpc | undefined> {
    const hit = await this.find(
      await this.inventory.vpcs.get(),
      (found) => found.VpcId,
      () => vpcsInPlace(this.ec2, this.inventory, this.name),
    )
    if (hit === undefined) return undefined
    const { found: vpc, owned } = hit
    const vpcId = present(vpc.VpcId, 'VpcId')
    const details = await unlessMissing(
      Promise.all([
        this.ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: 'enableDnsSupport' })),
        this.ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: 'enableDnsHostnames' })),
        readDefaultSecurityGroup(this.ec2, vpcId),
      ]),
      MISSING,
    )
    if (details === undefined) return undefined
    const [support, hostnames, defaultGroup] = details
    const cidr = present(vpc.CidrBlock, 'CidrBlock')
    return {
      physicalId: vpcId,
      attributes: { vpcId, cidr, defaultSecurityGroupId: defaultGroup?.groupId },
      owned,
      properties: {
        cidr,
        state: vpc.State ?? 'available',
        dnsSupport: support.EnableDnsSupport?.Value ?? false,
        dnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
        defaultSecurityGroup: {
          ingress: defaultGroup?.ingress ?? [],
          egress: defaultGroup?.egress ?? [],
        },
      },
      tags: fromTagList(vpc.Tags),
    }
  }

  diff(observed: ObservedVpc): Change[] {
    return [
      ...diffProperties(
        observed.properties,
        {
          cidr: this.properties.cidr,
          state: 'available',
          dnsSupport: true,
          dnsHostnames: true,
          defaultSecurityGroup: { ingress: [], egress: [] },
        },
        { replaces: ['cidr'] },
      ),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<VpcAttributes> {
    return this.inventory.vpcs.changing(async () => {
      const { cidr } = this.properties
      const input = { CidrBlock: cidr, TagSpecifications: this.tagSpecifications('vpc') }
      const created = await createOnce(
        async () => (await withinQuota(this.ec2.send(once(new CreateVpcCommand(input))))).Vpc ?? {},
        async () => this.pick(await this.inventory.vpcs.fresh(), (found) => found.VpcId),
        op,
      )
      const vpcId = present(created.VpcId, 'VpcId')
      await this.#waitAvailable(vpcId, op)
      await this.#enable({ VpcId: vpcId, EnableDnsSupport: { Value: true } }, op)
      await this.#enable({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }, op)
      return {
        vpcId,
        cidr,
        defaultSecurityGroupId: await emptyNewDefaultSecurityGroup(this.ec2, vpcId, op),
      }
    })
  }

  update(observed: ObservedVpc, changes: readonly Change[], op: Operation): Promise<VpcAttributes> {
    return this.inventory.vpcs.changing(async () => {
      const { defaultSecurityGroupId, vpcId } = observed.attributes
      if (touches(changes, 'state')) await this.#waitAvailable(vpcId, op)
      // In this order: hostnames need support.
      if (touches(changes, 'dnsSupport'))
        await this.#enable({ VpcId: vpcId, EnableDnsSupport: { Value: true } }, op)
      if (touches(changes, 'dnsHostnames'))
        await this.#enable({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }, op)
      if (touches(changes, 'defaultSecurityGroup'))
        await emptySecurityGroup(this.ec2, present(defaultSecurityGroupId, 'the default security group'))
      if (touches(changes, 'tags')) await this.putTags(vpcId)
      return observed.attributes
    })
  }

  /** The default security group, the default network ACL and the main route table go with it. */
  delete(observed: ObservedVpc, op: Operation): Promise<Deletion> {
    const vpcId = observed.physicalId
    return this.inventory.vpcs.changing(() =>
      deleteWhenFree(
        {
          what: `VPC ${vpcId}`,
          remove: () => this.ec2.send(new DeleteVpcCommand({ VpcId: vpcId })),
          missing: [MISSING],
          holders: () => vpcHolders(this.ec2, vpcId),
          exists: async () => (await this.#describe(vpcId)) !== undefined,
          timeoutMs: 300_000,
        },
        op,
      ),
    )
  }

  async #describe(vpcId: string): Promise<Ec2Vpc | undefined> {
    const answer = await unlessMissing(this.ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] })), MISSING)
    return answer?.Vpcs?.[0]
  }

  async #waitAvailable(vpcId: string, op: Operation): Promise<void> {
    await waitFor(
      {
        what: `VPC ${vpcId} to become available`,
        poll: () => this.#describe(vpcId),
        check: (seen) => (seen?.State === 'available' ? 'done' : 'pending'),
        timeoutMs: 300_000,
      },
      op,
    )
  }

  /** One attribute a call is all that EC2 takes. */
  async #enable(attribute: ModifyVpcAttributeCommandInput, op: Operation): Promise<void> {
    await retryNotFound(
      () => this.ec2.send(new ModifyVpcAttributeCommand(attribute)),
      'waiting for the new VPC to be seen everywhere',
      op,
      MISSING,
    )
  }
}
