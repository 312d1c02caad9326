import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { DatapipeError } from '../../errors.js'

/** Of DeleteObjects. */
const PER_CALL = 1000

/**
 * Deletes objects that nobody can write again; those that are gone are no error.
 * @throws DatapipeError NOT_DELETED
 */
export async function removeObjects(s3: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += PER_CALL) {
    const Objects = keys.slice(from, from + PER_CALL).map((Key) => ({ Key }))
    const { Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    )
    const [first] = Errors ?? []
    if (first) {
      throw new DatapipeError(
        'NOT_DELETED',
        `S3 did not delete s3://${bucket}/${first.Key}: ${first.Code}: ${first.Message}`,
      )
    }
  }
}
