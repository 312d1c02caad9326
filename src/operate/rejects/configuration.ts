import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { datasetSchema, defaultDataset, type Dataset } from '../../config/dataset.js'
import { DatapipeError } from '../../errors.js'
import { CONFIG_KEY } from '../../pipeline/storage.js'
import { deployedConfigSchema } from '../../transform/container/settings.js'

export type Datasets = Readonly<Record<string, Dataset>>

/** The datasets as files are loaded with them. @throws DatapipeError ENVIRONMENT_NOT_UP */
export async function deployedDatasets(aws: AwsContext, signal: AbortSignal): Promise<Datasets> {
  const bucket = aws.names.bucket('artifacts')
  try {
    const object = await aws.clients
      .of(S3Client)
      .send(new GetObjectCommand({ Bucket: bucket, Key: CONFIG_KEY, ExpectedBucketOwner: aws.account }), {
        abortSignal: signal,
      })
    return deployedConfigSchema.parse(JSON.parse((await object.Body?.transformToString()) ?? '')).datasets
  } catch (error) {
    if (!isAwsError(error, 'NoSuchBucket', 'NoSuchKey')) throw error
    throw new DatapipeError('ENVIRONMENT_NOT_UP', `Environment ${aws.env} has no configuration in AWS.`, {
      cause: error,
      suggestions: [`Create it: datapipe up --env ${aws.env}`],
    })
  }
}

/** Names of the datasets that are not configured in the same way in both. */
export function differing(names: readonly string[], local: Datasets, deployed: Datasets): string[] {
  return names.filter((name) => text(local[name]) !== text(deployed[name]))
}

/** As it is after a journey through JSON, with the defaults of this release. */
function text(dataset: Dataset | undefined): string {
  if (dataset === undefined) return JSON.stringify(defaultDataset())
  return JSON.stringify(datasetSchema.parse(JSON.parse(JSON.stringify(dataset))))
}
