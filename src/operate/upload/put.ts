import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { UploadClient } from './client.js'
import type { Content } from './content.js'
import { resendDamaged } from './damaged.js'
import { fileChanged, reading, type Source } from './source.js'
import { requireStored, toBase64, type Condition } from './stored.js'
import { SHA256_METADATA, type ObjectHead } from './target.js'

/** The whole content of a small file: what was hashed is what is sent. */
export async function readSmall(source: Source): Promise<{ body: Buffer; content: Content }> {
  const body = await reading(source, () => readFile(source.absolutePath))
  if (body.length !== source.bytes) throw fileChanged(source)
  return { body, content: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') } }
}

/**
 * Sends a small file in one request; S3 refuses it unless it has the SHA-256 that was computed here.
 * @returns the version id
 * @throws DatapipeError UPLOAD_CORRUPTED
 */
export async function putSmall(
  aws: AwsContext,
  head: ObjectHead,
  { body, content }: { body: Buffer; content: Content },
  condition: Condition,
  signal: AbortSignal,
): Promise<string | null> {
  const checksum = toBase64(content.sha256)
  const put = new PutObjectCommand({
    ...head,
    ...condition,
    Metadata: { ...head.Metadata, [SHA256_METADATA]: content.sha256 },
    Body: body,
    ContentLength: body.length,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: checksum,
  })
  const stored = await resendDamaged(`s3://${head.Bucket}/${head.Key}`, () =>
    aws.clients.of(UploadClient).send(put, { abortSignal: signal }),
  )
  requireStored(head, checksum, stored.ChecksumSHA256)
  return stored.VersionId ?? null
}
