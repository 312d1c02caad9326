import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'

/** Thrown when a conditional write lost: somebody else wrote the object first. */
export class PreconditionLost extends Error {}

export interface JsonObject {
  body: unknown
  etag: string
}

/** HTTP status of an error of the SDK. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
}

/** Undefined when there is no such object or version; a delete marker is none (405). */
export async function headObject(
  s3: S3Client,
  bucket: string,
  key: string,
  versionId?: string,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
  } catch (error) {
    const status = statusOf(error)
    // A version id that S3 never issued answers 400.
    if (status === 404 || status === 405 || (status === 400 && versionId !== undefined)) return undefined
    throw error
  }
}

export async function getJson(s3: S3Client, bucket: string, key: string): Promise<JsonObject | undefined> {
  try {
    const response = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const text = (await response.Body?.transformToString()) ?? ''
    return { body: JSON.parse(text) as unknown, etag: response.ETag ?? '' }
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** What a write expects to find: an object with this etag, or none. */
export interface Expected {
  etag: string | undefined
}

/** The conditions of a write, as the SDK wants them. */
export function conditions({ etag }: Expected): { IfMatch?: string; IfNoneMatch?: string } {
  return etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }
}

/**
 * Writes JSON on one line, as readers of tables of JSON need it; returns the new etag.
 * @param expected undefined: whatever is there
 * @throws PreconditionLost
 */
export async function putJson(
  s3: S3Client,
  bucket: string,
  key: string,
  body: unknown,
  expected?: Expected,
): Promise<string> {
  const response = await losing(
    s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: `${JSON.stringify(body)}\n`,
        ContentType: 'application/json',
        ...(expected ? conditions(expected) : {}),
      }),
    ),
  )
  return response.ETag ?? ''
}

/**
 * Deletes an object if it is still the one with this etag; without one, the one that is there now.
 */
export async function deleteUnchanged(
  s3: S3Client,
  bucket: string,
  key: string,
  etag?: string,
): Promise<void> {
  const IfMatch = etag ?? (await headObject(s3, bucket, key))?.ETag
  if (IfMatch === undefined) return
  try {
    await losing(s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, IfMatch })))
  } catch (error) {
    // Then it is no longer the one that had to go.
    if (!(error instanceof PreconditionLost)) throw error
  }
}

/** Turns the two answers of a lost condition, 412 and 409, into one error (404: If-Match on an object that is gone). */
export async function losing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    const status = statusOf(error)
    const name = (error as Error).name
    if (
      status === 412 ||
      (status === 409 && name === 'ConditionalRequestConflict') ||
      (status === 404 && name === 'NoSuchKey')
    ) {
      throw new PreconditionLost(name, { cause: error })
    }
    throw error
  }
}
