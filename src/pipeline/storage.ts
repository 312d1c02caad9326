import type { AwsContext } from '../aws/context.js'
import type { BucketPurpose } from '../aws/names.js'
import type { Environment } from '../config/schema.js'
import type { AwsResource } from '../resources/resource.js'
import { Bucket, type BucketProperties } from '../resources/s3/bucket.js'
import { S3Object } from '../resources/s3/object.js'
import { PiiKey } from '../resources/s3/pii-key.js'
import { PII_KEY_OBJECT } from '../transform/pii/key.js'
import { artifactsLifecycle, logsLifecycle, rawLifecycle, transformedLifecycle } from './lifecycle.js'
import { accessLogPrefix, dataBucketPolicy, logsBucketPolicy } from './policies/buckets.js'
import { hashesPersonalData } from './personal-data.js'
import type { Security } from './security.js'

/** Where the transform finds the datasets that `up` deployed. */
export const CONFIG_KEY = 'config/datasets.json'

/** The buckets of an environment. */
export interface Storage {
  artifacts: Bucket
  raw: Bucket
  transformed: Bucket
  logs: Bucket
  config: S3Object
  /** Only where personal data is hashed, or was. */
  piiKey: PiiKey | undefined
  resources: AwsResource[]
}

/** @param options `hasPiiKey`: an earlier configuration made one, and what is hashed with it may still be there */
export function storage(
  aws: AwsContext,
  environment: Environment,
  { key }: Security,
  options: { hasPiiKey?: boolean } = {},
): Storage {
  const needsPiiKey = options.hasPiiKey === true || hashesPersonalData(environment)
  const { names } = aws
  const logged: BucketPurpose[] = ['artifacts', 'raw', 'transformed']
  const logs = new Bucket(
    aws,
    'storage/logs',
    names.bucket('logs'),
    {
      // S3 cannot deliver access logs to a bucket with a KMS key (spec §5.5).
      encryption: { kind: 's3' },
      policy: () => logsBucketPolicy(names, logged, { flowLogs: environment.network.flowLogs === 's3' }),
      lifecycle: logsLifecycle,
    },
    // Who read the data is part of the data.
    { retain: true },
  )
  const encrypted = (purpose: BucketPurpose, properties: Partial<BucketProperties>, retain: boolean) =>
    new Bucket(
      aws,
      `storage/${purpose}`,
      names.bucket(purpose),
      {
        encryption: { kind: 'kms', keyArn: () => key.attributes.arn },
        policy: () => dataBucketPolicy(names, purpose),
        accessLogs: { bucket: () => logs.attributes.bucket, prefix: accessLogPrefix(purpose) },
        lifecycle: [],
        ...properties,
      },
      { dependsOn: [key, logs], retain, ...(retain ? { keeps: [key, logs] } : {}) },
    )
  const artifacts = encrypted(
    'artifacts',
    {
      lifecycle: artifactsLifecycle,
      policy: () => dataBucketPolicy(names, 'artifacts', { piiKey: needsPiiKey }),
    },
    false,
  )
  const raw = encrypted('raw', { lifecycle: rawLifecycle, eventBridge: true }, true)
  const transformed = encrypted('transformed', { lifecycle: transformedLifecycle }, true)
  const config = new S3Object(
    aws,
    'storage/config',
    CONFIG_KEY,
    {
      bucket: () => artifacts.attributes.bucket,
      key: CONFIG_KEY,
      body: () => JSON.stringify({ schemaVersion: 1, datasets: environment.datasets }, null, 2),
      contentType: 'application/json',
    },
    { within: [artifacts] },
  )
  const piiKey = needsPiiKey
    ? new PiiKey(
        aws,
        'storage/pii-key',
        PII_KEY_OBJECT,
        { bucket: () => artifacts.attributes.bucket, key: PII_KEY_OBJECT },
        // With the data goes what its hashes were made with.
        { within: [artifacts], retain: true, keeps: [artifacts, key, logs] },
      )
    : undefined
  const resources = [artifacts, raw, transformed, logs, config, ...(piiKey === undefined ? [] : [piiKey])]
  return { artifacts, raw, transformed, logs, config, piiKey, resources }
}
