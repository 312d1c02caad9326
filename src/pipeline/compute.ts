import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { Repository } from '../resources/ecr/repository.js'
import { Cluster } from '../resources/ecs/cluster.js'
import { TaskDefinition } from '../resources/ecs/task-definition.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { imagePart, type ImageOptions, type ImagePart } from './image.js'
import type { Security } from './security.js'
import { DEFAULT_TIER } from './size-tiers.js'
import { CONFIG_KEY, type Storage } from './storage.js'

/** Where the transform runs. */
export interface Compute {
  repository: Repository
  cluster: Cluster
  taskDefinition: TaskDefinition
  image: ImagePart
  resources: AwsResource[]
}

export function compute(
  aws: AwsContext,
  environment: Environment,
  security: Security,
  storage: Storage,
  imageOptions: ImageOptions,
): Compute {
  const { names } = aws
  const { key, roles, ecsServiceRole } = security
  const { artifacts, transformed } = storage
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
  const image = imagePart(aws, environment, { repository, security, storage }, imageOptions)
  const taskDefinition = new TaskDefinition(
    aws,
    'compute/task-definition',
    names.taskFamily,
    {
      cpu: DEFAULT_TIER.cpu,
      memory: DEFAULT_TIER.memoryMiB,
      ephemeralGiB: DEFAULT_TIER.ephemeralGiB,
      architecture: environment.compute.architecture,
      image: image.uri,
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
    {
      dependsOn: [
        repository,
        logGroup,
        artifacts,
        transformed,
        roles['ecs-exec'],
        roles['ecs-task'],
        ...(image.image === undefined ? [] : [image.image]),
      ],
    },
  )
  return {
    repository,
    cluster,
    taskDefinition,
    image,
    resources: [repository, logGroup, cluster, ...image.resources, taskDefinition],
  }
}
