import type { AwsContext } from '../../aws/context.js'

/** The object that a file becomes. */
export interface Target {
  bucket: string
  key: string
  dataset: string
}

/** What every request that creates an object says about it. */
export interface ObjectHead {
  Bucket: string
  Key: string
  ExpectedBucketOwner: string
  ContentType: string
  ServerSideEncryption: 'aws:kms'
  SSEKMSKeyId: string
  BucketKeyEnabled: boolean
  Metadata: Record<string, string>
}

/** User metadata with the content's SHA-256: how the next upload sees that it was here before. */
export const SHA256_METADATA = 'dp-sha256'

/**
 * @param uploadedBy name of this machine
 */
export function objectHead(
  aws: AwsContext,
  target: Target,
  source: { name: string; sha256: string; uploadedBy: string },
): ObjectHead {
  return {
    Bucket: target.bucket,
    Key: target.key,
    ExpectedBucketOwner: aws.account,
    ContentType: contentType(source.name),
    // Without a key id `aws:kms` means the key `aws/s3`, not the default key of the bucket. The alias spares every uploader
    // the permission to look the key up.
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: aws.names.arn('kms', aws.names.keyAlias),
    BucketKeyEnabled: true,
    Metadata: {
      [SHA256_METADATA]: source.sha256,
      // Metadata travels in headers: ASCII only.
      'dp-source-name': encodeURIComponent(source.name),
      'dp-uploaded-by': encodeURIComponent(source.uploadedBy),
    },
  }
}

const CONTENT_TYPES: Record<string, string> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  json: 'application/json',
  gz: 'application/gzip',
  parquet: 'application/vnd.apache.parquet',
}

function contentType(name: string): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return CONTENT_TYPES[extension] ?? 'application/octet-stream'
}
