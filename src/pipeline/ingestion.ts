import type { AwsContext } from '../aws/context.js'
import type { Datasync, DatasyncLocation } from '../config/datasync.js'
import type { Environment } from '../config/schema.js'
import { UsageError } from '../errors.js'
import { DataSyncAgent } from '../resources/datasync/agent.js'
import { LocationNfs } from '../resources/datasync/location-nfs.js'
import { LocationS3 } from '../resources/datasync/location-s3.js'
import { LocationSmb } from '../resources/datasync/location-smb.js'
import { DataSyncTask } from '../resources/datasync/task.js'
import { Role } from '../resources/iam/role.js'
import { LogGroup } from '../resources/logs/log-group.js'
import { LogResourcePolicy } from '../resources/logs/resource-policy.js'
import type { AwsResource } from '../resources/resource.js'
import { LOG_POLICY_ID, LOGS_ID } from './ingestion-orphans.js'
import { datasyncLogPolicy, datasyncRolePolicy, datasyncTrust, REPORT_PREFIX } from './policies/datasync.js'
import type { Security } from './security.js'
import type { Storage } from './storage.js'

export const AGENT_ID = 'ingestion/agent'

/** What copies files from a file server to the inbox. */
export interface Ingestion {
  /** undefined on an emulator, which has no agents. */
  agent: DataSyncAgent | undefined
  /** undefined with NFS on an emulator, which has S3 and SMB only. */
  source: LocationNfs | LocationSmb | undefined
  destination: LocationS3
  task: DataSyncTask | undefined
  resources: AwsResource[]
}

/** undefined where `datasync` is not configured: then nothing of it exists. */
export function ingestion(
  aws: AwsContext,
  environment: Environment,
  { security: { key }, storage: { artifacts, raw } }: { security: Security; storage: Storage },
): Ingestion | undefined {
  const settings = environment.datasync
  if (settings === undefined) return undefined
  const { names } = aws
  const logGroup = new LogGroup(
    aws,
    LOGS_ID,
    names.logGroup('datasync'),
    { retentionDays: environment.compute.logRetentionDays, keyArn: () => key.attributes.arn },
    { dependsOn: [key] },
  )
  const logGroupArn = names.arn('logs', `log-group:${logGroup.name}`)
  const logPolicy = new LogResourcePolicy(
    aws,
    LOG_POLICY_ID,
    names.datasync,
    { logGroupArn, policy: () => datasyncLogPolicy(names) },
    { within: [logGroup] },
  )
  const { report, secretArn, secretKeyArn } = { ...settings, ...settings.location }
  const role = new Role(
    aws,
    'security/role/datasync',
    names.role('datasync'),
    {
      description: `datapipe ${environment.name}: copies files into the inbox`,
      permissionsBoundary: environment.permissionsBoundary,
      trust: () => datasyncTrust(names),
      policy: () =>
        datasyncRolePolicy(names, {
          keyArn: key.attributes.arn,
          report,
          ...(secretArn === undefined ? {} : { secret: { arn: secretArn, keyArn: secretKeyArn } }),
        }),
    },
    { dependsOn: [key] },
  )
  const destination = new LocationS3(
    aws,
    'ingestion/destination',
    `${names.datasync}-inbox`,
    { bucket: names.bucket('raw'), path: '/inbox', roleArn: names.roleArn('datasync') },
    { dependsOn: [role, raw] },
  )
  const shared = [role, logGroup, logPolicy]
  const agent = aws.emulated ? undefined : new DataSyncAgent(aws, AGENT_ID, names.datasync, agentOf(settings))
  const source = sourceLocation(aws, settings.location, agent, role)
  if (source === undefined) {
    return { agent, source, destination, task: undefined, resources: [...shared, destination] }
  }
  const task = new DataSyncTask(
    aws,
    'ingestion/task',
    names.datasync,
    {
      sourceArn: () => source.attributes.arn,
      destinationArn: () => destination.attributes.arn,
      logGroupArn: () => logGroupArn,
      include: settings.include,
      exclude: settings.exclude,
      schedule: settings.schedule,
      verify: settings.verify,
      bytesPerSecond: settings.bytesPerSecond,
      report: report
        ? { bucketArn: names.bucketArn('artifacts'), path: REPORT_PREFIX, roleArn: names.roleArn('datasync') }
        : undefined,
    },
    { within: [source, destination], dependsOn: [...shared, artifacts] },
  )
  const agents = agent === undefined ? [] : [agent]
  return { agent, source, destination, task, resources: [...shared, ...agents, source, destination, task] }
}

function agentOf({ agent: arn }: Datasync): { arn?: string } {
  return arn === undefined ? {} : { arn }
}

/**
 * The kind of server is part of the id: another kind is another location, which is made before the old one goes.
 * @throws UsageError CONFIG_INVALID
 */
function sourceLocation(
  aws: AwsContext,
  location: DatasyncLocation,
  agent: DataSyncAgent | undefined,
  role: Role,
): LocationNfs | LocationSmb | undefined {
  const name = `${aws.names.datasync}-source`
  // An emulator takes any agent for one.
  const agentArns = () => [
    agent?.attributes.arn ?? aws.names.arn('datasync', 'agent/agent-00000000000000000'),
  ]
  const dependsOn = agent === undefined ? [role] : [agent, role]
  const { host, path } = location
  const version = location.mountOptions?.version ?? 'AUTOMATIC'
  if (location.type === 'nfs') {
    if (aws.emulated) return undefined
    const properties = { host, path, version: versionOf('nfs', version), agentArns }
    return new LocationNfs(aws, 'ingestion/source/nfs', name, properties, { dependsOn })
  }
  const { domain, secretArn, user } = location
  if (user === undefined || secretArn === undefined) {
    throw new UsageError('CONFIG_INVALID', '`datasync.location` of type smb needs `user` and `secretArn`.')
  }
  const secret = { arn: secretArn, roleArn: aws.names.roleArn('datasync') }
  const properties = { host, path, user, domain, secret, version: versionOf('smb', version), agentArns }
  return new LocationSmb(aws, 'ingestion/source/smb', name, properties, { dependsOn })
}

type Version = NonNullable<DatasyncLocation['mountOptions']>['version']
type VersionOf<T extends 'NFS' | 'SMB'> = Extract<Version, 'AUTOMATIC' | `${T}${string}`>

function versionOf(type: 'nfs', version: Version): VersionOf<'NFS'>
function versionOf(type: 'smb', version: Version): VersionOf<'SMB'>
function versionOf(type: 'nfs' | 'smb', version: Version): Version {
  if (version === 'AUTOMATIC' || version.toLowerCase().startsWith(type)) return version
  throw new UsageError('CONFIG_INVALID', `${version} is no version of ${type.toUpperCase()}.`)
}
