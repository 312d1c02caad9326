import type {
  ContainerDefinition,
  RegisterTaskDefinitionCommandInput,
  TaskDefinition,
} from '@aws-sdk/client-ecs'

/** The name of the one container, which overrides refer to. */
export const CONTAINER = 'transform'

/** Fargate gives 20 GiB to every task and refuses to be asked for exactly that: what can be set begins at 21 (spec §8.2). */
const INCLUDED_GIB = 20

export interface ResolvedTaskProperties {
  family: string
  region: string
  cpu: number
  memory: number
  ephemeralGiB: number
  architecture: 'arm64' | 'x86_64'
  image: string
  environment: Record<string, string>
  executionRoleArn: string
  taskRoleArn: string
  logGroup: string
}

/** What is registered (spec §8.2). The container has no size of its own, so that an override of the task's size scales it. */
export function registration(wanted: ResolvedTaskProperties): RegisterTaskDefinitionCommandInput {
  return {
    family: wanted.family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(wanted.cpu),
    memory: String(wanted.memory),
    executionRoleArn: wanted.executionRoleArn,
    taskRoleArn: wanted.taskRoleArn,
    runtimePlatform: { cpuArchitecture: cpuArchitecture(wanted), operatingSystemFamily: 'LINUX' },
    ...(wanted.ephemeralGiB > INCLUDED_GIB ? { ephemeralStorage: { sizeInGiB: wanted.ephemeralGiB } } : {}),
    volumes: [{ name: 'tmp' }],
    containerDefinitions: [
      {
        name: CONTAINER,
        image: wanted.image,
        essential: true,
        user: '10001:10001',
        readonlyRootFilesystem: true,
        privileged: false,
        mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp' }],
        linuxParameters: { initProcessEnabled: true },
        stopTimeout: 120,
        environment: Object.entries(wanted.environment).map(([name, value]) => ({ name, value })),
        logConfiguration: { logDriver: 'awslogs', options: logOptions(wanted) },
      },
    ],
  }
}

/** A revision as a property tree; what AWS adds by itself (`compatibilities`, empty lists) is left out. */
export function observedProperties(definition: TaskDefinition): Record<string, unknown> {
  const containers = definition.containerDefinitions ?? []
  const container = containers.find((candidate) => candidate.name === CONTAINER)
  return {
    status: definition.status,
    cpu: definition.cpu,
    memory: definition.memory,
    ephemeralGiB: definition.ephemeralStorage?.sizeInGiB ?? INCLUDED_GIB,
    networkMode: definition.networkMode,
    requiresCompatibilities: definition.requiresCompatibilities,
    executionRoleArn: definition.executionRoleArn,
    taskRoleArn: definition.taskRoleArn,
    runtimePlatform: definition.runtimePlatform,
    volumes: (definition.volumes ?? []).map((volume) => volume.name),
    containers: containers.map((container) => container.name),
    container: container === undefined ? undefined : observedContainer(container),
  }
}

/** The same tree as it should be, given what was seen. */
export function desiredProperties(
  wanted: ResolvedTaskProperties,
  observed: Record<string, unknown>,
): Record<string, unknown> {
  const seen = (observed.container ?? {}) as Partial<ReturnType<typeof observedContainer>>
  return {
    cpu: String(wanted.cpu),
    memory: String(wanted.memory),
    ephemeralGiB: Math.max(wanted.ephemeralGiB, INCLUDED_GIB),
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    executionRoleArn: wanted.executionRoleArn,
    taskRoleArn: wanted.taskRoleArn,
    runtimePlatform: { cpuArchitecture: cpuArchitecture(wanted), operatingSystemFamily: 'LINUX' },
    volumes: ['tmp'],
    containers: [CONTAINER],
    container: {
      image: wanted.image,
      essential: true,
      user: '10001:10001',
      readonlyRootFilesystem: true,
      privileged: false,
      initProcessEnabled: true,
      stopTimeout: 120,
      mounts: ['tmp:/tmp'],
      environment: { ...unwanted(seen.environment), ...wanted.environment },
      command: null,
      entryPoint: null,
      secrets: null,
      log: { driver: 'awslogs', options: { ...unwanted(seen.log?.options), ...logOptions(wanted) } },
    },
  }
}

function observedContainer(container: ContainerDefinition) {
  return {
    image: container.image,
    essential: container.essential,
    user: container.user,
    readonlyRootFilesystem: container.readonlyRootFilesystem,
    privileged: container.privileged ?? false,
    initProcessEnabled: container.linuxParameters?.initProcessEnabled,
    stopTimeout: container.stopTimeout,
    mounts: (container.mountPoints ?? [])
      .map((mount) => `${mount.sourceVolume ?? ''}:${mount.containerPath ?? ''}`)
      .sort(),
    // AWS answers in an order of its own: by name, order means nothing.
    environment: Object.fromEntries(
      (container.environment ?? []).map((variable) => [variable.name ?? '', variable.value]),
    ),
    command: unlessEmpty(container.command),
    entryPoint: unlessEmpty(container.entryPoint),
    secrets: unlessEmpty(container.secrets?.map((secret) => secret.name ?? '')),
    log: {
      driver: container.logConfiguration?.logDriver,
      options: container.logConfiguration?.options,
    },
  }
}

/** null for each name: a variable that is set but not wanted would go unseen otherwise. */
function unwanted(seen: Record<string, unknown> | undefined): Record<string, null> {
  return Object.fromEntries(Object.keys(seen ?? {}).map((name) => [name, null]))
}

function unlessEmpty(list: string[] | undefined): string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

function cpuArchitecture(wanted: ResolvedTaskProperties): 'ARM64' | 'X86_64' {
  return wanted.architecture === 'arm64' ? 'ARM64' : 'X86_64'
}

/** The default mode drops lines when CloudWatch is slow; a batch job would rather wait (spec §8.2). */
function logOptions(wanted: ResolvedTaskProperties): Record<string, string> {
  return {
    'awslogs-group': wanted.logGroup,
    'awslogs-region': wanted.region,
    'awslogs-stream-prefix': CONTAINER,
    mode: 'blocking',
  }
}
