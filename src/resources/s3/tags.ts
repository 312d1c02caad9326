import { GetBucketTaggingCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3'
import { unlessMissing } from '../../aws/retry.js'
import { diffTags, fromTagList, upperTags, type Tags } from '../../aws/tags.js'
import type { Operation } from '../../engine/operation.js'
import { settle, type BucketTarget } from './aspects/aspect.js'

export async function readTags({ at, s3 }: BucketTarget): Promise<Tags> {
  const answer = await unlessMissing(s3.send(new GetBucketTaggingCommand(at)), 'NoSuchTagSet')
  return fromTagList(answer?.TagSet)
}

/** Looks which tags are missing or differ and puts them; S3 replaces the whole set, so those of others are put back. */
export async function ensureTags(target: BucketTarget, wanted: Tags, op: Operation): Promise<void> {
  const present = await settle(() => readTags(target), op)
  if (diffTags(present, wanted).length === 0) return
  const merged = { ...present, ...wanted }
  await settle(
    () =>
      target.s3.send(new PutBucketTaggingCommand({ ...target.at, Tagging: { TagSet: upperTags(merged) } })),
    op,
  )
}
