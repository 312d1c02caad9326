import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument, type Statement } from '../../aws/policy.js'

/** Where in the artifacts bucket the reports of the executions are. */
export const REPORT_PREFIX = 'datasync/reports'

/** Who may become the role: DataSync, for its resources of this account and region (spec §6). */
export function datasyncTrust(names: Names): PolicyDocument {
  return trust('datasync.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    StringLike: { 'aws:SourceArn': names.arn('datasync', '*') },
  })
}

export interface DatasyncRoleOptions {
  /** The environment's key. */
  keyArn: string
  /** Whether executions leave a report. */
  report: boolean
  /** The secret with the password of an SMB user, and its key when that is not the AWS managed one. */
  secret?: { arn: string; keyArn?: string | undefined }
}

/**
 * What DataSync does for us (spec §6.8): writes to the inbox and writes reports, nothing else in these buckets. It may
 * delete nothing, because the task never does: `PreserveDeletedFiles: PRESERVE`.
 */
export function datasyncRolePolicy(names: Names, options: DatasyncRoleOptions): PolicyDocument {
  const { keyArn, report, secret } = options
  const s3 = `s3.${names.place.region}.amazonaws.com`
  const buckets = [names.bucketArn('raw'), ...(report ? [names.bucketArn('artifacts')] : [])]
  return policy(
    {
      Sid: 'Buckets',
      Effect: 'Allow',
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      Resource: buckets,
    },
    {
      Sid: 'Inbox',
      Effect: 'Allow',
      Action: [
        's3:GetObject',
        's3:PutObject',
        's3:GetObjectTagging',
        's3:PutObjectTagging',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      Resource: `${names.bucketArn('raw')}/inbox/*`,
    },
    ...(report ? [reports(names)] : []),
    {
      Sid: 'Key',
      Effect: 'Allow',
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey'],
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': s3 } },
    },
    { Sid: 'KeyState', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: keyArn },
    ...(secret === undefined ? [] : secretStatements(names, secret)),
  )
}

function reports(names: Names): Statement {
  return {
    Sid: 'Reports',
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
    Resource: `${names.bucketArn('artifacts')}/${REPORT_PREFIX}/*`,
  }
}

function secretStatements(
  names: Names,
  { arn, keyArn }: NonNullable<DatasyncRoleOptions['secret']>,
): Statement[] {
  const read: Statement = {
    Sid: 'Secret',
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
    Resource: arn,
  }
  if (keyArn === undefined) return [read]
  return [
    read,
    {
      Sid: 'SecretKey',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: keyArn,
      Condition: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${names.place.region}.amazonaws.com` },
      },
    },
  ]
}

/** On the log group: DataSync writes to it by itself, with no role in between (spec §12). */
export function datasyncLogPolicy(names: Names): PolicyDocument {
  return policy({
    Sid: 'DataSyncLogs',
    Effect: 'Allow',
    Principal: { Service: 'datasync.amazonaws.com' },
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: `${names.arn('logs', `log-group:${names.logGroup('datasync')}`)}:*`,
    Condition: {
      StringEquals: { 'aws:SourceAccount': names.place.account },
      ArnLike: { 'aws:SourceArn': names.arn('datasync', 'task/*') },
    },
  })
}
