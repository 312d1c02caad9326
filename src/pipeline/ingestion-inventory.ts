import {
  DataSyncClient,
  DescribeTaskCommand,
  paginateListAgents,
  paginateListLocations,
  paginateListTasks,
} from '@aws-sdk/client-datasync'
import type { AwsContext } from '../aws/context.js'
import { unlessMissing } from '../aws/retry.js'
import { TAG } from '../aws/tags.js'
import { tagged } from '../resources/datasync/lookup.js'
import { locationUri } from '../resources/datasync/uri.js'
import type { InventoryItem } from './inventory.js'

/** One entry of the lists of DataSync. */
interface Listed {
  arn: string
  /** Of a task. */
  name?: string
  /** Of a location. */
  uri?: string
}

/** Ids of what is only there for DataSync. The role goes last of all, so while anything is left, it is too. */
const TRACE = /^(ingestion\/|security\/role\/datasync$)/

/**
 * Tasks, locations and agents of this environment as DataSync itself knows them: the tagging API tells of new things only
 * after some time. Its lists show no tags, so those of every entry are read; that is done only where something of
 * the environment says that it has, or had, DataSync.
 * @param items what was found otherwise
 */
export async function ingestionInventory(
  aws: AwsContext,
  items: readonly InventoryItem[],
): Promise<InventoryItem[]> {
  if (!items.some(({ id }) => TRACE.test(id))) return []
  const client = aws.clients.of(DataSyncClient)
  // Who may not look any more cannot remove it either.
  const listed = await unlessMissing(list(aws, client), 'AccessDeniedException', 'AccessDenied')
  if (listed === undefined) return []
  return aws.emulated ? untagged(aws, client, listed) : withTags(aws, client, listed)
}

async function withTags(
  aws: AwsContext,
  client: DataSyncClient,
  listed: readonly Listed[],
): Promise<InventoryItem[]> {
  const found = await Promise.all(
    listed.map(async ({ arn, uri }) => ({ ...(await tagged(client, arn)), uri })),
  )
  return found
    .filter(({ tags }) => aws.owns(tags))
    .map(({ arn, tags, uri }) => ({
      arn,
      id: tags[TAG.id] ?? '',
      tags,
      ...(uri === undefined ? {} : { uri }),
    }))
}

/** moto has no agents and keeps no tags of DataSync: there a task is known by its name, and the locations by what it connects. */
async function untagged(
  aws: AwsContext,
  client: DataSyncClient,
  listed: readonly Listed[],
): Promise<InventoryItem[]> {
  const { names } = aws
  const item = ({ arn, uri }: Listed, id: string, name: string): InventoryItem => ({
    arn,
    id,
    tags: aws.tags(id, name),
    ...(uri === undefined ? {} : { uri }),
  })
  const task = listed.find(({ name }) => name === names.datasync)
  const inbox = locationUri(`s3://${names.bucket('raw')}/inbox`).text
  const destination = listed.find(({ uri }) => uri !== undefined && locationUri(uri).text === inbox)
  const sourceArn =
    task === undefined
      ? undefined
      : (await client.send(new DescribeTaskCommand({ TaskArn: task.arn }))).SourceLocationArn
  const source = listed.find(({ arn }) => arn === sourceArn)
  return [
    ...(task === undefined ? [] : [item(task, 'ingestion/task', names.datasync)]),
    ...(source === undefined ? [] : [item(source, 'ingestion/source/smb', `${names.datasync}-source`)]),
    ...(destination === undefined
      ? []
      : [item(destination, 'ingestion/destination', `${names.datasync}-inbox`)]),
  ]
}

async function list(aws: AwsContext, client: DataSyncClient): Promise<Listed[]> {
  const [tasks, locations, agents] = await Promise.all([
    tasksOf(client),
    locationsOf(client),
    aws.emulated ? [] : agentsOf(client),
  ])
  return [...tasks, ...locations, ...agents]
}

async function tasksOf(client: DataSyncClient): Promise<Listed[]> {
  const found: Listed[] = []
  for await (const page of paginateListTasks({ client }, {})) {
    for (const { Name: name, TaskArn: arn } of page.Tasks ?? [])
      if (arn !== undefined) found.push({ arn, ...(name === undefined ? {} : { name }) })
  }
  return found
}

async function locationsOf(client: DataSyncClient): Promise<Listed[]> {
  const found: Listed[] = []
  for await (const page of paginateListLocations({ client }, {})) {
    for (const { LocationArn: arn, LocationUri: uri = '' } of page.Locations ?? [])
      if (arn !== undefined) found.push({ arn, uri })
  }
  return found
}

async function agentsOf(client: DataSyncClient): Promise<Listed[]> {
  const found: Listed[] = []
  for await (const page of paginateListAgents({ client }, {})) {
    for (const { AgentArn: arn } of page.Agents ?? []) if (arn !== undefined) found.push({ arn })
  }
  return found
}
