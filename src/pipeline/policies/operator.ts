import type { MachineName, Names } from '../../aws/names.js'
import type { Statement } from '../../aws/policy.js'
import type { AwsResource } from '../../resources/resource.js'
import { INBOX_PREFIX } from '../../transform/layout.js'
import { MAP_LABEL } from '../state-machines/backfill.js'
import { deployerGrants } from './deployer.js'
import { toStatements } from './deployer-statements.js'
import { ours } from './deployer-tagged.js'
import { keyThroughS3 } from './upload.js'

const READS = /^[a-z0-9-]+:(BatchGet|Describe|Get|List|View)/

/**
 * Whoever runs `run`, `rejects`, `dlq`, `crawl`, `datasync run|status`, `query`, `plan`, `status`, `cost` and `image list`: reads what the
 * deployer may write, starts what processes and copies files, asks Athena. `history`, `show` and `rejects` read the tables' bucket;
 * `compact` and `rollback` also write there, and switch partitions. It changes no other data, and no resources.
 */
export function operatorStatements(names: Names, resources: readonly AwsResource[]): Statement[] {
  const reads = deployerGrants(names, resources).filter(({ action }) => READS.test(action))
  const catalog = ['catalog', `database/${names.database}`, `table/${names.database}/*`]
  const data = [names.bucketArn('raw'), names.bucketArn('transformed')]
  const results = names.bucketArn('artifacts')
  return [
    ...toStatements(reads),
    ...runStatements(names, resources),
    ...dataSyncStatements(names, resources),
    ...failedFiles(names),
    {
      Sid: 'Query',
      Effect: 'Allow',
      Action: [
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
      ],
      Resource: names.arn('athena', `workgroup/${names.workgroup}`),
    },
    {
      Sid: 'Catalog',
      Effect: 'Allow',
      Action: [
        'glue:GetDatabase',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:GetTable',
        'glue:GetTables',
      ],
      Resource: catalog.map((resource) => names.arn('glue', resource)),
    },
    {
      Sid: 'ReadData',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: names.bucketArn('transformed').concat('/*'),
    },
    ...changeData(names),
    {
      // `dlq redrive` and `rejects replay` ask how large a version is: HeadObject is authorised as these.
      Sid: 'SizeOfUploads',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: `${names.bucketArn('raw')}/${INBOX_PREFIX}/*`,
    },
    {
      Sid: 'ListData',
      Effect: 'Allow',
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketVersions'],
      Resource: [...data, results],
    },
    {
      // Athena writes the results of a query as whoever asked for it.
      Sid: 'QueryResults',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
      Resource: `${results}/athena/*`,
    },
    keyThroughS3(names),
    {
      // Step Functions asks for it when the machine or the execution is encrypted (spec §6.10), SQS for each message.
      Sid: 'KeyThroughStepFunctionsAndSqs',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: names.arn('kms', 'key/*'),
      Condition: ours(names),
    },
  ]
}

/**
 * `compact` and `rollback` do with a person's rights what loads do: write files, put others in the place of those that readers see,
 * delete what nothing needs. Versions stay for as long as the bucket keeps them: none can be deleted.
 */
function changeData(names: Names): Statement[] {
  const tables = ['catalog', `database/${names.database}`, `table/${names.database}/*`]
  return [
    {
      Sid: 'ChangeData',
      Effect: 'Allow',
      Action: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObjectVersion', 's3:PutObject'],
      Resource: `${names.bucketArn('transformed')}/*`,
    },
    {
      Sid: 'SwitchReaders',
      Effect: 'Allow',
      Action: [
        'glue:BatchCreatePartition',
        'glue:BatchDeletePartition',
        'glue:BatchGetPartition',
        'glue:BatchUpdatePartition',
        'glue:UpdateTable',
      ],
      Resource: tables.map((resource) => names.arn('glue', resource)),
    },
  ]
}

/** The machines that commands start; those that are not configured are left out. */
function startable(names: Names, resources: readonly AwsResource[]): MachineName[] {
  const machines = ['worker', 'backfill', 'crawl'] as const
  return machines.filter((machine) => resources.some(({ name }) => name === names.stateMachine(machine)))
}

function runStatements(names: Names, resources: readonly AwsResource[]): Statement[] {
  const machines = startable(names, resources)
  const executions = machines.map((machine) =>
    names.arn('states', `execution:${names.stateMachine(machine)}:*`),
  )
  const arns = machines.map((machine) => names.stateMachineArn(machine))
  const crawls: Statement = {
    Sid: 'Crawls',
    Effect: 'Allow',
    Action: 'glue:ListCrawls',
    Resource: names.arn('glue', `crawler/${names.crawler}`),
  }
  const progress: Statement = {
    Sid: 'BackfillProgress',
    Effect: 'Allow',
    Action: 'states:DescribeMapRun',
    Resource: names.arn('states', `mapRun:${names.stateMachine('backfill')}/${MAP_LABEL}:*`),
  }
  return [
    {
      Sid: 'Run',
      Effect: 'Allow',
      Action: ['states:ListExecutions', 'states:StartExecution'],
      Resource: arns,
    },
    {
      Sid: 'Watch',
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:ListMapRuns'],
      Resource: executions,
    },
    ...(machines.includes('backfill') ? [progress] : []),
    ...(machines.includes('crawl') ? [crawls] : []),
  ]
}

/** `datasync run|status`, where it is configured. */
function dataSyncStatements(names: Names, resources: readonly AwsResource[]): Statement[] {
  if (!resources.some(({ type }) => type === 'AWS::DataSync::Task')) return []
  return [
    {
      Sid: 'Copy',
      Effect: 'Allow',
      Action: 'datasync:StartTaskExecution',
      Resource: names.arn('datasync', 'task/*'),
      Condition: ours(names),
    },
    {
      Sid: 'WatchCopying',
      Effect: 'Allow',
      Action: 'datasync:DescribeTaskExecution',
      Resource: names.arn('datasync', 'task/*/execution/*'),
    },
    { Sid: 'Copied', Effect: 'Allow', Action: 'datasync:ListTaskExecutions', Resource: '*' },
  ]
}

/** `dlq list|redrive|purge`: reading a message hides it for a while and then releases it; only handled ones are deleted. */
function failedFiles(names: Names): Statement[] {
  return [
    {
      Sid: 'FailedFiles',
      Effect: 'Allow',
      Action: [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:PurgeQueue',
        'sqs:ReceiveMessage',
      ],
      Resource: names.arn('sqs', names.queue('failed')),
    },
  ]
}
