import {
  CreateClusterCommand,
  DeleteClusterCommand,
  ECSClient,
  PutClusterCapacityProvidersCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterCommand,
  type CapacityProviderStrategyItem,
} from '@aws-sdk/client-ecs'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError, retryConflict, retryPropagation, unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, lowerTags, type Tags } from '../../aws/tags.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Operation } from '../../engine/operation.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { retryWhile } from '../../engine/wait.js'
import { AwsResource } from '../resource.js'
import { CLUSTER_TIMEOUT_MS, describeCluster, waitUntilActive, waitUntilGone } from './cluster-state.js'
import { stopTasks } from './tasks.js'

export interface ClusterProperties {
  /** CloudWatch Container Insights: per-task metrics, billed per metric. */
  containerInsights: 'disabled' | 'enabled'
}

export interface ClusterAttributes {
  arn: string
  name: string
}

interface ObservedCluster extends Observed<ClusterAttributes> {
  properties: {
    status: string | undefined
    containerInsights: string | undefined
    executeCommandLogging: string | undefined
    capacityProviders: string[]
    defaultStrategy: CapacityProviderStrategyItem[]
  }
  tags: Tags
}

const CAPACITY_PROVIDERS = ['FARGATE', 'FARGATE_SPOT']
const DEFAULT_STRATEGY = [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }]

/** An ECS cluster that runs on Fargate alone: it holds no machines, so it costs nothing while idle (spec §8.1). */
export class Cluster extends AwsResource<ClusterAttributes, ObservedCluster> {
  readonly type = 'AWS::ECS::Cluster'
  readonly iamActions = [
    'ecs:CreateCluster',
    'ecs:DeleteCluster',
    'ecs:DescribeClusters',
    'ecs:DescribeTasks',
    'ecs:ListTasks',
    'ecs:PutClusterCapacityProviders',
    'ecs:StopTask',
    'ecs:TagResource',
    'ecs:UpdateCluster',
  ]

  readonly #ecs: ECSClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: ClusterProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#ecs = aws.clients.of(ECSClient)
  }

  override get expectedPhysicalId(): string {
    return this.name
  }

  get #attributes(): ClusterAttributes {
    return { arn: this.aws.names.arn('ecs', `cluster/${this.name}`), name: this.name }
  }

  async read(): Promise<ObservedCluster | undefined> {
    const cluster = await describeCluster(this.#ecs, this.name)
    if (cluster === undefined) return undefined
    const tags = fromTagList(cluster.tags)
    return {
      physicalId: this.name,
      attributes: this.#attributes,
      owned: this.aws.owns(tags),
      properties: {
        status: cluster.status,
        containerInsights: cluster.settings?.find((setting) => setting.name === 'containerInsights')?.value,
        executeCommandLogging: cluster.configuration?.executeCommandConfiguration?.logging,
        capacityProviders: [...(cluster.capacityProviders ?? [])].sort(),
        defaultStrategy: (cluster.defaultCapacityProviderStrategy ?? []).map((item) => ({
          capacityProvider: item.capacityProvider,
          weight: item.weight ?? 0,
          base: item.base ?? 0,
        })),
      },
      tags,
    }
  }

  diff(observed: ObservedCluster): Change[] {
    // A cluster on its way out is as good as gone, and nothing else of it matters.
    if (observed.properties.status === 'DEPROVISIONING') {
      return diffProperties(observed.properties, { status: 'ACTIVE' })
    }
    return [
      ...diffProperties(observed.properties, {
        containerInsights: this.properties.containerInsights,
        executeCommandLogging: 'NONE',
        capacityProviders: CAPACITY_PROVIDERS,
        defaultStrategy: DEFAULT_STRATEGY,
      }),
      ...diffTags(observed.tags, this.tags),
    ]
  }

  /** Idempotent: ECS answers with the existing cluster of that name; the name of a deleted one can be used again. */
  async create(op: Operation): Promise<ClusterAttributes> {
    const created = await retryConflict(
      () =>
        retryPropagation(
          () =>
            this.#ecs.send(
              new CreateClusterCommand({
                clusterName: this.name,
                capacityProviders: CAPACITY_PROVIDERS,
                defaultCapacityProviderStrategy: DEFAULT_STRATEGY,
                ...this.#settings,
                tags: lowerTags(this.tags),
              }),
            ),
          op,
        ),
      op,
    )
    if (created.cluster?.status !== 'ACTIVE') await waitUntilActive(this.#ecs, this.name, op)
    return this.#attributes
  }

  async update(
    observed: ObservedCluster,
    changes: readonly Change[],
    op: Operation,
  ): Promise<ClusterAttributes> {
    const changed = (...paths: string[]) =>
      changes.some((change) => paths.some((path) => change.path.startsWith(path)))
    if (changed('status')) {
      await waitUntilGone(this.#ecs, this.name, op)
      return this.create(op)
    }
    if (changed('containerInsights', 'executeCommandLogging')) {
      await retryConflict(
        () => this.#ecs.send(new UpdateClusterCommand({ cluster: this.name, ...this.#settings })),
        op,
      )
    }
    if (changed('capacityProviders', 'defaultStrategy')) {
      await retryConflict(
        () =>
          this.#ecs.send(
            new PutClusterCapacityProvidersCommand({
              cluster: this.name,
              capacityProviders: CAPACITY_PROVIDERS,
              defaultCapacityProviderStrategy: DEFAULT_STRATEGY,
            }),
          ),
        op,
      )
    }
    if (changed('tags')) {
      await this.#ecs.send(
        new TagResourceCommand({ resourceArn: observed.attributes.arn, tags: lowerTags(this.tags) }),
      )
    }
    return observed.attributes
  }

  /** Stops our own tasks first. Tasks of others in this cluster are not ours to stop: they block. */
  async delete(_observed: ObservedCluster, op: Operation): Promise<Deletion> {
    const foreign = await stopTasks(this.#ecs, this.name, this.aws.names.taskFamily, op)
    if (foreign.length > 0) return { status: 'blocked', by: foreign }
    try {
      const gone = await retryWhile(
        () =>
          unlessMissing(
            this.#ecs.send(new DeleteClusterCommand({ cluster: this.name })),
            'ClusterNotFoundException',
          ),
        {
          what: 'waiting for the cluster to let go of its last tasks',
          retryable: (error) =>
            isAwsError(error, 'ClusterContainsTasksException', 'UpdateInProgressException'),
          timeoutMs: CLUSTER_TIMEOUT_MS,
          minDelayMs: 500,
          maxDelayMs: 10_000,
        },
        op,
      )
      if (gone === undefined) return { status: 'absent' }
    } catch (error) {
      if (
        !isAwsError(error, 'ClusterContainsServicesException', 'ClusterContainsContainerInstancesException')
      ) {
        throw error
      }
      const held = isAwsError(error, 'ClusterContainsServicesException') ? 'services' : 'container instances'
      return { status: 'blocked', by: [`${held} in the cluster ${this.name}`] }
    }
    await waitUntilGone(this.#ecs, this.name, op)
    // moto lists a deleted cluster by its tags for ever.
    if (this.aws.emulated) {
      await this.#ecs.send(
        new UntagResourceCommand({ resourceArn: this.#attributes.arn, tagKeys: Object.keys(this.tags) }),
      )
    }
    return { status: 'deleted' }
  }

  get #settings() {
    return {
      settings: [{ name: 'containerInsights' as const, value: this.properties.containerInsights }],
      // Nobody opens a shell in a batch task, so there is no session to log.
      configuration: { executeCommandConfiguration: { logging: 'NONE' as const } },
    }
  }
}
