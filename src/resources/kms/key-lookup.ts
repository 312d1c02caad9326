import {
  DescribeKeyCommand,
  ListResourceTagsCommand,
  paginateListKeys,
  type KeyMetadata,
  type KMSClient,
} from '@aws-sdk/client-kms'
import {
  paginateGetResources,
  type ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api'
import { unlessMissing } from '../../aws/retry.js'
import { fromTagList, TAG, type Tags } from '../../aws/tags.js'
import { DatapipeError } from '../../errors.js'

/** The state of a key in its waiting period: nothing can use it, and it can still be taken back. */
export const PENDING_DELETION = 'PendingDeletion'

/** By the id of a key, an alias or an ARN; undefined when there is none. */
export async function describeKey(kms: KMSClient, keyId: string): Promise<KeyMetadata | undefined> {
  const answer = await unlessMissing(kms.send(new DescribeKeyCommand({ KeyId: keyId })), 'NotFoundException')
  return answer?.KeyMetadata
}

export async function keyTags(kms: KMSClient, keyId: string): Promise<Tags> {
  const answer = await kms.send(new ListResourceTagsCommand({ KeyId: keyId }))
  return fromTagList(answer.Tags)
}

/** Whether the tags are those of this very resource: project, environment and logical id. */
export function carriesTags(tags: Tags, wanted: Tags): boolean {
  return IDENTITY.every((key) => tags[key] === wanted[key])
}

const IDENTITY = [TAG.project, TAG.env, TAG.id]

/** Finds keys by their tags with one call; what was tagged seconds ago may be missing. */
export async function findKeysByIndex(
  kms: KMSClient,
  tagging: ResourceGroupsTaggingAPIClient,
  wanted: Tags,
): Promise<KeyMetadata[]> {
  const arns: string[] = []
  for await (const page of paginateGetResources(
    { client: tagging },
    {
      ResourceTypeFilters: ['kms:key'],
      TagFilters: IDENTITY.map((key) => ({ Key: key, Values: [wanted[key] ?? ''] })),
    },
  )) {
    for (const { ResourceARN: arn } of page.ResourceTagMappingList ?? []) {
      if (arn !== undefined) arns.push(arn)
    }
  }
  // The index may still list a key that is gone.
  const keys = await Promise.all(arns.map((arn) => describeKey(kms, arn)))
  return keys.filter((key) => key !== undefined)
}

/**
 * Finds keys by their tags by looking at every key of the account and region: one call per key, but sure. Keys that we may
 * not look at are not ours.
 */
export async function findKeysByScan(kms: KMSClient, wanted: Tags): Promise<KeyMetadata[]> {
  const found: KeyMetadata[] = []
  for await (const page of paginateListKeys({ client: kms }, { Limit: 1000 })) {
    const keys = await Promise.all(
      (page.Keys ?? []).map(async ({ KeyId: keyId = '' }) => {
        const tags = await unlessMissing(keyTags(kms, keyId), 'NotFoundException', 'AccessDeniedException')
        return carriesTags(tags ?? {}, wanted) ? describeKey(kms, keyId) : undefined
      }),
    )
    found.push(...keys.filter((key) => key !== undefined))
  }
  return found
}

/**
 * The key to use of those that carry our tags: the one that is alive, else the newest of those waiting to be deleted, which
 * is the one that data was last encrypted with.
 *
 * @throws DatapipeError DUPLICATE_RESOURCE when several are alive: picking one would leave data under the other
 */
export function chooseKey(id: string, keys: readonly KeyMetadata[]): KeyMetadata | undefined {
  const alive = keys.filter((key) => key.KeyState !== PENDING_DELETION)
  if (alive.length > 1) {
    throw new DatapipeError(
      'DUPLICATE_RESOURCE',
      `${id} exists ${alive.length} times: ${alive.map((key) => key.Arn).join(', ')}.`,
      {
        suggestions: [
          'Two runs at once made one each. Find out which one encrypts nothing, remove its datapipe:id tag or schedule its deletion, and run this again.',
        ],
      },
    )
  }
  const age = (key: KeyMetadata) => key.CreationDate?.getTime() ?? 0
  return alive[0] ?? [...keys].sort((a, b) => age(b) - age(a))[0]
}
