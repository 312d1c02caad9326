import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type ListMultipartUploadsCommandOutput,
  type ListPartsCommandOutput,
  type MultipartUpload,
} from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { UploadClient } from './client.js'
import { hashRange } from './content.js'
import { partLength, type PartPlan } from './parts.js'
import type { Source } from './source.js'
import type { ObjectHead } from './target.js'

/** A part that arrived in an earlier run. */
export interface ArrivedPart {
  bytes: number
  etag: string
  /** Base64 SHA-256, as S3 computed it. Some that answer for S3 do not tell; their etag is the MD5 then. */
  sha256: string | undefined
}

/** An upload in parts that was begun and neither completed nor given up. */
export interface Unfinished {
  uploadId: string
  /** By their numbers, from 1. */
  parts: ReadonlyMap<number, ArrivedPart>
}

/**
 * The unfinished uploads to a key that this program began, on whatever machine; those with the most parts first. S3 itself
 * is asked, so nothing has to be remembered here.
 * @returns undefined when we may not look
 */
export async function findUnfinished(
  aws: AwsContext,
  head: ObjectHead,
  plan: PartPlan,
  signal: AbortSignal,
): Promise<Unfinished[] | undefined> {
  try {
    const found: Unfinished[] = []
    for (const { UploadId: uploadId = '' } of await listUploads(aws, head, signal)) {
      const parts = await listParts(aws, head, uploadId, plan, signal)
      if (parts !== undefined) found.push({ uploadId, parts })
    }
    return found.toSorted((a, b) => b.parts.size - a.parts.size)
  } catch (error) {
    if (isAwsError(error, 'AccessDenied')) return undefined
    throw error
  }
}

/** Whether a part that arrived is this one. */
export function isPart(
  arrived: ArrivedPart | undefined,
  part: Buffer,
  sha256: string,
): arrived is ArrivedPart {
  if (arrived?.bytes !== part.length) return false
  if (arrived.sha256 !== undefined) return arrived.sha256 === sha256
  return md5Of(arrived) === createHash('md5').update(part).digest('hex')
}

/** Whether the first part that arrived is of this file: then it is worth going on there. */
export async function fits(
  { parts }: Unfinished,
  plan: PartPlan,
  file: FileHandle,
  source: Source,
): Promise<boolean> {
  const [first] = parts
  if (first === undefined) return true
  const [number, { bytes, sha256 }] = first
  const range = { start: (number - 1) * plan.partBytes, bytes }
  if (sha256 !== undefined) {
    const digest = await hashRange(file, source, { ...range, algorithm: 'sha256' })
    return digest.toString('base64') === sha256
  }
  const digest = await hashRange(file, source, { ...range, algorithm: 'md5' })
  return digest.toString('hex') === md5Of(first[1])
}

function md5Of({ etag }: ArrivedPart): string {
  return etag.replaceAll('"', '')
}

/** Removes what arrived. What fails here is left to the lifecycle rule of the bucket. */
export async function giveUp(aws: AwsContext, head: ObjectHead, uploadId: string): Promise<void> {
  const { Bucket, ExpectedBucketOwner, Key } = head
  await aws.clients
    .of(UploadClient)
    .send(new AbortMultipartUploadCommand({ Bucket, ExpectedBucketOwner, Key, UploadId: uploadId }))
    .catch(() => undefined)
}

async function listUploads(
  aws: AwsContext,
  { Bucket, ExpectedBucketOwner, Key }: ObjectHead,
  signal: AbortSignal,
): Promise<MultipartUpload[]> {
  const uploads: MultipartUpload[] = []
  let page: ListMultipartUploadsCommandOutput | undefined
  do {
    page = await aws.clients.of(UploadClient).send(
      new ListMultipartUploadsCommand({
        Bucket,
        ExpectedBucketOwner,
        Prefix: Key,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      }),
      { abortSignal: signal },
    )
    uploads.push(...(page.Uploads ?? []))
  } while (page.IsTruncated === true)
  return uploads.filter((upload) => upload.Key === Key && isOurs(upload))
}

/** Other programs choose other checksums: theirs are not ours to continue or to remove. */
function isOurs({ ChecksumAlgorithm: algorithm, ChecksumType: type }: MultipartUpload): boolean {
  return algorithm === 'SHA256' && (type === undefined || type === 'COMPOSITE')
}

/** undefined: it was completed or given up meanwhile. */
async function listParts(
  aws: AwsContext,
  { Bucket, ExpectedBucketOwner, Key }: ObjectHead,
  uploadId: string,
  plan: PartPlan,
  signal: AbortSignal,
): Promise<Map<number, ArrivedPart> | undefined> {
  const parts = new Map<number, ArrivedPart>()
  let page: ListPartsCommandOutput | undefined
  do {
    try {
      page = await aws.clients.of(UploadClient).send(
        new ListPartsCommand({
          Bucket,
          ExpectedBucketOwner,
          Key,
          UploadId: uploadId,
          PartNumberMarker: page?.NextPartNumberMarker,
        }),
        { abortSignal: signal },
      )
    } catch (error) {
      if (isAwsError(error, 'NoSuchUpload')) return undefined
      throw error
    }
    for (const { ChecksumSHA256: sha256, ETag: etag, PartNumber: number = 0, Size: bytes } of page.Parts ??
      []) {
      if (etag === undefined || bytes !== partLength(plan, number - 1)) continue
      parts.set(number, { bytes, etag, sha256 })
    }
  } while (page.IsTruncated === true)
  return parts
}
