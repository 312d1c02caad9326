import type { Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, TAG, upperTags, type Tags } from '../../aws/tags.js'
import { DatapipeError } from '../../errors.js'

/** Filters that match everything of one environment. EC2 names are not unique, so tags are the only way to find it (spec §1.3). */
export function environmentFilters(aws: AwsContext): Filter[] {
  return [filter(`tag:${TAG.project}`, aws.project), filter(`tag:${TAG.env}`, aws.env)]
}

export function filter(name: string, ...values: string[]): Filter {
  return { Name: name, Values: values }
}

/** Tags for a create call: what is created without tags and then lost could never be found again. */
export function tagSpecifications(type: ResourceType, tags: Tags): TagSpecification[] {
  return [{ ResourceType: type, Tags: upperTags(tags) }]
}

/**
 * The one that carries this logical id, if any.
 * @throws DatapipeError DUPLICATE_RESOURCE when more than one does: two runs at once, or a crash between a create and its
 *   answer. Nothing tells which one is in use, so none is picked (spec §1.3).
 */
export function singleHit<T extends { Tags?: Tag[] }>(
  found: readonly T[],
  wanted: { id: string; noun: string; physicalId: (item: T) => string | undefined },
): T | undefined {
  const hits = found.filter((item) => fromTagList(item.Tags)[TAG.id] === wanted.id)
  if (hits.length < 2) return hits[0]
  const ids = hits.map((hit) => wanted.physicalId(hit) ?? '(no id)').sort()
  throw new DatapipeError(
    'DUPLICATE_RESOURCE',
    `${wanted.id} should be one ${wanted.noun}, but ${hits.length} carry its tags: ${ids.join(', ')}.`,
    {
      suggestions: [
        'Find out which one is in use, and delete the others or remove their datapipe: tags. Then run the same command again.',
      ],
    },
  )
}

/** A field that AWS always answers, although the SDK types it as optional. */
export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`EC2 answered without ${field}`)
  return value
}
