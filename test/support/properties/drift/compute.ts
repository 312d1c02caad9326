import {
  DeleteRetentionPolicyCommand,
  CloudWatchLogsClient,
  PutResourcePolicyCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import {
  DeleteLifecyclePolicyCommand,
  ECRClient,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
} from '@aws-sdk/client-ecr'
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  UpdateClusterCommand,
  type ContainerDefinition,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs'
import { drift, type Drift } from '../drift.js'

const REPOSITORY = 'compute/repository'
const CLUSTER = 'compute/cluster'
const TASK = 'compute/task-definition'

const repository = (path: string, by: (ecr: ECRClient, repositoryName: string) => Promise<unknown>): Drift =>
  drift(REPOSITORY, path, (world) => by(world.client(ECRClient), world.id(REPOSITORY)))

const cluster = (
  paths: string | string[],
  by: (ecs: ECSClient, cluster: string) => Promise<unknown>,
): Drift => drift(CLUSTER, paths, (world) => by(world.client(ECSClient), world.id(CLUSTER)))

const logs = (
  id: string,
  path: string,
  by: (client: CloudWatchLogsClient, logGroupName: string) => Promise<unknown>,
) => drift(id, path, (world) => by(world.client(CloudWatchLogsClient), world.id(id)))

/** A revision that somebody registers from the newest one, with its tags. */
const revision = (
  paths: string | string[],
  change: Partial<RegisterTaskDefinitionCommandInput>,
  changeContainer: (container: ContainerDefinition) => Partial<ContainerDefinition> = () => ({}),
): Drift =>
  drift(TASK, paths, async (world) => {
    const ecs = world.client(ECSClient)
    const { tags, taskDefinition: newest } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: world.aws.names.taskFamily, include: ['TAGS'] }),
    )
    const containerDefinitions = (newest?.containerDefinitions ?? []).map((container) => ({
      ...container,
      ...changeContainer(container),
    }))
    const { family, ...settings } = newest ?? {}
    return ecs.send(
      new RegisterTaskDefinitionCommand({ family, ...settings, tags, containerDefinitions, ...change }),
    )
  })

const container = (
  paths: string | string[],
  change: (container: ContainerDefinition) => Partial<ContainerDefinition>,
) => revision(paths, {}, change)

/** One container more, beside the one that is ours. */
const sidecar: Drift = drift(TASK, 'containers', async (world) => {
  const ecs = world.client(ECSClient)
  const { tags, taskDefinition: newest } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: world.aws.names.taskFamily, include: ['TAGS'] }),
  )
  const { containerDefinitions: ours = [], family, ...settings } = newest ?? {}
  const containerDefinitions = [...ours, { name: 'sidecar', image: 'public.ecr.aws/other:1' }]
  return ecs.send(new RegisterTaskDefinitionCommand({ family, ...settings, tags, containerDefinitions }))
})

const OTHER_ROLE = 'arn:aws:iam::123456789012:role/somebody'

/** Images, cluster, tasks and logs. */
export const computeDrift: Drift[] = [
  repository('tagMutability', (ecr, repositoryName) =>
    ecr.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'MUTABLE' })),
  ),
  repository('scanOnPush', (ecr, repositoryName) =>
    ecr.send(
      new PutImageScanningConfigurationCommand({
        repositoryName,
        imageScanningConfiguration: { scanOnPush: false },
      }),
    ),
  ),
  repository('lifecyclePolicy', (ecr, repositoryName) =>
    ecr.send(new DeleteLifecyclePolicyCommand({ repositoryName })),
  ),
  logs('compute/logs', 'retentionDays', (client, logGroupName) =>
    client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 })),
  ),
  logs('orchestration/logs/worker', 'retentionDays', (client, logGroupName) =>
    client.send(new DeleteRetentionPolicyCommand({ logGroupName })),
  ),
  drift('ingestion/log-policy', 'policy', (world) =>
    world.client(CloudWatchLogsClient).send(
      new PutResourcePolicyCommand({
        policyName: world.aws.names.datasync,
        resourceArn: world.aws.names.arn('logs', `log-group:${world.id('ingestion/logs')}`),
        policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
      }),
    ),
  ),
  cluster('containerInsights', (ecs, name) =>
    ecs.send(
      new UpdateClusterCommand({
        cluster: name,
        settings: [{ name: 'containerInsights', value: 'enabled' }],
      }),
    ),
  ),
  cluster('executeCommandLogging', (ecs, name) =>
    ecs.send(
      new UpdateClusterCommand({
        cluster: name,
        configuration: { executeCommandConfiguration: { logging: 'DEFAULT' } },
      }),
    ),
  ),
  cluster('capacityProviders', (ecs, name) =>
    ecs.send(
      new PutClusterCapacityProvidersCommand({
        cluster: name,
        capacityProviders: ['FARGATE'],
        defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1, base: 0 }],
      }),
    ),
  ),
  cluster('defaultStrategy', (ecs, name) =>
    ecs.send(
      new PutClusterCapacityProvidersCommand({
        cluster: name,
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }],
      }),
    ),
  ),
  revision(['cpu', 'memory'], { cpu: '512', memory: '1024' }),
  revision('ephemeralGiB', { ephemeralStorage: { sizeInGiB: 100 } }),
  revision('requiresCompatibilities', { requiresCompatibilities: ['EC2'] }),
  revision(['executionRoleArn', 'taskRoleArn'], { executionRoleArn: OTHER_ROLE, taskRoleArn: OTHER_ROLE }),
  revision(['runtimePlatform.cpuArchitecture', 'runtimePlatform.operatingSystemFamily'], {
    runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' },
  }),
  revision('volumes', { volumes: [{ name: 'tmp' }, { name: 'more' }] }),
  sidecar,
  container(['container.image', 'container.essential'], () => ({
    image: 'public.ecr.aws/other:1',
    essential: false,
  })),
  container(['container.user', 'container.readonlyRootFilesystem', 'container.privileged'], () => ({
    user: 'root',
    readonlyRootFilesystem: false,
    privileged: true,
  })),
  container(['container.initProcessEnabled', 'container.stopTimeout', 'container.mounts'], () => ({
    linuxParameters: { initProcessEnabled: false },
    stopTimeout: 30,
    mountPoints: [],
  })),
  container(['container.environment.DEBUG', 'container.environment.DP_ENV'], ({ environment = [] }) => ({
    environment: [...environment.filter(({ name }) => name !== 'DP_ENV'), { name: 'DEBUG', value: '1' }],
  })),
  container(['container.command', 'container.entryPoint', 'container.secrets'], () => ({
    command: ['sleep', '1000'],
    entryPoint: ['sh'],
    secrets: [{ name: 'TOKEN', valueFrom: 'arn:aws:ssm:eu-north-1:123456789012:parameter/token' }],
  })),
  container('container.log.options.mode', ({ logConfiguration }) => ({
    logConfiguration: {
      logDriver: 'awslogs',
      options: { ...logConfiguration?.options, mode: 'non-blocking' },
    },
  })),
  container('container.log.driver', ({ logConfiguration }) => ({
    logConfiguration: { ...logConfiguration, logDriver: 'json-file' },
  })),
]
