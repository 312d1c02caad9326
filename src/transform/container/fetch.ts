import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { open, type FileHandle } from 'node:fs/promises'
import pLimit from 'p-limit'

/** One version of an object. */
export interface ObjectVersion {
  bucket: string
  key: string
  /** undefined in a bucket without versions. */
  versionId: string | undefined
  etag: string
  bytes: number
  /** Milliseconds since 1970. */
  lastModified: number
}

const PART = 16 * 1024 * 1024
const CONCURRENCY = 4

/**
 * Copies a version of an object to a file by parallel ranged GETs, each bound to its etag: the bytes are of one version.
 * Memory: at most four parts of 16 MiB.
 */
export async function fetchObject(
  s3: S3Client,
  object: ObjectVersion,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const file = await open(path, 'w')
  const limit = pLimit(CONCURRENCY)
  try {
    const parts = Array.from({ length: Math.ceil(object.bytes / PART) }, (_, index) => index * PART)
    await Promise.all(parts.map((start) => limit(() => fetchPart(s3, object, file, start, signal))))
  } finally {
    limit.clearQueue()
    await file.close()
  }
}

async function fetchPart(
  s3: S3Client,
  object: ObjectVersion,
  file: FileHandle,
  start: number,
  signal?: AbortSignal,
): Promise<void> {
  const end = Math.min(start + PART, object.bytes)
  const response = await s3.send(
    new GetObjectCommand({
      Bucket: object.bucket,
      Key: object.key,
      VersionId: object.versionId,
      IfMatch: object.etag,
      Range: `bytes=${start}-${end - 1}`,
    }),
    { abortSignal: signal },
  )
  const bytes = (await response.Body?.transformToByteArray()) ?? new Uint8Array()
  if (bytes.length !== end - start) {
    throw new Error(`S3 answered ${bytes.length} bytes instead of ${end - start} for ${object.key}`)
  }
  await file.write(bytes, 0, bytes.length, start)
}
