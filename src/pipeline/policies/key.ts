import type { Names } from '../../aws/names.js'
import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'

/** What has a part in the key's policy only where it is on. */
export interface KeyPolicyOptions {
  /** Crawler or Spark job. */
  glue?: boolean
  /** AWS Budgets writes to the topic. */
  budgets?: boolean
}

/**
 * The policy of the environment's KMS key (spec §4). It names no role: IAM is delegated to through the account root, so a
 * role may come and go without leaving a dead principal behind.
 */
export function keyPolicy(names: Names, options: KeyPolicyOptions = {}): PolicyDocument {
  const { account, region } = names.place
  return {
    ...policy(
      {
        Sid: 'RootDelegatesToIam',
        Effect: 'Allow',
        Principal: { AWS: `arn:${names.partition}:iam::${account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'CloudWatchLogsGroups',
        Effect: 'Allow',
        Principal: { Service: `logs.${region}.amazonaws.com` },
        Action: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        Resource: '*',
        Condition: {
          // The context value is the ARN of the group without the trailing `:*`.
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': [
              names.arn('logs', `log-group:${names.logGroup('ecs').replace(/ecs$/, '*')}`),
              names.arn('logs', `log-group:/aws/vendedlogs/states/${names.stem}-*`),
              // Glue makes its log groups itself, under names that it chooses.
              ...(options.glue === true ? [names.arn('logs', 'log-group:/aws-glue/*')] : []),
            ],
          },
        },
      },
      {
        Sid: 'SfnLogDelivery',
        Effect: 'Allow',
        Principal: { Service: 'delivery.logs.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: '*',
        Condition: { StringLike: { 'kms:EncryptionContext:SourceArn': names.arn('logs', '*') } },
      },
      {
        Sid: 'EventBridgeToDlqAndSns',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: ['kms:GenerateDataKey*', 'kms:Decrypt'],
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': names.arn('events', `rule/${names.stem}-*`) },
        },
      },
      {
        Sid: 'CloudWatchAlarmsToSns',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: ['kms:GenerateDataKey*', 'kms:Decrypt'],
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': names.arn('cloudwatch', `alarm:${names.stem}-*`) },
        },
      },
      ...(options.budgets === true ? [budgetsToSns(names)] : []),
    ),
    Id: names.stem,
  }
}

function budgetsToSns(names: Names): Statement {
  return {
    Sid: 'BudgetsToSns',
    Effect: 'Allow',
    Principal: { Service: 'budgets.amazonaws.com' },
    Action: ['kms:GenerateDataKey*', 'kms:Decrypt'],
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:SourceAccount': names.place.account },
      ArnLike: { 'aws:SourceArn': names.budgetArns },
    },
  }
}
