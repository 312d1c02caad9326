import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { unlessMissing } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import { settle } from '../s3/aspects/aspect.js'
import type { ImageSource } from './image.js'

/** Where bundles lie in the artifacts bucket; the role of the build may read nothing else. */
export const SOURCE_PREFIX = 'source/'

/** Metadata that says what is in the bundle. */
const HASH = 'dp-sha256'

/**
 * Puts the bundle where CodeBuild finds it, unless it is there: the same version is then built as by the run that put it.
 * @returns its key and version
 */
export async function uploadSource(
  aws: AwsContext,
  bucket: string,
  { hash, zip }: ImageSource,
  op: Operation,
): Promise<{ key: string; versionId: string | undefined }> {
  const s3 = aws.clients.of(S3Client)
  const key = `${SOURCE_PREFIX}${hash}.zip`
  const at = { Bucket: bucket, Key: key, ExpectedBucketOwner: aws.account }
  const head = await unlessMissing(s3.send(new HeadObjectCommand(at)), 'NotFound', 'NoSuchKey')
  if (head?.Metadata?.[HASH] === hash) return { key, versionId: head.VersionId }
  const body = zip()
  const { VersionId: versionId } = await settle(
    () =>
      s3.send(
        new PutObjectCommand({
          ...at,
          Body: body,
          ContentType: 'application/zip',
          Metadata: { [HASH]: hash },
        }),
      ),
    op,
  )
  return { key, versionId }
}
