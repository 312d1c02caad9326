import type { ContainerDefinition, TaskDefinition as EcsTaskDefinition } from '@aws-sdk/client-ecs'
import { TaskDefinition, type TaskDefinitionProperties } from '../../../src/resources/ecs/task-definition.js'
import { testContext } from '../../support/resource.js'

export const FAMILY_ARN = 'arn:aws:ecs:us-east-1:111122223333:task-definition/dp-sensors-dev-transform'
export const revision = (number: number) => `${FAMILY_ARN}:${number}`

const properties: TaskDefinitionProperties = {
  cpu: 2048,
  memory: 8192,
  ephemeralGiB: 30,
  architecture: 'arm64',
  image: () => 'repo@sha256:abc',
  environment: () => ({ DP_ENV: 'dev', DP_DATABASE: 'dp_dev' }),
  executionRoleArn: () => 'arn:exec',
  taskRoleArn: () => 'arn:task',
  logGroup: () => '/dp/sensors-dev/ecs',
}

export const make = (overrides: Partial<TaskDefinitionProperties> = {}) =>
  new TaskDefinition(testContext(), 'compute/task-definition', 'dp-sensors-dev-transform', {
    ...properties,
    ...overrides,
  })
export const definition = make()

/** As AWS returns it: defaults added, variables in another order. */
export const container: ContainerDefinition = {
  name: 'transform',
  image: 'repo@sha256:abc',
  cpu: 0,
  essential: true,
  user: '10001:10001',
  readonlyRootFilesystem: true,
  privileged: false,
  portMappings: [],
  volumesFrom: [],
  systemControls: [],
  mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp' }],
  linuxParameters: { initProcessEnabled: true },
  stopTimeout: 120,
  environment: [
    { name: 'DP_DATABASE', value: 'dp_dev' },
    { name: 'DP_ENV', value: 'dev' },
  ],
  logConfiguration: {
    logDriver: 'awslogs',
    options: {
      mode: 'blocking',
      'awslogs-group': '/dp/sensors-dev/ecs',
      'awslogs-region': 'us-east-1',
      'awslogs-stream-prefix': 'transform',
    },
    secretOptions: [],
  },
}
export const asDesired: EcsTaskDefinition = {
  taskDefinitionArn: revision(7),
  status: 'ACTIVE',
  family: definition.name,
  revision: 7,
  cpu: '2048',
  memory: '8192',
  ephemeralStorage: { sizeInGiB: 30 },
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  compatibilities: ['EC2', 'FARGATE'],
  executionRoleArn: 'arn:exec',
  taskRoleArn: 'arn:task',
  runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
  volumes: [{ name: 'tmp', host: {} }],
  placementConstraints: [],
  containerDefinitions: [container],
}
