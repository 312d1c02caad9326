import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
  type InternetGateway as Ec2InternetGateway,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { createOnce, once } from '../../aws/create-once.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { DatapipeError } from '../../errors.js'
import { deleteWhenFree, whenFree } from './deletion.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { publicAddressesHolding } from './holders.js'
import { internetGatewaysInPlace } from './lost-tags.js'
import { withinQuota } from '../../aws/quotas.js'
import { filter, present } from './tagged.js'

export interface InternetGatewayProperties {
  vpcId: () => string
}

export interface InternetGatewayAttributes {
  internetGatewayId: string
}

interface ObservedInternetGateway extends Observed<InternetGatewayAttributes> {
  properties: { attachedTo: string | undefined }
  tags: Tags
}

const MISSING = 'InvalidInternetGatewayID.NotFound'
/** The interfaces of stopped Fargate tasks keep their public addresses for up to 20 min. */
const DETACH_TIMEOUT_MS = 1_200_000

/** An internet gateway and its attachment to one VPC (spec §2.4). */
export class InternetGateway extends Ec2Resource<InternetGatewayAttributes, ObservedInternetGateway> {
  readonly type = 'AWS::EC2::InternetGateway'
  readonly iamActions = [
    'ec2:AttachInternetGateway',
    'ec2:CreateInternetGateway',
    'ec2:CreateTags',
    'ec2:DeleteInternetGateway',
    'ec2:DescribeInternetGateways',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DetachInternetGateway',
  ]
  protected readonly noun = 'internet gateway'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: InternetGatewayProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  async read(): Promise<ObservedInternetGateway | undefined> {
    const hit = await this.find(
      await this.inventory.internetGateways.get(),
      (found) => found.InternetGatewayId,
      () => internetGatewaysInPlace(this.ec2, this.properties.vpcId()),
    )
    if (hit === undefined) return undefined
    const { found: gateway, owned } = hit
    const internetGatewayId = present(gateway.InternetGatewayId, 'InternetGatewayId')
    return {
      physicalId: internetGatewayId,
      attributes: { internetGatewayId },
      owned,
      properties: { attachedTo: attachedTo(gateway) },
      tags: fromTagList(gateway.Tags),
    }
  }

  diff(observed: ObservedInternetGateway): Change[] {
    return [
      ...diffProperties(observed.properties, { attachedTo: this.properties.vpcId() }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<InternetGatewayAttributes> {
    return this.inventory.internetGateways.changing(async () => {
      const input = { TagSpecifications: this.tagSpecifications('internet-gateway') }
      const { internetGateways } = this.inventory
      const created = await createOnce(
        async () => {
          const command = once(new CreateInternetGatewayCommand(input))
          return (await withinQuota(this.ec2.send(command))).InternetGateway ?? {}
        },
        async () => this.pick(await internetGateways.fresh(), (found) => found.InternetGatewayId),
        op,
      )
      const internetGatewayId = present(created.InternetGatewayId, 'InternetGatewayId')
      await this.#attach(internetGatewayId, op)
      return { internetGatewayId }
    })
  }

  update(
    observed: ObservedInternetGateway,
    changes: readonly Change[],
    op: Operation,
  ): Promise<InternetGatewayAttributes> {
    return this.inventory.internetGateways.changing(async () => {
      const gatewayId = observed.physicalId
      if (touches(changes, 'attachedTo')) {
        const elsewhere = observed.properties.attachedTo
        if (elsewhere !== undefined) {
          const blocked = await this.#detach(gatewayId, elsewhere, op)
          if (blocked !== undefined)
            throw new DatapipeError(
              'DETACH_BLOCKED',
              `The internet gateway ${gatewayId} cannot be detached from ${elsewhere}: ${blocked.join('; ')}.`,
              { suggestions: [`Remove what holds it from ${elsewhere}, then run the same command again.`] },
            )
        }
        await this.#attach(gatewayId, op)
      }
      if (touches(changes, 'tags')) await this.putTags(gatewayId)
      return observed.attributes
    })
  }

  delete(observed: ObservedInternetGateway, op: Operation): Promise<Deletion> {
    return this.inventory.internetGateways.changing(async () => {
      const gatewayId = observed.physicalId
      const seen = await this.#describe(gatewayId)
      if (seen === undefined) return { status: 'absent' }
      const vpcId = attachedTo(seen)
      if (vpcId !== undefined) {
        const blocked = await this.#detach(gatewayId, vpcId, op)
        if (blocked !== undefined) return { status: 'blocked', by: blocked }
      }
      return deleteWhenFree(
        {
          what: `internet gateway ${gatewayId}`,
          remove: () => this.ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: gatewayId })),
          missing: [MISSING],
          holders: () => Promise.resolve([]),
          exists: async () => (await this.#describe(gatewayId)) !== undefined,
        },
        op,
      )
    })
  }

  /** @returns what blocks it, or nothing when it is detached */
  async #detach(gatewayId: string, vpcId: string, op: Operation): Promise<string[] | undefined> {
    const result = await whenFree(
      {
        what: `the attachment of ${gatewayId} to ${vpcId}`,
        remove: () =>
          this.ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpcId })),
        missing: ['Gateway.NotAttached', MISSING, 'InvalidVpcID.NotFound'],
        holders: () => publicAddressesHolding(this.ec2, filter('vpc-id', vpcId)),
        timeoutMs: DETACH_TIMEOUT_MS,
      },
      op,
    )
    return 'blocked' in result ? result.blocked : undefined
  }

  async #attach(gatewayId: string, op: Operation): Promise<void> {
    const vpcId = this.properties.vpcId()
    await retryNotFound(
      () =>
        unlessMissing(
          this.ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpcId })),
          'Resource.AlreadyAssociated',
        ),
      `waiting for ${gatewayId} and ${vpcId} to be seen everywhere`,
      op,
      MISSING,
      'InvalidVpcID.NotFound',
    )
    // "Already associated" is also the answer when it is attached to another VPC.
    await waitFor(
      {
        what: `internet gateway ${gatewayId} to be attached to ${vpcId}`,
        poll: async () => {
          const seen = await this.#describe(gatewayId)
          return seen === undefined ? undefined : attachedTo(seen)
        },
        check: (attached) => {
          if (attached === undefined) return 'pending'
          return attached === vpcId ? 'done' : { failed: `it is attached to ${attached}` }
        },
        timeoutMs: 120_000,
      },
      op,
    )
  }

  async #describe(gatewayId: string): Promise<Ec2InternetGateway | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [gatewayId] })),
      MISSING,
    )
    return answer?.InternetGateways?.[0]
  }
}

/** The VPC that it is attached to; an attachment that is being made or undone does not count. EC2 says `available` for attached. */
function attachedTo(gateway: Ec2InternetGateway): string | undefined {
  return gateway.Attachments?.find(
    ({ State: state }) => state !== 'attaching' && state !== 'detaching' && state !== 'detached',
  )?.VpcId
}
