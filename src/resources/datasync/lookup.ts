import { paginateListTagsForResource, type DataSyncClient } from '@aws-sdk/client-datasync'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, TAG, type Tags } from '../../aws/tags.js'
import { DatapipeError } from '../../errors.js'
import { isGone } from './errors.js'

/** One entry of a list, with what an emulator without tags can be searched by. */
export interface Listed {
  arn: string
  /** The name of a task, the address of a location. */
  label: string
}

export interface Hit {
  arn: string
  tags: Tags
}

export interface Wanted {
  id: string
  /** For the message: `DataSync task`. */
  noun: string
  label: string
  /** What it should carry. */
  tags: Tags
}

/**
 * The one that carries our tags and this logical id. DataSync makes no name unique and its lists show no tags, so the tags
 * of every entry are read (spec §12; 100 tasks per region at most).
 * @throws DatapipeError DUPLICATE_RESOURCE when more than one does: nothing tells which one is in use, so none is picked
 */
export async function findTagged(
  aws: AwsContext,
  client: DataSyncClient,
  listed: readonly Listed[],
  wanted: Wanted,
): Promise<Hit | undefined> {
  const hits = aws.emulated
    ? // moto keeps no tags of DataSync: there the label is all there is.
      listed.filter(({ label }) => label === wanted.label).map(({ arn }) => ({ arn, tags: wanted.tags }))
    : (await Promise.all(listed.map(({ arn }) => tagged(client, arn)))).filter(
        ({ tags }) => aws.owns(tags) && tags[TAG.id] === wanted.id,
      )
  if (hits.length < 2) return hits[0]
  const arns = hits.map(({ arn }) => arn).sort()
  throw new DatapipeError(
    'DUPLICATE_RESOURCE',
    `${wanted.id} should be one ${wanted.noun}, but ${hits.length} carry its tags: ${arns.join(', ')}.`,
    {
      suggestions: [
        'Find out which one is in use, and delete the others or remove their datapipe: tags. Then run the same command again.',
      ],
    },
  )
}

/** The tags of one entry; none when it is gone meanwhile. */
export async function tagged(client: DataSyncClient, arn: string): Promise<Hit> {
  const tags: Tags = {}
  try {
    for await (const page of paginateListTagsForResource({ client }, { ResourceArn: arn }))
      Object.assign(tags, fromTagList(page.Tags))
  } catch (error) {
    // Deleted between the list and this look.
    if (!isGone(error)) throw error
  }
  return { arn, tags }
}
