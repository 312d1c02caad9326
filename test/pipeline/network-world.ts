import type { AwsContext } from '../../src/aws/context.js'
import { fromTagList, TAG } from '../../src/aws/tags.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema, type Environment } from '../../src/config/schema.js'
import { applyGraph, type ApplyResult } from '../../src/engine/apply.js'
import { destroyGraph, type DestroyResult } from '../../src/engine/destroy.js'
import { Graph } from '../../src/engine/graph.js'
import type { Change } from '../../src/engine/change.js'
import type { Deletion, Observed, Resource, ResourceOptions } from '../../src/engine/resource.js'
import type { InventoryItem } from '../../src/pipeline/inventory.js'
import { network, type Network } from '../../src/pipeline/network.js'
import { networkInventory } from '../../src/pipeline/network/inventory.js'
import { orphansOf } from '../../src/pipeline/orphans.js'
import { chooseZones } from '../../src/resources/ec2/availability-zones.js'
import { AwsResource } from '../../src/resources/resource.js'
import { withoutWaiting } from '../resources/ec2/converge.js'
import type { FakeEc2 } from '../resources/ec2/fake-ec2.js'

export type NetworkSettings = Partial<Environment['network']>

/** Where tasks are started, as the state machine has it. */
export interface Placement {
  subnetIds: string[]
  groupId: string
  publicIp: boolean
}

interface ObservedPlacement extends Observed<object> {
  placement: Placement
}

/** Stands for the bucket of the logs, and for the state machine that starts tasks in the network. */
class Stub extends AwsResource<object, ObservedPlacement> {
  readonly type = 'Test::Stub'
  readonly iamActions = []

  constructor(
    aws: AwsContext,
    id: string,
    private readonly world: World,
    private readonly wanted: (() => Placement) | undefined,
    options: ResourceOptions = {},
  ) {
    super(aws, id, id, options)
  }

  read(): Promise<ObservedPlacement | undefined> {
    const { placement } = this.world
    const none = { subnetIds: [], groupId: '', publicIp: false }
    if (this.wanted !== undefined && placement === undefined) return Promise.resolve(undefined)
    return Promise.resolve({ physicalId: this.id, attributes: {}, owned: true, placement: placement ?? none })
  }

  diff({ placement }: ObservedPlacement): Change[] {
    const to = this.wanted?.()
    if (to === undefined || JSON.stringify(to) === JSON.stringify(placement)) return []
    return [{ path: 'placement', from: placement, to, replaces: false }]
  }

  create(): Promise<object> {
    this.world.placement = this.wanted?.()
    return Promise.resolve({})
  }

  update(): Promise<object> {
    return this.create()
  }

  delete(): Promise<Deletion> {
    if (this.wanted !== undefined) this.world.placement = undefined
    return Promise.resolve({ status: 'deleted' })
  }
}

/** A network on a fake EC2, with a state machine that starts tasks in it. */
export class World {
  placement: Placement | undefined

  constructor(readonly ec2: FakeEc2) {}

  async up(settings: NetworkSettings): Promise<ApplyResult> {
    return withoutWaiting(async () => {
      const { graph, orphans } = await this.#prepare(settings)
      return applyGraph(graph, { orphans })
    })
  }

  async down(settings: NetworkSettings): Promise<DestroyResult> {
    return withoutWaiting(async () => {
      const { all, orphans } = await this.#prepare(settings)
      // As `down` does: what is in no configuration goes first.
      const graph = new Graph([...all, ...orphans], (resource) =>
        orphans.includes(resource) ? [...all, ...resource.dependsOn] : resource.dependsOn,
      )
      return destroyGraph(graph)
    })
  }

  async #prepare(settings: NetworkSettings): Promise<{ all: Resource[]; graph: Graph; orphans: Resource[] }> {
    const aws = this.ec2.run()
    const environment = environmentWith(settings)
    const zoneIds = await chooseZones(aws, environment.network.zones)
    const logs = new Stub(aws, 'storage/logs', this, undefined)
    const net = network(aws, environment, zoneIds, logs)
    const worker = new Stub(aws, 'orchestration/worker', this, () => placementOf(net), {
      dependsOn: [net.taskSecurityGroup, ...net.taskSubnets],
    })
    const items = [...taggedIn(this.ec2, aws), ...(await networkInventory(aws))]
    const all: AwsResource[] = [logs, ...net.resources, worker]
    return { all, graph: new Graph(all), orphans: orphansOf(aws, items, all) }
  }
}

export function environmentWith(settings: NetworkSettings): Environment {
  return resolveEnvironment(configSchema.parse({ project: 'sensors', network: settings }), 'dev')
}

function placementOf(net: Network): Placement {
  return {
    subnetIds: net.taskSubnets.map((subnet) => subnet.attributes.subnetId),
    groupId: net.taskSecurityGroup.attributes.groupId,
    publicIp: net.assignPublicIp,
  }
}

/** What the tagging API would show of the rest. */
function taggedIn(ec2: FakeEc2, aws: AwsContext): InventoryItem[] {
  const kinds = {
    vpc: ec2.vpcs,
    subnet: ec2.subnets,
    'internet-gateway': ec2.gateways,
    'route-table': ec2.tables,
    'security-group': ec2.groups,
    'security-group-rule': ec2.rules,
  }
  return Object.entries(kinds).flatMap(([kind, found]) =>
    [...found].flatMap(([physicalId, item]) => {
      const tags = fromTagList(item.Tags)
      return aws.owns(tags)
        ? [{ arn: aws.names.arn('ec2', `${kind}/${physicalId}`), id: tags[TAG.id] ?? '', tags }]
        : []
    }),
  )
}
