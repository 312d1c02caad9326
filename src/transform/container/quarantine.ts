import {
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  PutObjectTaggingCommand,
  type S3Client,
  type Tag,
} from '@aws-sdk/client-s3'
import type { ObjectVersion } from './fetch.js'
import { errorDetails, type Log } from './log.js'

/** On a version of a raw object: nothing loads it by itself. The value is the run that said so. */
export const QUARANTINE_TAG = 'datapipe:quarantine'

/**
 * Tags a version that had too many bad rows; its other tags stay. Never throws: the run record keeps the version from being
 * loaded again, and the tag is what S3, lifecycle rules and people see of it.
 * @returns whether the tag is there
 */
export async function quarantine(
  s3: S3Client,
  source: ObjectVersion,
  runId: string,
  log: Log,
): Promise<boolean> {
  const mine = { Key: QUARANTINE_TAG, Value: runId }
  return retag(s3, source, (tags) => [...tags.filter(isOther), mine], log)
}

/** Takes the tag of an earlier run away from a version that is published now. Never throws, as `quarantine`. */
export async function release(s3: S3Client, source: ObjectVersion, log: Log): Promise<void> {
  await retag(s3, source, (tags) => (tags.every(isOther) ? undefined : tags.filter(isOther)), log)
}

function isOther({ Key }: Tag): boolean {
  return Key !== QUARANTINE_TAG
}

/** @param change undefined: nothing is to change */
async function retag(
  s3: S3Client,
  { bucket, key, versionId }: ObjectVersion,
  change: (tags: Tag[]) => Tag[] | undefined,
  log: Log,
): Promise<boolean> {
  // Without versions a tag would outlive the content that it is about.
  if (versionId === undefined) return false
  const version = { Bucket: bucket, Key: key, VersionId: versionId }
  try {
    const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(version))
    const changed = change(TagSet)
    if (changed !== undefined) {
      // An empty set is no set that can be put.
      await (changed.length === 0
        ? s3.send(new DeleteObjectTaggingCommand(version))
        : s3.send(new PutObjectTaggingCommand({ ...version, Tagging: { TagSet: changed } })))
    }
    return true
  } catch (error) {
    // Ten tags of its own, a version that is deleted by now, a role that may not.
    log('quarantine_tag_failed', errorDetails(error))
    return false
  }
}
