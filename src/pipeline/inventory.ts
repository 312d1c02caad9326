import { IAMClient, ListRoleTagsCommand, paginateListRoles } from '@aws-sdk/client-iam'
import {
  paginateGetResources,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api'
import {
  ListTagsForResourceCommand,
  paginateListScheduleGroups,
  SchedulerClient,
} from '@aws-sdk/client-scheduler'
import type { AwsContext } from '../aws/context.js'
import { shortRegion } from '../aws/names.js'
import { unlessMissing } from '../aws/retry.js'
import { fromTagList, TAG, type Tags } from '../aws/tags.js'
import { accountWide } from './account-wide.js'
import { namedQueriesOf } from './catalog.js'
import { ingestionInventory } from './ingestion-inventory.js'
import { networkInventory } from './network/inventory.js'
import { sparkScripts } from './spark-scripts.js'

/** Something on AWS that carries the tags of an environment. */
export interface InventoryItem {
  arn: string
  /** Logical id from its tags. */
  id: string
  tags: Tags
  /** Where a DataSync location is: `smb://host/share`. */
  uri?: string
  /** When an object was put, in milliseconds. */
  modified?: number
}

/**
 * Everything that carries the tags of this environment, whether the configuration knows it or not. The tagging API lags
 * behind deletions and does not know IAM roles (spec §1.3): roles are listed by their names, and what is found must be
 * looked at before it is believed. What of the network is billed by the hour is asked for at EC2 itself, and
 * schedules at their own service: one that nobody knows of would go on starting things. Named queries have no tags at all.
 */
export async function inventory(aws: AwsContext): Promise<InventoryItem[]> {
  const [tagged, roles, network, schedules, queries] = await Promise.all([
    taggedResources(aws),
    rolesOf(aws),
    networkInventory(aws),
    scheduleGroupsOf(aws),
    namedQueriesOf(aws),
  ])
  const first = [...tagged, ...roles, ...network, ...schedules, ...queries]
  const beside = await Promise.all([
    accountWide(aws, tagged),
    ingestionInventory(aws, first),
    sparkScripts(aws, first),
  ])
  const byArn = new Map([...first, ...beside.flat()].map((item) => [item.arn, item]))
  return [...byArn.values()].sort((a, b) => (a.arn < b.arn ? -1 : 1))
}

async function taggedResources(aws: AwsContext): Promise<InventoryItem[]> {
  const items: InventoryItem[] = []
  const pages = paginateGetResources(
    { client: aws.clients.of(ResourceGroupsTaggingAPIClient), pageSize: 100 },
    {
      TagFilters: [
        { Key: TAG.project, Values: [aws.project] },
        { Key: TAG.env, Values: [aws.env] },
      ],
    },
  )
  for await (const page of pages) {
    for (const found of page.ResourceTagMappingList ?? []) {
      const tags = fromTagList(found.Tags)
      if (found.ResourceARN !== undefined && aws.owns(tags))
        items.push({ arn: found.ResourceARN, id: tags[TAG.id] ?? '', tags })
    }
  }
  return items
}

async function rolesOf(aws: AwsContext): Promise<InventoryItem[]> {
  const iam = aws.clients.of(IAMClient)
  const { stem } = aws.names
  const ending = `-${shortRegion(aws.region)}`
  const items: InventoryItem[] = []
  for await (const page of paginateListRoles({ client: iam, pageSize: 1000 }, {})) {
    for (const role of page.Roles ?? []) {
      // Those of other regions, where the environment may exist too, are none of our business.
      if (role.RoleName?.startsWith(`${stem}-`) !== true || !role.RoleName.endsWith(ending)) continue
      // Gone between the list and this look: not there any more.
      const answer = await unlessMissing(
        iam.send(new ListRoleTagsCommand({ RoleName: role.RoleName })),
        'NoSuchEntityException',
      )
      const tags = fromTagList(answer?.Tags)
      if (aws.owns(tags)) items.push({ arn: role.Arn ?? '', id: tags[TAG.id] ?? '', tags })
    }
  }
  return items
}

async function scheduleGroupsOf(aws: AwsContext): Promise<InventoryItem[]> {
  const scheduler = aws.clients.of(SchedulerClient)
  const items: InventoryItem[] = []
  for await (const page of paginateListScheduleGroups(
    { client: scheduler },
    { NamePrefix: aws.names.stem },
  )) {
    for (const { Arn: arn } of page.ScheduleGroups ?? []) {
      if (arn === undefined) continue
      const answer = await unlessMissing(
        scheduler.send(new ListTagsForResourceCommand({ ResourceArn: arn })),
        'ResourceNotFoundException',
      )
      const tags = fromTagList(answer?.Tags)
      if (aws.owns(tags)) items.push({ arn, id: tags[TAG.id] ?? '', tags })
    }
  }
  return items
}
