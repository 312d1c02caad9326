import type { CreateProjectInput, EnvironmentVariable, Project } from '@aws-sdk/client-codebuild'

export type Architecture = 'arm64' | 'x86_64'

export interface ResolvedProjectProperties {
  name: string
  description: string
  architecture: Architecture
  serviceRoleArn: string
  keyArn: string
  /** `<bucket>/<key>`, without a scheme. */
  sourceLocation: string
  buildspec: string
  repositoryUri: string
  logGroup: string
}

type Settings = Omit<CreateProjectInput, 'name' | 'tags'>

/** Minutes: a build takes 2 to 6 (spec §1.10); one that hangs is billed until it is stopped. */
export const BUILD_MINUTES = 30
export const QUEUE_MINUTES = 60

/** The builder must have the architecture of the tasks, or they die with `exec format error` (spec §7.2). */
const BUILDERS = {
  arm64: { type: 'ARM_CONTAINER', image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0' },
  x86_64: { type: 'LINUX_CONTAINER', image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0' },
} as const

const PLATFORMS: Record<Architecture, string> = { arm64: 'linux/arm64', x86_64: 'linux/amd64' }

/** Everything of a project but its name and tags, as it is created (spec §7.2). */
export function projectSettings(wanted: ResolvedProjectProperties): Settings {
  return {
    description: wanted.description,
    serviceRole: wanted.serviceRoleArn,
    encryptionKey: wanted.keyArn,
    timeoutInMinutes: BUILD_MINUTES,
    queuedTimeoutInMinutes: QUEUE_MINUTES,
    concurrentBuildLimit: 1,
    source: { type: 'S3', location: wanted.sourceLocation, buildspec: wanted.buildspec },
    artifacts: { type: 'NO_ARTIFACTS' },
    environment: {
      ...BUILDERS[wanted.architecture],
      computeType: 'BUILD_GENERAL1_SMALL',
      // Docker in a build needs it (spec §7.2).
      privilegedMode: true,
      imagePullCredentialsType: 'CODEBUILD',
      environmentVariables: [
        { name: 'PLATFORM', value: PLATFORMS[wanted.architecture], type: 'PLAINTEXT' },
        { name: 'REPOSITORY_URI', value: wanted.repositoryUri, type: 'PLAINTEXT' },
      ],
    },
    logsConfig: {
      cloudWatchLogs: { status: 'ENABLED', groupName: wanted.logGroup },
      s3Logs: { status: 'DISABLED' },
    },
  }
}

/** The parts of a project that `UpdateProject` takes as a whole. */
export const PARTS = [
  'description',
  'serviceRole',
  'encryptionKey',
  'timeoutInMinutes',
  'queuedTimeoutInMinutes',
  'concurrentBuildLimit',
  'source',
  'artifacts',
  'environment',
  'logsConfig',
] as const satisfies (keyof Settings)[]

/** A project as a property tree; what AWS adds by itself is left out. */
export function projectTree(project: Project | Settings): Record<string, unknown> {
  const { artifacts, environment, logsConfig, source } = project
  return {
    description: project.description ?? '',
    serviceRole: project.serviceRole,
    encryptionKey: project.encryptionKey,
    timeoutInMinutes: project.timeoutInMinutes,
    queuedTimeoutInMinutes: project.queuedTimeoutInMinutes,
    concurrentBuildLimit: project.concurrentBuildLimit,
    source: { type: source?.type, location: source?.location, buildspec: source?.buildspec },
    artifacts: { type: artifacts?.type },
    environment: {
      type: environment?.type,
      image: environment?.image,
      computeType: environment?.computeType,
      privilegedMode: environment?.privilegedMode,
      imagePullCredentialsType: environment?.imagePullCredentialsType,
      environmentVariables: byName(environment?.environmentVariables),
    },
    logsConfig: {
      cloudWatchLogs: {
        status: logsConfig?.cloudWatchLogs?.status,
        groupName: logsConfig?.cloudWatchLogs?.groupName,
      },
      s3Logs: { status: logsConfig?.s3Logs?.status ?? 'DISABLED' },
    },
  }
}

/** As a whole and in one order: a variable that nobody wants is a difference too. */
function byName(variables: EnvironmentVariable[] | undefined): object[] {
  return (variables ?? [])
    .map(({ name = '', type = 'PLAINTEXT', value = '' }) => ({ name, value, type }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
