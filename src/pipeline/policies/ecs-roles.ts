import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument } from '../../aws/policy.js'
import { INBOX_PREFIX } from '../../transform/layout.js'
import { PII_KEY_OBJECT } from '../../transform/pii/key.js'

/** Who may become a task: ECS, for tasks of this account and region. */
export function ecsTrust(names: Names): PolicyDocument {
  return trust('ecs-tasks.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnLike: { 'aws:SourceArn': names.arn('ecs', '*') },
  })
}

/** What Fargate needs to start a task: the image and the log stream (spec §6.1). */
export function executionRolePolicy(names: Names): PolicyDocument {
  return policy(
    { Sid: 'EcrLogin', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'Image',
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
      Resource: names.arn('ecr', `repository/${names.repository}`),
    },
    {
      Sid: 'Logs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: names.arn('logs', `log-group:${names.logGroup('ecs')}:*`),
    },
  )
}

/**
 * What the transform itself calls (spec §6.2). `keyArn` is the environment's key.
 * @param options `hashes`: a dataset hashes personal data
 */
export function taskRolePolicy(
  names: Names,
  keyArn: string,
  { hashes = false }: { hashes?: boolean } = {},
): PolicyDocument {
  const raw = names.bucketArn('raw')
  const transformed = names.bucketArn('transformed')
  const artifacts = names.bucketArn('artifacts')
  return policy(
    {
      // Without s3:ListBucket a missing key is 403, not 404.
      Sid: 'List',
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: [raw, transformed, artifacts],
    },
    {
      Sid: 'ReadRaw',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: `${raw}/*`,
    },
    {
      // A file with too many bad rows is tagged; the object itself stays as it is.
      Sid: 'Quarantine',
      Effect: 'Allow',
      Action: [
        's3:GetObjectVersionTagging',
        's3:PutObjectVersionTagging',
        // Where it was the only tag.
        's3:DeleteObjectVersionTagging',
      ],
      Resource: `${raw}/${INBOX_PREFIX}/*`,
    },
    { Sid: 'ReadConfig', Effect: 'Allow', Action: 's3:GetObject', Resource: `${artifacts}/config/*` },
    ...(hashes
      ? [
          {
            Sid: 'ReadPiiKey',
            Effect: 'Allow' as const,
            Action: 's3:GetObject',
            Resource: `${artifacts}/${PII_KEY_OBJECT}`,
          },
        ]
      : []),
    {
      Sid: 'Transformed',
      Effect: 'Allow',
      Action: [
        's3:GetObject',
        's3:PutObject',
        's3:DeleteObject',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      Resource: `${transformed}/*`,
    },
    {
      Sid: 'Key',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': `s3.${names.place.region}.amazonaws.com` } },
    },
    {
      Sid: 'Catalog',
      Effect: 'Allow',
      Action: [
        'glue:GetTable',
        'glue:CreateTable',
        'glue:UpdateTable',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:BatchGetPartition',
        'glue:CreatePartition',
        'glue:BatchCreatePartition',
        'glue:UpdatePartition',
        'glue:DeletePartition',
        'glue:BatchDeletePartition',
        'glue:BatchUpdatePartition',
      ],
      // A Glue call is authorised on the catalog, the database and the table: all three ARNs are needed.
      Resource: [
        names.arn('glue', 'catalog'),
        names.arn('glue', `database/${names.database}`),
        names.arn('glue', `table/${names.database}/*`),
      ],
    },
    {
      Sid: 'Metrics',
      Effect: 'Allow',
      Action: 'cloudwatch:PutMetricData',
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': 'datapipe' } },
    },
  )
}
