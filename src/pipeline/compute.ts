import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Repository } from '../resources/ecr/repository.js'
import { Cluster } from '../resources/ecs/cluster.js'
import { TaskDefinition } from '../resources/ecs/task-definition.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import type { Security } from './security.js'
import { DEFAULT_TIER } from './size-tiers.js'
import { CONFIG_KEY, type Storage } from './storage.js'

/** Where the transform runs. */
export interface Compute {
  repository: Repository
  cluster: Cluster
  taskDefinition: TaskDefinition
  resources: AwsResource[]
}

/** @param version of datapipe: the image tag unless the configuration names an image */
export function compute(
  aws: AwsContext,
  environment: Environment,
  { key, roles, ecsServiceRole }: Security,
  { artifacts, transformed }: Storage,
  version: string,
): Compute {
  const { names } = aws
  const keyArn = () => key.attributes.arn
  const repository = new Repository(
    aws,
    'compute/repository',
    names.repository,
    { keyArn, keepImages: 20 },
    { dependsOn: [key] },
  )
  const logGroup = new LogGroup(
    aws,
    'compute/logs',
    names.logGroup('ecs'),
    { retentionDays: environment.compute.logRetentionDays, keyArn },
    { dependsOn: [key] },
  )
  const cluster = new Cluster(
    aws,
    'compute/cluster',
    names.cluster,
    { containerInsights: 'disabled' },
    { dependsOn: [ecsServiceRole] },
  )
  const taskDefinition = new TaskDefinition(
    aws,
    'compute/task-definition',
    names.taskFamily,
    {
      cpu: DEFAULT_TIER.cpu,
      memory: DEFAULT_TIER.memoryMiB,
      ephemeralGiB: DEFAULT_TIER.ephemeralGiB,
      architecture: environment.compute.architecture,
      image: () => environment.compute.image ?? `${repository.attributes.uri}:v${version}`,
      environment: () => ({
        DP_ENV: environment.name,
        DP_PROJECT: environment.project,
        DP_CONFIG_BUCKET: artifacts.attributes.bucket,
        DP_CONFIG_KEY: CONFIG_KEY,
        DP_TRANSFORMED_BUCKET: transformed.attributes.bucket,
        DP_GLUE_DATABASE: names.database,
      }),
      executionRoleArn: () => roles['ecs-exec'].attributes.arn,
      taskRoleArn: () => roles['ecs-task'].attributes.arn,
      logGroup: () => logGroup.name,
    },
    { dependsOn: [repository, logGroup, artifacts, transformed, roles['ecs-exec'], roles['ecs-task']] },
  )
  return {
    repository,
    cluster,
    taskDefinition,
    resources: [repository, logGroup, cluster, taskDefinition],
  }
}
