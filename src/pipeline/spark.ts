import type { AwsContext } from '../aws/context.js'
import type { Environment } from '../config/schema.js'
import { GlueJob } from '../resources/glue/job.js'
import { LogGroup } from '../resources/logs/log-group.js'
import type { AwsResource } from '../resources/resource.js'
import { S3Object } from '../resources/s3/object.js'
import { SPARK_SCRIPT, scriptKey } from '../transform/spark/script.js'
import type { Security } from './security.js'
import type { Glue } from './glue.js'
import { SCRIPTS_PREFIX, SPARK_TEMP_PREFIX } from './policies/glue.js'
import { SCRIPT_ID } from './spark-scripts.js'
import type { Storage } from './storage.js'

/** Runs at once. */
const CONCURRENT_RUNS = 5

/** The Spark job, for what one machine cannot take. */
export interface Spark {
  /** undefined: off. */
  job?: GlueJob
  resources: AwsResource[]
}

export function spark(
  aws: AwsContext,
  environment: Environment,
  { key }: Security,
  { artifacts }: Storage,
  { shared }: Glue,
): Spark {
  const { spark: settings } = environment
  if (!settings.enabled || shared === undefined) return { resources: [] }
  const { names } = aws
  const { role, securityConfiguration } = shared
  const inArtifacts = (path: string) => `s3://${artifacts.attributes.bucket}/${path}`

  const objectKey = scriptKey(SCRIPTS_PREFIX, SPARK_SCRIPT)
  const script = new S3Object(
    aws,
    SCRIPT_ID,
    objectKey,
    {
      bucket: () => artifacts.attributes.bucket,
      key: objectKey,
      body: () => SPARK_SCRIPT,
      contentType: 'text/x-python',
    },
    { within: [artifacts] },
  )
  // Made before Glue would: its own would keep everything for ever, and outlive the environment.
  const logs = (['error', 'output'] as const).map(
    (stream) =>
      new LogGroup(
        aws,
        `spark/logs/${stream}`,
        names.sparkLogGroup(stream),
        { retentionDays: environment.compute.logRetentionDays, keyArn: () => key.attributes.arn },
        { dependsOn: [key] },
      ),
  )
  const job = new GlueJob(
    aws,
    'spark/job',
    names.sparkJob,
    {
      description: `datapipe ${environment.project}/${environment.name}: files too large for one machine`,
      roleArn: () => role.attributes.arn,
      scriptLocation: () => inArtifacts(objectKey),
      workerType: settings.workerType,
      workers: settings.workers,
      flex: settings.flex,
      timeoutMinutes: settings.timeoutMinutes,
      maxConcurrentRuns: CONCURRENT_RUNS,
      securityConfiguration: () => securityConfiguration.attributes.name,
      tempDir: () => inArtifacts(SPARK_TEMP_PREFIX),
      arguments: { '--custom-logGroup-prefix': names.sparkLogPrefix, '--database': names.database },
    },
    { dependsOn: [role, securityConfiguration, script, artifacts, ...logs] },
  )
  return { job, resources: [script, ...logs, job] }
}
