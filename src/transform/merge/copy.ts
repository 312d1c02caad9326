import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { conditions, losing, type Expected } from '../container/objects.js'

/** Of one CopyObject. */
const SINGLE_COPY = 5 * 1024 ** 3
const PART = 1024 ** 3
const CONCURRENCY = 8

export interface Copy {
  bucket: string
  from: string
  /** A version of `from` that is not the current one. */
  versionId?: string
  to: string
  bytes: number
  /** What stands at `to`; left out: whatever is there. */
  expected?: Expected
}

/**
 * Copies an object within a bucket; its bytes stay in S3.
 * @returns the id of the new version
 * @throws PreconditionLost when something else than `expected` is at `to`
 */
export async function copyObject(s3: S3Client, copy: Copy): Promise<string | undefined> {
  return copy.expected ? losing(copied(s3, copy, conditions(copy.expected))) : copied(s3, copy, {})
}

async function copied(
  s3: S3Client,
  copy: Copy,
  condition: ReturnType<typeof conditions>,
): Promise<string | undefined> {
  const { bucket, bytes, to } = copy
  const CopySource = sourceOf(copy)
  if (bytes <= SINGLE_COPY) {
    const command = new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource, ...condition })
    return (await s3.send(command)).VersionId
  }
  const target = { Bucket: bucket, Key: to }
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target))
  const limit = pLimit(CONCURRENCY)
  try {
    const starts = Array.from({ length: Math.ceil(bytes / PART) }, (_, index) => index * PART)
    const Parts = await Promise.all(
      starts.map((start, index) =>
        limit(async () => {
          const { CopyPartResult } = await s3.send(
            new UploadPartCopyCommand({
              ...target,
              UploadId,
              PartNumber: index + 1,
              CopySource,
              CopySourceRange: `bytes=${start}-${Math.min(start + PART, bytes) - 1}`,
            }),
          )
          return { PartNumber: index + 1, ETag: CopyPartResult?.ETag }
        }),
      ),
    )
    return (
      await s3.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts }, ...condition }),
      )
    ).VersionId
  } catch (error) {
    limit.clearQueue()
    await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined)
    throw error
  }
}

/** The header is URL-encoded, slashes excepted. */
function sourceOf({ bucket, from, versionId }: Copy): string {
  const path = `${bucket}/${from}`.split('/').map(encodeURIComponent).join('/')
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`
}
