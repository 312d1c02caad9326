import { randomUUID } from 'node:crypto'
import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
  type VpcEndpoint as Ec2VpcEndpoint,
} from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { normalizePolicy } from '../../aws/policy.js'
import { hourlyCostItem } from '../../aws/prices.js'
import { retryNotFound, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { CostItem, Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { waitFor } from '../../engine/wait.js'
import { deleteWhenFree } from './deletion.js'
import { leaveRouteTables } from './endpoint-routes.js'
import { offerOf, type EndpointOffer } from './endpoint-services.js'
import { Ec2Resource, touches } from './ec2-resource.js'
import { withinQuota } from '../../aws/quotas.js'
import { diffPolicy } from '../policy-diff.js'
import { vpcEndpointsInPlace } from './lost-tags.js'
import { present } from './tagged.js'
import {
  observedPlacement,
  placementChanges,
  placementInput,
  wantedPlacement,
  type Placement,
  type VpcEndpointProperties,
} from './vpc-endpoint-kinds.js'

export interface VpcEndpointAttributes {
  endpointId: string
}

interface ObservedVpcEndpoint extends Observed<VpcEndpointAttributes> {
  properties: Required<Placement> & {
    kind: string
    vpcId: string | undefined
    service: string | undefined
    state: string
  }
  /** Of an interface endpoint. */
  offer: EndpointOffer | undefined
  /** Normalized. */
  policy: unknown
  tags: Tags
}

const MISSING = ['InvalidVpcEndpointId.NotFound', 'InvalidVpcEndpoint.NotFound']
/** For a gateway endpoint usually seconds, for an interface endpoint 1 to 3 min (spec §1.10). */
const CREATE_TIMEOUT_MS = 600_000
const DELETE_TIMEOUT_MS = 1_200_000

/** A VPC endpoint: private access to an AWS service, limited by a policy (spec §2.6). */
export class VpcEndpoint extends Ec2Resource<VpcEndpointAttributes, ObservedVpcEndpoint> {
  readonly type = 'AWS::EC2::VPCEndpoint'
  readonly iamActions = [
    'ec2:CreateTags',
    'ec2:CreateVpcEndpoint',
    'ec2:DeleteVpcEndpoints',
    'ec2:DescribeVpcEndpointServices',
    'ec2:DescribeVpcEndpoints',
    'ec2:ModifyVpcEndpoint',
  ]
  protected readonly noun = 'VPC endpoint'

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: VpcEndpointProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  get kind(): VpcEndpointProperties['kind'] {
    return this.properties.kind
  }

  async read(): Promise<ObservedVpcEndpoint | undefined> {
    const offer = await this.#offer()
    const living = (await this.inventory.vpcEndpoints.get()).filter((found) => !isGoing(found))
    const inPlace = () => vpcEndpointsInPlace(this.ec2, this.properties.vpcId(), this.#serviceName)
    const hit = await this.find(living, (found) => found.VpcEndpointId, inPlace)
    if (hit === undefined) return undefined
    const { found: endpoint, owned } = hit
    const endpointId = present(endpoint.VpcEndpointId, 'VpcEndpointId')
    return {
      physicalId: endpointId,
      attributes: { endpointId },
      owned,
      properties: {
        kind: (endpoint.VpcEndpointType ?? 'Gateway').toLowerCase(),
        vpcId: endpoint.VpcId,
        service: endpoint.ServiceName,
        state: stateOf(endpoint),
        ...observedPlacement(endpoint),
      },
      offer,
      policy: normalizePolicy(endpoint.PolicyDocument),
      tags: fromTagList(endpoint.Tags),
    }
  }

  diff(observed: ObservedVpcEndpoint): Change[] {
    const { kind = 'gateway', vpcId } = this.properties
    // What failed stays failed; what is pending becomes available by itself.
    const dead = ['failed', 'rejected', 'expired'].includes(observed.properties.state)
    return [
      ...diffProperties(
        observed.properties,
        {
          kind,
          vpcId: vpcId(),
          service: this.#serviceName,
          state: 'available',
          ...wantedPlacement(this.properties, this.#serviceName, observed.offer),
        },
        { replaces: ['kind', 'vpcId', 'service', ...(dead ? ['state'] : [])] },
      ),
      ...(observed.offer?.policy === false
        ? []
        : diffPolicy('policy', observed.policy, this.properties.policy())),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  create(op: Operation): Promise<VpcEndpointAttributes> {
    return this.inventory.vpcEndpoints.changing(async () => {
      await this.#waitForPredecessor(op)
      const endpointId = await this.#create(op)
      await this.#waitAvailable(endpointId, op)
      return { endpointId }
    })
  }

  update(
    observed: ObservedVpcEndpoint,
    changes: readonly Change[],
    op: Operation,
  ): Promise<VpcEndpointAttributes> {
    return this.inventory.vpcEndpoints.changing(async () => {
      const endpointId = observed.physicalId
      if (touches(changes, 'state')) await this.#waitAvailable(endpointId, op)
      const moved = placementChanges(
        observed.properties,
        wantedPlacement(this.properties, this.#serviceName, observed.offer),
      )
      const policy = touches(changes, 'policy')
      if (policy || Object.keys(moved).length > 0) {
        await this.ec2.send(
          new ModifyVpcEndpointCommand({
            VpcEndpointId: endpointId,
            ...moved,
            ...(policy ? { PolicyDocument: JSON.stringify(this.properties.policy()) } : {}),
          }),
        )
        await this.#waitAvailable(endpointId, op)
      }
      if (touches(changes, 'tags')) await this.putTags(endpointId)
      return observed.attributes
    })
  }

  delete(observed: ObservedVpcEndpoint, op: Operation): Promise<Deletion> {
    const endpointId = observed.physicalId
    return this.inventory.vpcEndpoints.changing(() =>
      deleteWhenFree(
        {
          what: `VPC endpoint ${endpointId}`,
          remove: () => this.#delete(endpointId),
          missing: MISSING,
          holders: () => Promise.resolve([]),
          exists: async () => (await this.#describe(endpointId)) !== undefined,
          timeoutMs: DELETE_TIMEOUT_MS,
          goneWithinMs: DELETE_TIMEOUT_MS,
        },
        op,
      ),
    )
  }

  override cost(): CostItem[] {
    const own = this.properties
    if (own.kind !== 'interface') return []
    return [hourlyCostItem(`${own.service} endpoint ${this.name}`, 'interfaceEndpoint', own.subnets.length)]
  }

  get #serviceName(): string {
    return `com.amazonaws.${this.aws.region}.${this.properties.service}`
  }

  /** @throws UsageError ENDPOINT_SERVICE_UNKNOWN */
  async #offer(): Promise<EndpointOffer | undefined> {
    if (this.properties.kind !== 'interface') return undefined
    return offerOf(await this.inventory.endpointServices.get(), this.#serviceName)
  }

  async #create(op: Operation): Promise<string> {
    const { policy, vpcId } = this.properties
    const offer = await this.#offer()
    // One token for all attempts of this call, and never one that a later run would use again (see RouteTable).
    const token = randomUUID()
    const { VpcEndpoint: created } = await retryNotFound(
      () =>
        withinQuota(
          this.ec2.send(
            new CreateVpcEndpointCommand({
              VpcId: vpcId(),
              ServiceName: this.#serviceName,
              ...placementInput(wantedPlacement(this.properties, this.#serviceName, offer)),
              ...(offer?.policy === false ? {} : { PolicyDocument: JSON.stringify(policy()) }),
              ClientToken: token,
              TagSpecifications: this.tagSpecifications('vpc-endpoint'),
            }),
          ),
        ),
      'waiting for the new VPC and what is in it to be seen everywhere',
      op,
      'InvalidVpcID.NotFound',
      'InvalidVpcId.NotFound',
      'InvalidRouteTableID.NotFound',
      'InvalidRouteTableId.NotFound',
      'InvalidSubnetID.NotFound',
      'InvalidSubnetId.NotFound',
      'InvalidGroup.NotFound',
      'InvalidSecurityGroupID.NotFound',
      'InvalidSecurityGroupId.NotFound',
    )
    return present(created?.VpcEndpointId, 'VpcEndpointId')
  }

  /** One that is still being deleted holds its routes or its names, which the new one needs. */
  async #waitForPredecessor(op: Operation): Promise<void> {
    await waitFor(
      {
        what: `the former VPC endpoint ${this.name} to be gone`,
        poll: async () => {
          const all = await this.inventory.vpcEndpoints.fresh()
          return this.pick(
            all.filter((found) => stateOf(found) === 'deleting'),
            (found) => found.VpcEndpointId,
          )
        },
        check: (going) => (going === undefined ? 'done' : 'pending'),
        timeoutMs: DELETE_TIMEOUT_MS,
      },
      op,
    )
  }

  /** The call succeeds even when nothing was deleted; what failed is in its answer (spec §2.6). */
  async #delete(endpointId: string): Promise<object> {
    if (this.aws.emulated) await leaveRouteTables(this.ec2, endpointId)
    const answer = await this.ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [endpointId] }))
    const failure = answer.Unsuccessful?.find((item) => item.ResourceId === endpointId)?.Error
    if (failure === undefined) return answer
    throw Object.assign(new Error(failure.Message ?? `${endpointId} was not deleted`), {
      name: failure.Code ?? 'UnknownError',
    })
  }

  async #describe(endpointId: string): Promise<Ec2VpcEndpoint | undefined> {
    const answer = await unlessMissing(
      this.ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [endpointId] })),
      ...MISSING,
    )
    return answer?.VpcEndpoints?.find((endpoint) => stateOf(endpoint) !== 'deleted')
  }

  async #waitAvailable(endpointId: string, op: Operation): Promise<void> {
    await waitFor(
      {
        what: `VPC endpoint ${endpointId} to become available`,
        poll: () => this.#describe(endpointId),
        check: (seen) => {
          const state = seen === undefined ? 'pending' : stateOf(seen)
          if (state === 'available') return 'done'
          return state === 'pending' ? 'pending' : { failed: `it is ${state}` }
        },
        timeoutMs: CREATE_TIMEOUT_MS,
      },
      op,
    )
  }
}

/** Typed as `Available`, answered as `available`. */
function stateOf(endpoint: Ec2VpcEndpoint): string {
  return (endpoint.State ?? 'available').toLowerCase()
}

function isGoing(endpoint: Ec2VpcEndpoint): boolean {
  return ['deleting', 'deleted'].includes(stateOf(endpoint))
}
