import { HeadBucketCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { DatapipeError } from '../../errors.js'
import type { BucketTarget } from './aspects/aspect.js'

/** The name is taken by someone else; see `bucketNotOurs`. */
export const BUCKET_NOT_OURS = 'BUCKET_NOT_OURS'

/**
 * Whether the bucket exists in our account.
 *
 * @returns its region, or undefined when there is no such bucket
 * @throws DatapipeError BUCKET_NOT_OURS when S3 answers 403: it hides whether that is another account or a missing permission
 */
export async function headBucket({
  at,
  s3,
}: BucketTarget): Promise<{ region: string | undefined } | undefined> {
  try {
    const { BucketRegion: region } = await s3.send(new HeadBucketCommand(at))
    return { region }
  } catch (error) {
    // HEAD has no body, hence no error code: the status is all there is.
    const status = httpStatus(error)
    if (status === 404) return undefined
    if (status === 403) throw bucketTaken(at.Bucket, error)
    throw error
  }
}

/** true when it holds no object, no old version and no delete marker. */
export async function isEmpty({ at, s3 }: BucketTarget): Promise<boolean> {
  const page = await s3.send(new ListObjectVersionsCommand({ ...at, MaxKeys: 1 }))
  return (page.Versions ?? []).length === 0 && (page.DeleteMarkers ?? []).length === 0
}

export function bucketTaken(bucket: string, cause?: unknown): DatapipeError {
  return new DatapipeError(
    BUCKET_NOT_OURS,
    `The bucket ${bucket} exists in another account, or you may not see it.`,
    {
      suggestions: [
        'Check that you are logged in to the right account, and that you are allowed s3:ListBucket on it.',
        'Otherwise choose another `project` in datapipe.yaml: bucket names derive from it.',
      ],
      cause,
    },
  )
}

function httpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}
