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

/** User metadata with the SHA-256 of what was sent in one request; of what is sent in parts it is not known at the beginning. */
export const SHA256_METADATA = 'dp-sha256'
/** S3 takes 2 KB of metadata. Only a long name of letters beyond ASCII comes near. */
const LONGEST_NAME = 1024

/**
 * @param uploadedBy name of this machine
 */
export function objectHead(
  aws: AwsContext,
  target: Target,
  source: { name: string; uploadedBy: string },
): ObjectHead {
  // Metadata travels in headers: ASCII only.
  const name = encodeURIComponent(source.name)
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
      ...(name.length > LONGEST_NAME ? {} : { 'dp-source-name': name }),
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
