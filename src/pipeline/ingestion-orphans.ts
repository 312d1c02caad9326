import type { AwsContext } from '../aws/context.js'
import type { ResourceOptions } from '../engine/resource.js'
import { DataSyncAgent } from '../resources/datasync/agent.js'
import { LocationNfs } from '../resources/datasync/location-nfs.js'
import { LocationS3 } from '../resources/datasync/location-s3.js'
import { LocationSmb } from '../resources/datasync/location-smb.js'
import { DataSyncTask } from '../resources/datasync/task.js'
import { LogResourcePolicy } from '../resources/logs/resource-policy.js'
import { locationUri } from '../resources/datasync/uri.js'
import type { AwsResource } from '../resources/resource.js'
import type { InventoryItem } from './inventory.js'
import { none, noPolicy, type Builder } from './orphan-builder.js'

export const LOGS_ID = 'ingestion/logs'
export const LOG_POLICY_ID = 'ingestion/log-policy'

/** What is left of the copying from a file server, in the order of deletion. */
export const INGESTION_BUILDERS: readonly Builder[] = [
  [
    'datasync:task',
    (aws, id, name, options) =>
      new DataSyncTask(
        aws,
        id,
        name,
        {
          sourceArn: none,
          destinationArn: none,
          logGroupArn: none,
          include: [],
          exclude: [],
          schedule: undefined,
          verify: 'none',
          bytesPerSecond: undefined,
          report: undefined,
        },
        options,
      ),
  ],
  ['datasync:location', dataSyncLocation],
  [
    'logs:resource-policy',
    (aws, id, name, options) =>
      new LogResourcePolicy(
        aws,
        id,
        name,
        {
          logGroupArn: aws.names.arn('logs', `log-group:${aws.names.logGroup('datasync')}`),
          policy: noPolicy,
        },
        options,
      ),
  ],
  ['datasync:agent', (aws, id, name, options) => new DataSyncAgent(aws, id, name, {}, options)],
]

/** The policy of the log group has no tags. It is looked for where the group is, which goes after it. */
export function policyBesideLogs(aws: AwsContext, items: readonly InventoryItem[]): InventoryItem[] {
  if (!items.some(({ id }) => id === LOGS_ID)) return []
  const name = aws.names.datasync
  const arn = aws.names.arn('logs', `resource-policy/${name}`)
  return [{ arn, id: LOG_POLICY_ID, tags: aws.tags(LOG_POLICY_ID, name) }]
}

/** The ARN of a location does not say its kind; its id does. An emulator without tags knows it by its address only. */
function dataSyncLocation(
  aws: AwsContext,
  id: string,
  name: string,
  options: ResourceOptions,
  { uri = '' }: InventoryItem,
): AwsResource {
  const { host, path } = locationUri(uri)
  const server = { host, path, version: 'AUTOMATIC', agentArns: () => [] } as const
  if (id.endsWith('/nfs')) return new LocationNfs(aws, id, name, server, options)
  if (id.endsWith('/smb')) {
    const secret = { arn: '', roleArn: '' }
    return new LocationSmb(aws, id, name, { ...server, user: '', domain: undefined, secret }, options)
  }
  return new LocationS3(aws, id, name, { bucket: host, path, roleArn: '' }, options)
}
