import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import type { FileHandle } from 'node:fs/promises'
import type { AwsContext } from '../../aws/context.js'
import { DatapipeError } from '../../errors.js'
import { UploadClient } from './client.js'
import { ContentHash, readExactly, sha256Base64, type Content } from './content.js'
import { resendDamaged } from './damaged.js'
import { partLength, partPlan, type PartPlan } from './parts.js'
import { Senders } from './senders.js'
import { openSource, type Source } from './source.js'
import { isOvertaken, lookAt, requireStored, type Condition } from './stored.js'
import type { ObjectHead, Target } from './target.js'
import { requireUnchanged } from './unchanged.js'
import { findUnfinished, fits, giveUp, isPart, type ArrivedPart } from './unfinished.js'

/** What happens to the parts of a file. */
export interface PartEvents {
  /** This many bytes arrived now. */
  onSent: (bytes: number) => void
  /** This many bytes were there already. */
  onKept: (bytes: number) => void
  /** This many bytes stay in S3 for the next run. */
  onLeft: (bytes: number) => void
  onWarning: (message: string) => void
}

export interface LargeFile {
  aws: AwsContext
  target: Target
  head: ObjectHead
  source: Source
  condition: Condition
  signal: AbortSignal
  events: PartEvents
  /** Called before the first part is sent. */
  onBegin: (uploadId: string) => void
  /** Called when the whole file was read: what it holds. */
  onRead: (content: Content) => void
}

interface Upload extends LargeFile {
  uploadId: string
  plan: PartPlan
  arrived: ReadonlyMap<number, ArrivedPart>
  parts: CompletedPart[]
}

export interface PutFile {
  versionId: string | null
  content: Content
}

/**
 * Sends a large file in parts, several at a time, reading it once. Every part is checked by S3 against the SHA-256 computed
 * here, and the whole is put together of exactly these parts or not at all. What arrived in an earlier run that was cut off
 * is compared with the file and not sent again. After a failure the parts stay where they are for the next run, unless the
 * file changed.
 * @throws DatapipeError FILE_CHANGED, FILE_NOT_READABLE, UPLOAD_CORRUPTED
 */
export async function putLarge(file: LargeFile): Promise<PutFile> {
  const { aws, events, head, signal, source } = file
  const plan = partPlan(source.bytes)
  const handle = await openSource(source)
  try {
    const begun = await begin(file, plan, handle)
    file.onBegin(begun.uploadId)
    const parts: CompletedPart[] = []
    const upload: Upload = { ...file, ...begun, plan, parts }
    try {
      const content = await sendParts(upload, handle)
      await requireUnchanged(source, content, signal)
      file.onRead(content)
      return { versionId: await complete(upload, content), content }
    } catch (error) {
      const isChanged = error instanceof DatapipeError && error.code === 'FILE_CHANGED'
      if (isChanged || !begun.resumable) await giveUp(aws, head, begun.uploadId)
      else if (!isOvertaken(error)) {
        events.onLeft(bytesIn(plan, [...begun.arrived.keys(), ...parts.flatMap(numberOf)]))
      }
      throw error
    }
  } finally {
    await handle.close()
  }
}

type Begun = Pick<Upload, 'arrived' | 'uploadId'> & {
  /** false: the next run could not find it. */
  resumable: boolean
}

