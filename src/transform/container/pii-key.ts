import type { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { DatapipeError } from '../../errors.js'
import { rememberSecret } from '../../secrets.js'
import { PII_KEY_BYTES, PII_KEY_OBJECT } from '../pii/key.js'
import { getJson } from './objects.js'

const keySchema = z.object({ schemaVersion: z.literal(1), key: z.base64() })

/**
 * The key of the hashes, as `up` made it once in the artifacts bucket.
 * @throws DatapipeError PII_KEY_MISSING, PII_KEY_INVALID: not because of the file, so the run may be tried again
 */
export async function readPiiKey(s3: S3Client, bucket: string): Promise<Buffer> {
  const place = `s3://${bucket}/${PII_KEY_OBJECT}`
  const found = await getJson(s3, bucket, PII_KEY_OBJECT)
  if (found === undefined) {
    throw new DatapipeError(
      'PII_KEY_MISSING',
      `The dataset hashes personal data, and there is no key at ${place}.`,
      {
        suggestions: ['Run datapipe up: it makes the key.'],
      },
    )
  }
  const parsed = keySchema.safeParse(found.body)
  const key = parsed.success ? Buffer.from(parsed.data.key, 'base64') : Buffer.alloc(0)
  if (key.length >= PII_KEY_BYTES) {
    rememberSecret(key.toString('base64'))
    return key
  }
  throw new DatapipeError('PII_KEY_INVALID', `What is at ${place} is no key of the hashes.`, {
    suggestions: ['Restore the version of the object that datapipe up wrote.'],
  })
}
