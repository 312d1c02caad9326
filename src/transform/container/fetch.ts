import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { open, type FileHandle } from 'node:fs/promises'
import pLimit from 'p-limit'
import { DatapipeError } from '../../errors.js'
import { writingTo } from '../../full-disk.js'
import { DataError } from '../errors.js'
import { PreconditionLost, statusOf } from './objects.js'

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
 * Memory: at most four parts.
 * @param partBytes of one GET
 * @throws PreconditionLost when it was overwritten or deleted meanwhile
 */
export async function fetchObject(
  s3: S3Client,
  object: ObjectVersion,
  path: string,
  signal?: AbortSignal,
  partBytes = PART,
): Promise<void> {
  const file = await open(path, 'w')
  const limit = pLimit(CONCURRENCY)
  try {
    const parts = Array.from({ length: Math.ceil(object.bytes / partBytes) }, (_, index) => index * partBytes)
    const ends = parts.map((start) => Math.min(start + partBytes, object.bytes))
    const fetching = parts.map((start, index) =>
      limit(() => fetchPart(s3, object, file, [start, ends[index] ?? start], signal)),
    )
    await writingTo(path, () => Promise.all(fetching), object.bytes)
  } finally {
    limit.clearQueue()
    await file.close()
  }
}

async function fetchPart(
  s3: S3Client,
  object: ObjectVersion,
  file: FileHandle,
  [start, end]: [number, number],
  signal?: AbortSignal,
): Promise<void> {
  const response = await unchanged(
    object,
    s3.send(
      new GetObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        VersionId: object.versionId,
        IfMatch: object.etag,
        Range: `bytes=${start}-${end - 1}`,
      }),
      { abortSignal: signal },
    ),
  )
  const bytes = (await response.Body?.transformToByteArray()) ?? new Uint8Array()
  if (bytes.length !== end - start) {
    throw new Error(`S3 answered ${bytes.length} bytes instead of ${end - start} for ${object.key}`)
  }
  // A disk that is about to be full takes a part of it, and only refuses the next one.
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, start + written)).bytesWritten
  }
}

/** Turns the answers for an object that is another one or gone by now into one error. */
async function unchanged<T>({ key }: ObjectVersion, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    // 405: a delete marker.
    if (![404, 405, 412].includes(statusOf(error) ?? 0)) throw error
    throw new PreconditionLost(`${key} is not what it was`, { cause: error })
  }
}

/**
 * As `fetchObject`, for the file of a run.
 * @throws DataError SOURCE_NOT_FOUND when the version was deleted meanwhile; DatapipeError SOURCE_CHANGED when the object was
 * overwritten where there are no versions, so that another try may succeed
 */
export async function fetchSource(
  s3: S3Client,
  object: ObjectVersion,
  path: string,
  signal?: AbortSignal,
  partBytes = PART,
): Promise<void> {
  try {
    await fetchObject(s3, object, path, signal, partBytes)
  } catch (error) {
    if (!(error instanceof PreconditionLost)) throw error
    const { bucket, key, versionId } = object
    if (versionId === undefined) {
      throw new DatapipeError(
        'SOURCE_CHANGED',
        `s3://${bucket}/${key} was overwritten or deleted while it was read; nothing was published.`,
        { cause: error, suggestions: ['Run it again: then it is read as it is now.'] },
      )
    }
    throw new DataError(
      'SOURCE_NOT_FOUND',
      `s3://${bucket}/${key} version ${versionId} was deleted while it was read; nothing was published.`,
      { cause: error, suggestions: ['Upload it again.'] },
    )
  }
}
