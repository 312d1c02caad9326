import type { Names } from '../../src/aws/names.js'
import type { Facts } from './iam-recording.js'
import { keyOf } from './iam-requests.js'
import type { Input } from './iam-requests-named.js'
import type { IamRequest } from './iam-simulator.js'

/** IAM actions of calls on buckets, where they are named otherwise. */
const BUCKET_CALLS: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
}

/** IAM actions of calls on objects. */
const OBJECT_CALLS: Readonly<Record<string, string>> = {
  HeadObject: 'GetObject',
  GetObject: 'GetObject',
  PutObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  AbortMultipartUpload: 'AbortMultipartUpload',
  ListParts: 'ListMultipartUploadParts',
  DeleteObject: 'DeleteObject',
  GetObjectTagging: 'GetObjectTagging',
  PutObjectTagging: 'PutObjectTagging',
  DeleteObjectTagging: 'DeleteObjectTagging',
}

/** What needs the key beside: reading for reads, writing for writes, both for a multipart upload (spec §5.7). */
const KEY_USE: Readonly<Record<string, readonly string[]>> = {
  GetObject: ['Decrypt'],
  HeadObject: ['Decrypt'],
  PutObject: ['GenerateDataKey'],
  CreateMultipartUpload: ['GenerateDataKey', 'Decrypt'],
  UploadPart: ['GenerateDataKey', 'Decrypt'],
  CompleteMultipartUpload: ['Decrypt'],
}

export function s3Requests(operation: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const bucket = `arn:${names.partition}:s3:::${input.Bucket as string}`
  if (operation === 'DeleteObjects') return deletions(bucket, input)
  const key = input.Key as string | undefined
  if (key === undefined) return bucketRequests(operation, bucket, input)
  if (operation === 'CopyObject') return copying(bucket, input, names, facts)
  const called = OBJECT_CALLS[operation]
  if (called === undefined) throw new Error(`What is S3 ${operation}?`)
  const version = input.VersionId as string | undefined
  const resource = `${bucket}/${key}`
  const versioned =
    version !== undefined && /^(Get|Delete)Object$|^(Get|Put|Delete)ObjectTagging$/.test(called)
  const tags = input.Tagging !== undefined && called !== 'PutObjectTagging'
  return [
    {
      action: `s3:${versioned ? called.replace('Object', 'ObjectVersion') : called}`,
      resource,
      ...(versioned ? { context: { 's3:VersionId': version } } : {}),
    },
    ...(tags ? [{ action: 's3:PutObjectTagging', resource }] : []),
    ...keyRequests(operation, input, names, facts),
  ]
}

function bucketRequests(operation: string, resource: string, input: Input): IamRequest[] {
  const action = `s3:${BUCKET_CALLS[operation] ?? operation}`
  const { Tags: tags } = (input.CreateBucketConfiguration ?? {}) as { Tags?: unknown[] }
  const prefix = operation.startsWith('List') && typeof input.Prefix === 'string' ? input.Prefix : undefined
  return [
    { action, resource, ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }) },
    ...(tags === undefined ? [] : [{ action: 's3:TagResource', resource }]),
  ]
}

/** Reads the one, writes the other. */
function copying(bucket: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const [path = '', version] = (input.CopySource as string).split('?versionId=')
  const [from = '', ...key] = path.split('/').map(decodeURIComponent)
  const source = { Bucket: from, Key: key.join('/'), VersionId: version }
  return [
    ...s3Requests('GetObject', source, names, facts),
    { action: 's3:PutObject', resource: `${bucket}/${input.Key as string}` },
    ...keyRequests('PutObject', input, names, facts),
  ]
}

function deletions(bucket: string, input: Input): IamRequest[] {
  const { Objects: objects } = input.Delete as { Objects: { Key: string; VersionId?: string }[] }
  return objects.map(({ Key, VersionId }) => ({
    action: VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
    resource: `${bucket}/${Key}`,
  }))
}

/** Buckets are encrypted with the environment's key, but for the logs and for what says otherwise itself. */
function keyRequests(operation: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const own = (['artifacts', 'raw', 'transformed'] as const).map((purpose) => names.bucket(purpose))
  const lease = (input.Key as string).startsWith('locks/')
  if (!own.includes(input.Bucket as string) || lease || input.ServerSideEncryption === 'AES256') return []
  const { context, resource } = keyOf(names, facts)
  const via = `s3.${names.place.region}.amazonaws.com`
  return (KEY_USE[operation] ?? []).map((use) => ({
    action: `kms:${use}`,
    resource,
    context: { ...context, 'kms:ViaService': via },
  }))
}
