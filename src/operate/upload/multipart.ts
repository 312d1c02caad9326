import { open, type FileHandle } from 'node:fs/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { crc32 } from 'node:zlib'
import type { AwsContext } from '../../aws/context.js'
import { UploadClient } from './client.js'
import { encodeCrc32, readExactly, type Fingerprint } from './fingerprint.js'
import { partPlan, type PartPlan } from './parts.js'
import { fileChanged, requireUnchanged, type Source } from './source.js'
import { requireStored } from './stored.js'
import type { ObjectHead } from './target.js'

interface Upload {
  aws: AwsContext
  head: ObjectHead
  source: Source
  content: Fingerprint
  uploadId: string
}

/**
 * Sends a large file in parts, several at a time, through buffers that are used again. Every part and the whole are checked
 * by S3 against the CRC-32 of the pass that computed the hash, so what becomes visible is what was hashed, or nothing.
 * After a failure, a change of the file or an abort the parts are removed.
 * @param onSent called with the bytes of each part that arrived
 * @returns the version id
 * @throws DatapipeError FILE_CHANGED, UPLOAD_CORRUPTED
 */
export async function putLarge(
  aws: AwsContext,
  head: ObjectHead,
  source: Source,
  content: Fingerprint,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<string | null> {
  const client = aws.clients.of(UploadClient)
  const { UploadId: uploadId = '' } = await client.send(
    new CreateMultipartUploadCommand({ ...head, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
    { abortSignal: signal },
  )
  const upload: Upload = { aws, head, source, content, uploadId }
  try {
    const parts = await sendParts(upload, signal, onSent)
    await requireUnchanged(source)
    const done = await client.send(
      new CompleteMultipartUploadCommand({
        ...address(upload),
        MultipartUpload: { Parts: parts },
        ChecksumCRC32: content.crc32,
        ChecksumType: 'FULL_OBJECT',
        MpuObjectSize: source.bytes,
      }),
      { abortSignal: signal },
    )
    if (done.ChecksumType === 'FULL_OBJECT') requireStored(head, content.crc32, done.ChecksumCRC32)
    return done.VersionId ?? null
  } catch (error) {
    // If this fails too, the bucket's lifecycle rule removes the parts after some days.
    await client.send(new AbortMultipartUploadCommand(address(upload))).catch(() => undefined)
    throw error
  }
}

/** A failure stops the other senders; the parts are only abandoned once none is under way any more. */
async function sendParts(
  upload: Upload,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<CompletedPart[]> {
  const plan = partPlan(upload.source.bytes)
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const parts: CompletedPart[] = []
  const file = await open(upload.source.absolutePath, 'r')
  let next = 0
  const sender = async () => {
    const buffer = Buffer.allocUnsafeSlow(plan.partBytes)
    while (next < plan.count && !either.aborted) {
      const index = next++
      const part = await readPart(file, upload, plan, index, buffer)
      parts[index] = await sendPart(upload, index, part, either)
      onSent(part.length)
    }
    either.throwIfAborted()
  }
  let failure: { error: unknown } | undefined
  const guarded = () =>
    sender().catch((error: unknown) => {
      failure ??= { error }
      stop.abort()
    })
  try {
    await Promise.all(Array.from({ length: plan.concurrency }, guarded))
  } finally {
    await file.close()
  }
  if (failure !== undefined) throw failure.error
  return parts
}

async function readPart(
  file: FileHandle,
  { content, source }: Upload,
  plan: PartPlan,
  index: number,
  buffer: Buffer,
): Promise<Buffer> {
  const start = index * plan.partBytes
  const part = buffer.subarray(0, Math.min(plan.partBytes, source.bytes - start))
  await readExactly(file, part, part.length, start, source)
  if (encodeCrc32(crc32(part)) !== content.partCrc32s[index]) throw fileChanged(source)
  return part
}

async function sendPart(
  upload: Upload,
  index: number,
  part: Buffer,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const checksum = upload.content.partCrc32s[index]
  const { ETag } = await upload.aws.clients.of(UploadClient).send(
    new UploadPartCommand({
      ...address(upload),
      PartNumber: index + 1,
      Body: part,
      ContentLength: part.length,
      ChecksumAlgorithm: 'CRC32',
      ChecksumCRC32: checksum,
    }),
    { abortSignal: signal },
  )
  return { PartNumber: index + 1, ETag, ChecksumCRC32: checksum }
}

function address({ head, uploadId }: Upload) {
  const { Bucket, ExpectedBucketOwner, Key } = head
  return { Bucket, ExpectedBucketOwner, Key, UploadId: uploadId }
}