/** Goes on with an upload that was begun for this content, and removes those that were begun for another. */
async function begin(file: LargeFile, plan: PartPlan, handle: FileHandle): Promise<Begun> {
  const { aws, events, head, signal, source } = file
  const unfinished = await findUnfinished(aws, head, plan, signal)
  if (unfinished === undefined) {
    events.onWarning(
      `Not allowed to look for what was sent of ${source.name} before (s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts): sending all of it.`,
    )
  }
  let chosen: Begun | undefined
  for (const each of unfinished ?? []) {
    if (chosen === undefined && (await fits(each, plan, handle, source))) {
      chosen = { uploadId: each.uploadId, arrived: each.parts, resumable: true }
    } else {
      await giveUp(aws, head, each.uploadId)
    }
  }
  if (chosen !== undefined) return chosen
  const { UploadId: uploadId = '' } = await aws.clients
    .of(UploadClient)
    .send(
      new CreateMultipartUploadCommand({ ...head, ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' }),
      { abortSignal: signal },
    )
  return { uploadId, arrived: new Map(), resumable: unfinished !== undefined }
}

/** One reads, several send: a part is hashed while those before it are under way. */
async function sendParts(upload: Upload, handle: FileHandle): Promise<Content> {
  const { arrived, events, parts, plan, signal, source } = upload
  const content = new ContentHash()
  const buffers = plan.concurrency > 1 ? plan.concurrency + 1 : 1
  const senders = new Senders(buffers, Math.min(plan.partBytes, plan.bytes), signal)
  try {
    for (let index = 0; index < plan.count; index++) {
      const buffer = await senders.take()
      const part = buffer.subarray(0, partLength(plan, index))
      await readExactly(handle, part, index * plan.partBytes, source)
      const sha256 = sha256Base64(part)
      content.update(part)
      content.endPart(sha256)
      const there = arrived.get(index + 1)
      if (isPart(there, part, sha256)) {
        parts[index] = { PartNumber: index + 1, ETag: there.etag, ChecksumSHA256: sha256 }
        events.onKept(part.length)
        senders.free(buffer)
        continue
      }
      senders.start(buffer, async (either) => {
        parts[index] = await sendPart(upload, index, part, sha256, either)
        events.onSent(part.length)
      })
    }
    await senders.finish()
  } finally {
    // The parts are only abandoned once none is under way any more.
    await senders.stop()
  }
  return content.digest()
}

async function sendPart(
  upload: Upload,
  index: number,
  part: Buffer,
  sha256: string,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const { Bucket, Key } = upload.head
  const send = new UploadPartCommand({
    ...address(upload),
    PartNumber: index + 1,
    Body: part,
    ContentLength: part.length,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: sha256,
  })
  const { ChecksumSHA256, ETag } = await resendDamaged(`Part ${index + 1} of s3://${Bucket}/${Key}`, () =>
    upload.aws.clients.of(UploadClient).send(send, { abortSignal: signal }),
  )
  requireStored({ Bucket, Key }, sha256, ChecksumSHA256)
  return { PartNumber: index + 1, ETag, ChecksumSHA256: sha256 }
}

async function complete(upload: Upload, content: Content): Promise<string | null> {
  const { aws, condition, head, parts, signal, source, target } = upload
  const done = await aws.clients.of(UploadClient).send(
    new CompleteMultipartUploadCommand({
      ...address(upload),
      ...condition,
      MultipartUpload: { Parts: parts },
      ChecksumType: 'COMPOSITE',
      MpuObjectSize: source.bytes,
    }),
    { abortSignal: signal },
  )
  const versionId = done.VersionId ?? null
  let checksum = done.ChecksumSHA256
  if (checksum === undefined) {
    const stored = await lookAt(aws, target, signal)
    if (stored.state === 'present' && stored.versionId === versionId) checksum = stored.checksum
  }
  requireStored(head, content.composite ?? '', checksum)
  return versionId
}

function address({ head, uploadId }: Upload) {
  const { Bucket, ExpectedBucketOwner, Key } = head
  return { Bucket, ExpectedBucketOwner, Key, UploadId: uploadId }
}

function bytesIn(plan: PartPlan, numbers: Iterable<number>): number {
  let bytes = 0
  for (const number of new Set(numbers)) bytes += partLength(plan, number - 1)
  return bytes
}

/** Parts that were not sent leave holes. */
function numberOf(part: CompletedPart | undefined): number[] {
  return part?.PartNumber === undefined ? [] : [part.PartNumber]
}
