import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import pLimit from 'p-limit'
import { hashFile } from '../hash/hash-file.js'
import { conditions, headObject, losing, type Expected } from './objects.js'

const SINGLE_PUT = 32 * 1024 * 1024
const PART = 32 * 1024 * 1024
const CONCURRENCY = 4

/** In bytes. */
export interface UploadSizes {
  /** The largest file that goes in one request. */
  single: number
  /** Of each part of a larger one; S3 takes no smaller ones than 5 MiB. */
  part: number
}

const SIZES: UploadSizes = { single: SINGLE_PUT, part: PART }
/** Metadata that tells whether an object already is what we would write. */
const HASH_METADATA = 'dp-sha256'

export interface Upload {
  bucket: string
  key: string
  path: string
  contentType: string
}

/** A file, and what stands in its place. */
export interface PlannedUpload extends Upload {
  sha256: string
  bytes: number
  expected: Expected
  /** The object already is the file. */
  isUnchanged: boolean
  /** Of the object that stands there. */
  versionId: string | undefined
}

/** Compares a file with the object that it is to become. */
export async function planUpload(s3: S3Client, upload: Upload, signal?: AbortSignal): Promise<PlannedUpload> {
  const { sha256, bytes } = await hashFile(upload.path, signal)
  const head = await headObject(s3, upload.bucket, upload.key)
  const isUnchanged = head?.Metadata?.[HASH_METADATA] === sha256 && head.ContentLength === bytes
  return { ...upload, sha256, bytes, expected: { etag: head?.ETag }, isUnchanged, versionId: head?.VersionId }
}

/**
 * Makes an object be a file. One that already is it is left alone, so that a second run changes nothing.
 * @returns the version of the object, where the bucket has versions
 * @throws PreconditionLost when somebody wrote the object since it was planned
 */
export async function runUpload(
  s3: S3Client,
  upload: PlannedUpload,
  signal?: AbortSignal,
  sizes = SIZES,
): Promise<string | undefined> {
  if (upload.isUnchanged) return upload.versionId
  const { bucket, key, path, contentType, sha256, bytes, expected } = upload
  const target = { Bucket: bucket, Key: key, ContentType: contentType, Metadata: { [HASH_METADATA]: sha256 } }
  if (bytes > sizes.single) {
    return uploadParts(s3, target, { path, bytes, part: sizes.part }, expected, signal)
  }
  const Body = await readFile(path)
  const { VersionId } = await losing(
    s3.send(new PutObjectCommand({ ...target, Body, ...conditions(expected) }), { abortSignal: signal }),
  )
  return VersionId
}

type Target = { Bucket: string; Key: string } & Record<string, unknown>

async function uploadParts(
  s3: S3Client,
  target: Target,
  { bytes, part: partBytes, path }: { path: string; bytes: number; part: number },
  expected: Expected,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { Bucket, Key } = target
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'CRC32' }),
  )
  const file = await open(path)
  const limit = pLimit(CONCURRENCY)
  try {
    const starts = Array.from({ length: Math.ceil(bytes / partBytes) }, (_, index) => index * partBytes)
    const Parts = await Promise.all(
      starts.map((start, index) =>
        limit(async () => {
          const Body = await readPart(file, start, Math.min(partBytes, bytes - start))
          const part = {
            Bucket,
            Key,
            UploadId,
            PartNumber: index + 1,
            Body,
            ChecksumAlgorithm: 'CRC32' as const,
          }
          const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(part), { abortSignal: signal })
          return { PartNumber: index + 1, ETag, ChecksumCRC32 }
        }),
      ),
    )
    const { VersionId } = await losing(
      s3.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts },
          ...conditions(expected),
        }),
      ),
    )
    return VersionId
  } catch (error) {
    limit.clearQueue()
    // Parts that nobody completes are billed; the lifecycle rule of the bucket removes them if this fails too.
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

async function readPart(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, start)
  if (bytesRead !== length) throw new Error(`Read ${bytesRead} bytes instead of ${length}`)
  return buffer
}
