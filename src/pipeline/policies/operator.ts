import type { Names } from '../../aws/names.js'
import type { Statement } from '../../aws/policy.js'
import type { AwsResource } from '../../resources/resource.js'
import { deployerGrants } from './deployer.js'
import { toStatements } from './deployer-statements.js'
import { ours } from './deployer-tagged.js'
import { keyThroughS3 } from './upload.js'

const READS = /^[a-z0-9-]+:(BatchGet|Describe|Get|List)/

/**
 * Whoever runs `run`, `status`, `plan` and `query`: reads what the deployer may write, starts the worker, asks Athena. It
 * changes neither resources nor data.
 */
export function operatorStatements(names: Names, resources: readonly AwsResource[]): Statement[] {
  const reads = deployerGrants(names, resources).filter(({ action }) => READS.test(action))
  const executions = names.arn('states', `execution:${names.stateMachine('worker')}:*`)
  const catalog = ['catalog', `database/${names.database}`, `table/${names.database}/*`]
  const data = [names.bucketArn('raw'), names.bucketArn('transformed')]
  const results = names.bucketArn('artifacts')
  return [
    ...toStatements(reads),
    {
      Sid: 'Run',
      Effect: 'Allow',
      Action: 'states:StartExecution',
      Resource: names.stateMachineArn('worker'),
    },
    {
      Sid: 'Watch',
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:GetExecutionHistory'],
      Resource: executions,
    },
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
      // Step Functions asks for it when the machine or the execution is encrypted (spec §6.10).
      Sid: 'KeyThroughStepFunctions',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: names.arn('kms', 'key/*'),
      Condition: ours(names),
    },
  ]
}
