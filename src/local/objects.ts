import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../aws/context.js'
import type { TaskHandler } from './asl/interpreter.js'
import { StatesError } from './asl/errors.js'
import { isObject, type Json } from './asl/json.js'
import { serviceError } from './service-error.js'

/** `arn:aws:states:::aws-sdk:s3:getObject`: the body is text. */
export function getObject(aws: AwsContext): TaskHandler {
  return async ({ parameters, signal }) => {
    try {
      const { Body: body } = await aws.clients
        .of(S3Client)
        .send(new GetObjectCommand({ Bucket: text(parameters, 'Bucket'), Key: text(parameters, 'Key') }), {
          abortSignal: signal,
        })
      return { Body: (await body?.transformToString()) ?? '' }
    } catch (error) {
      throw serviceError('S3', error)
    }
  }
}

/** The reader of a distributed map: all objects, as it hands them to its children. */
export function listObjects(aws: AwsContext): TaskHandler {
  return async ({ parameters, signal }) => {
    const items: Json[] = []
    let token: string | undefined
    try {
      do {
        const page = await aws.clients.of(S3Client).send(
          new ListObjectsV2Command({
            Bucket: text(parameters, 'Bucket'),
            Prefix: text(parameters, 'Prefix'),
            ContinuationToken: token,
          }),
          { abortSignal: signal },
        )
        for (const { ETag, Key, LastModified, Size, StorageClass } of page.Contents ?? []) {
          items.push({
            Etag: ETag ?? '',
            Key: Key ?? '',
            LastModified: Math.floor((LastModified?.getTime() ?? 0) / 1000),
            Size: Size ?? 0,
            StorageClass: StorageClass ?? 'STANDARD',
          })
        }
        token = page.NextContinuationToken
      } while (token !== undefined)
    } catch (error) {
      throw serviceError('S3', error)
    }
    return items
  }
}

/** `aws-sdk:s3:headObject`: the version of an object, and its size. */
export function headObject(aws: AwsContext): TaskHandler {
  return async ({ parameters, signal }) => {
    try {
      const { ContentLength, VersionId } = await aws.clients
        .of(S3Client)
        .send(new HeadObjectCommand({ Bucket: text(parameters, 'Bucket'), Key: text(parameters, 'Key') }), {
          abortSignal: signal,
        })
      return { ContentLength: ContentLength ?? 0, ...(VersionId === undefined ? {} : { VersionId }) }
    } catch (error) {
      // HEAD has no body to say more in.
      if ((error as Error).name === 'NotFound')
        throw new StatesError('S3.NoSuchKeyException', 'The specified key does not exist.')
      throw serviceError('S3', error)
    }
  }
}

function text(parameters: Json, field: string): string {
  const value = isObject(parameters) ? parameters[field] : undefined
  return typeof value === 'string' ? value : ''
}
