import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument, type Statement } from '../../aws/policy.js'
import { observability } from './orchestration-roles.js'

/** Which of the things that share the role exist. */
export interface GlueUses {
  crawler: boolean
  spark: boolean
}

/** Prefix in the artifacts bucket with the scripts of Spark jobs. */
export const SCRIPTS_PREFIX = 'scripts/'
/** Prefix in the artifacts bucket for what a Spark run writes for itself. */
export const SPARK_TEMP_PREFIX = 'spark-temp/'

/** Who may become the role of crawler and job: Glue, for this account. Glue names no source that could be narrowed to. */
export function glueTrust(names: Names): PolicyDocument {
  return trust('glue.amazonaws.com', { StringEquals: { 'aws:SourceAccount': names.place.account } })
}

/** What crawler and job call (spec §6.6). AWS's own AWSGlueServiceRole allows `glue:*` and is not attached. */
export function glueRolePolicy(names: Names, keyArn: string, uses: GlueUses): PolicyDocument {
  return policy(
    {
      // Crawler and job read how they must encrypt; Glue knows no narrower resource for it.
      Sid: 'Encryption',
      Effect: 'Allow',
      Action: 'glue:GetSecurityConfiguration',
      Resource: '*',
    },
    {
      Sid: 'Catalog',
      Effect: 'Allow',
      Action: [
        'glue:GetDatabase',
        'glue:GetTable',
        'glue:GetTables',
        'glue:CreateTable',
        'glue:UpdateTable',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:BatchGetPartition',
        'glue:CreatePartition',
        'glue:BatchCreatePartition',
        'glue:UpdatePartition',
        'glue:DeletePartition',
      ],
      // A Glue call is authorised on the catalog, the database and the table: all three ARNs are needed.
      Resource: [
        names.arn('glue', 'catalog'),
        names.arn('glue', `database/${names.database}`),
        names.arn('glue', `table/${names.database}/*`),
      ],
    },
    {
      Sid: 'ReadTransformed',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: `${names.bucketArn('transformed')}/*`,
    },
    {
      Sid: 'List',
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: [
        names.bucketArn('transformed'),
        ...(uses.spark ? [names.bucketArn('raw'), names.bucketArn('artifacts')] : []),
      ],
    },
    ...(uses.spark ? sparkStatements(names) : []),
    {
      // Without AssociateKmsKey nothing is logged under a security configuration, and nobody says so (spec §6.6).
      Sid: 'Logs',
      Effect: 'Allow',
      Action: ['logs:AssociateKmsKey', 'logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: uses.spark
        ? [
            names.arn('logs', 'log-group:/aws-glue/*'),
            names.arn('logs', `log-group:${names.sparkLogPrefix}/*`),
          ]
        : names.arn('logs', 'log-group:/aws-glue/*'),
    },
    {
      Sid: 'Metrics',
      Effect: 'Allow',
      Action: 'cloudwatch:PutMetricData',
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': 'Glue' } },
    },
    {
      // Not through S3 alone: Glue also encrypts what its workers keep on their disks.
      Sid: 'Key',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
      Resource: keyArn,
    },
  )
}

function sparkStatements(names: Names): Statement[] {
  const artifacts = names.bucketArn('artifacts')
  return [
    {
      // Spark asks for these two whenever it opens the catalog, and fails when it may not.
      Sid: 'SparkCatalog',
      Effect: 'Allow',
      Action: 'glue:GetDatabase',
      Resource: [names.arn('glue', 'database/default'), names.arn('glue', 'database/global_temp')],
    },
    {
      Sid: 'ReadRaw',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: `${names.bucketArn('raw')}/*`,
    },
    {
      Sid: 'WriteTransformed',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      Resource: `${names.bucketArn('transformed')}/*`,
    },
    {
      Sid: 'ReadScript',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: `${artifacts}/${SCRIPTS_PREFIX}*`,
    },
    {
      Sid: 'Temp',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      Resource: `${artifacts}/${SPARK_TEMP_PREFIX}*`,
    },
  ]
}

/** The crawl state machine: starts the crawler and looks at it, nothing else. */
export function crawlRolePolicy(names: Names, keyArn: string): PolicyDocument {
  return policy(
    {
      Sid: 'Crawl',
      Effect: 'Allow',
      Action: ['glue:StartCrawler', 'glue:GetCrawler'],
      Resource: names.arn('glue', `crawler/${names.crawler}`),
    },
    ...observability(names, 'crawl', keyArn),
  )
}
