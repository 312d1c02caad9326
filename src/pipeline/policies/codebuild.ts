import type { Names } from '../../aws/names.js'
import { policy, trust, type PolicyDocument } from '../../aws/policy.js'

/** Who may become the build: CodeBuild, for our project (spec §6). */
export function codeBuildTrust(names: Names): PolicyDocument {
  return trust('codebuild.amazonaws.com', {
    StringEquals: { 'aws:SourceAccount': names.place.account },
    ArnLike: { 'aws:SourceArn': names.arn('codebuild', `project/${names.imageProject}`) },
  })
}

/** What a build does: read its bundle, write its log, push to the one repository (spec §6.7). */
export function codeBuildRolePolicy(names: Names, keyArn: string): PolicyDocument {
  const artifacts = names.bucketArn('artifacts')
  return policy(
    {
      Sid: 'Logs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: names.arn('logs', `log-group:${names.codeBuildLogGroup}:*`),
    },
    {
      Sid: 'Source',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: `${artifacts}/source/*`,
    },
    {
      Sid: 'SourceBucket',
      Effect: 'Allow',
      Action: ['s3:GetBucketLocation', 's3:ListBucket'],
      Resource: artifacts,
    },
    { Sid: 'EcrLogin', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'Push',
      Effect: 'Allow',
      Action: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:InitiateLayerUpload',
        'ecr:UploadLayerPart',
        'ecr:CompleteLayerUpload',
        'ecr:PutImage',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
      ],
      Resource: names.arn('ecr', `repository/${names.repository}`),
    },
    {
      Sid: 'Key',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: keyArn,
    },
  )
}
