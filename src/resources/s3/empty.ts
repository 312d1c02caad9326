import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListMultipartUploadsCommandOutput,
  type ListObjectVersionsCommandOutput,
  type ObjectIdentifier,
} from '@aws-sdk/client-s3'
import { unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { DatapipeError, InterruptedError } from '../../errors.js'
import type { BucketTarget } from './aspects/aspect.js'

/** Pages of 1,000 versions that are deleted at once; S3 lists them one after the other. */
const PAGES_AT_ONCE = 4
const SAY_EVERY_VERSIONS = 10_000
/** Per-object errors that pass by themselves; what they left behind is found by the next look. */
const TRANSIENT = new Set([
  'InternalError',
  'SlowDown',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
])

export interface Selection {
  /** Of this key alone; of every key when left out. */
  key?: string
}

/**
 * Deletes every version and every delete marker, any number of them (spec §5.3).
 *
 * @returns how many were deleted; more may have come meanwhile, or been refused for a moment
 * @throws DatapipeError OBJECTS_NOT_DELETED when S3 refuses to delete some for good; InterruptedError
 */
export async function deleteVersions(
  target: BucketTarget,
  op: Operation,
  { key }: Selection = {},
): Promise<number> {
  let deleted = 0
  let pages: ObjectIdentifier[][] = []
  const deletePages = async () => {
    const counts = await Promise.all(pages.map((objects) => deleteObjects(target, objects)))
    pages = []
    const before = deleted
    for (const count of counts) deleted += count
    if (Math.floor(before / SAY_EVERY_VERSIONS) < Math.floor(deleted / SAY_EVERY_VERSIONS)) {
      op.waiting(`emptying ${target.at.Bucket}: ${deleted.toLocaleString('en-US')} object versions deleted`)
    }
  }
  for await (const page of versionPages(target, op, key)) {
    // The search is by prefix.
    const wanted = page.filter((version) => key === undefined || version.Key === key)
    if (wanted.length > 0) pages.push(wanted)
    if (pages.length === PAGES_AT_ONCE) await deletePages()
  }
  await deletePages()
  return deleted
}

/** Aborts the uploads that were cut off: their parts are billed, are in no list, and keep a bucket from being deleted. */
export async function abortUploads({ at, s3 }: BucketTarget, op: Operation): Promise<void> {
  let page: ListMultipartUploadsCommandOutput | undefined
  do {
    if (op.signal.aborted) throw new InterruptedError()
    page = await unlessMissing<ListMultipartUploadsCommandOutput>(
      s3.send(
        new ListMultipartUploadsCommand({
          ...at,
          KeyMarker: page?.NextKeyMarker,
          UploadIdMarker: page?.NextUploadIdMarker,
        }),
      ),
      'NoSuchBucket',
    )
    for (const { Key, UploadId } of page?.Uploads ?? []) {
      await unlessMissing(
        s3.send(new AbortMultipartUploadCommand({ ...at, Key, UploadId })),
        'NoSuchUpload',
        'NoSuchBucket',
      )
    }
  } while (page?.IsTruncated === true)
}

async function* versionPages(
  { at, s3 }: BucketTarget,
  op: Operation,
  prefix: string | undefined,
): AsyncGenerator<ObjectIdentifier[]> {
  let page: ListObjectVersionsCommandOutput | undefined
  do {
    if (op.signal.aborted) throw new InterruptedError()
    page = await unlessMissing<ListObjectVersionsCommandOutput>(
      s3.send(
        new ListObjectVersionsCommand({
          ...at,
          Prefix: prefix,
          KeyMarker: page?.NextKeyMarker,
          VersionIdMarker: page?.NextVersionIdMarker,
        }),
      ),
      'NoSuchBucket',
    )
    yield [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }))
  } while (page?.IsTruncated === true)
}

/** @returns how many of them are gone */
async function deleteObjects({ at, s3 }: BucketTarget, objects: ObjectIdentifier[]): Promise<number> {
  const answer = await s3.send(new DeleteObjectsCommand({ ...at, Delete: { Objects: objects, Quiet: true } }))
  // The call succeeds even when every single deletion failed.
  const errors = answer.Errors ?? []
  const refused = errors.filter((error) => !TRANSIENT.has(error.Code ?? ''))
  const [first] = refused
  if (first !== undefined) {
    throw new DatapipeError(
      'OBJECTS_NOT_DELETED',
      `S3 refused to delete ${refused.length} object versions of ${at.Bucket}, for example ${first.Key}: ` +
        `${first.Code} (${first.Message})`,
      {
        suggestions: [
          'Look for an Object Lock, a legal hold, MFA delete or a policy that denies s3:DeleteObjectVersion.',
        ],
      },
    )
  }
  return objects.length - errors.length
}
