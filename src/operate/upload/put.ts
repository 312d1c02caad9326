import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { UploadClient } from './client.js'
import { requireStored } from './stored.js'
import { fileChanged, type Source } from './source.js'
import type { ObjectHead } from './target.js'

/** The whole content of a small file, and its SHA-256 in hexadecimal: what was hashed is what is sent. */
export async function readSmall(source: Source): Promise<{ body: Buffer; sha256: string }> {
  const body = await readFile(source.absolutePath)
  if (body.length !== source.bytes) throw fileChanged(source)
  return { body, sha256: createHash('sha256').update(body).digest('hex') }
}

/**
 * Sends a small file in one request; S3 refuses it unless it has the SHA-256 that was computed here.
 * @returns the version id
 * @throws DatapipeError UPLOAD_CORRUPTED
 */
export async function putSmall(
  aws: AwsContext,
  head: ObjectHead,
  content: { body: Buffer; sha256: string },
  signal: AbortSignal,
): Promise<string | null> {
  const checksum = Buffer.from(content.sha256, 'hex').toString('base64')
  const stored = await aws.clients.of(UploadClient).send(
    new PutObjectCommand({
      ...head,
      Body: content.body,
      ContentLength: content.body.length,
      ChecksumAlgorithm: 'SHA256',
      ChecksumSHA256: checksum,
    }),
    { abortSignal: signal },
  )
  requireStored(head, checksum, stored.ChecksumSHA256)
  return stored.VersionId ?? null
}
