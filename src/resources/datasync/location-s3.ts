import {
  CreateLocationS3Command,
  DescribeLocationS3Command,
  UpdateLocationS3Command,
} from '@aws-sdk/client-datasync'
import { once } from '../../aws/create-once.js'
import type { AwsContext } from '../../aws/context.js'
import { retryPropagation } from '../../aws/retry.js'
import type { Operation } from '../../engine/operation.js'
import type { ResourceOptions } from '../../engine/resource.js'
import { DataSyncLocation, LOCATION_ACTIONS } from './location.js'
import { locationUri, normalPath } from './uri.js'

export interface LocationS3Properties {
  bucket: string
  /** The prefix, as a path: `/inbox`. */
  path: string
  /** Who writes to the bucket. */
  roleArn: string
}

/**
 * A prefix of one of our buckets (spec §12). Creating it is a live test of the role: with a role that is seconds old it
 * fails for a while.
 */
export class LocationS3 extends DataSyncLocation {
  readonly type = 'AWS::DataSync::LocationS3'
  readonly iamActions = [
    ...LOCATION_ACTIONS,
    'datasync:CreateLocationS3',
    'datasync:DescribeLocationS3',
    'datasync:UpdateLocationS3',
    'iam:PassRole',
  ]
  protected readonly scheme = 's3'
  protected override readonly replacing = ['host']

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: LocationS3Properties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
  }

  protected address() {
    return { host: this.properties.bucket, path: normalPath(this.properties.path) }
  }

  protected desired() {
    return { ...this.address(), roleArn: this.properties.roleArn, storageClass: 'STANDARD' }
  }

  protected async describe(arn: string) {
    const found = await this.datasync.send(new DescribeLocationS3Command({ LocationArn: arn }))
    const { host, path } = locationUri(found.LocationUri ?? '')
    return {
      host,
      path,
      roleArn: found.S3Config?.BucketAccessRoleArn,
      storageClass: found.S3StorageClass ?? 'STANDARD',
    }
  }

  protected sendCreate(Tags: { Key: string; Value: string }[], op: Operation) {
    const S3BucketArn = `arn:${this.aws.partition}:s3:::${this.properties.bucket}`
    const input = { S3BucketArn, ...this.#request(), Tags }
    return retryPropagation(() => this.datasync.send(once(new CreateLocationS3Command(input))), op)
  }

  protected sendUpdate(LocationArn: string, op: Operation) {
    return retryPropagation(
      () => this.datasync.send(new UpdateLocationS3Command({ LocationArn, ...this.#request() })),
      op,
    )
  }

  #request() {
    const { path, roleArn } = this.properties
    return {
      Subdirectory: path,
      S3StorageClass: 'STANDARD' as const,
      S3Config: { BucketAccessRoleArn: roleArn },
    }
  }
}
