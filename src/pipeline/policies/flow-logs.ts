import type { Names } from '../../aws/names.js'
import type { Statement } from '../../aws/policy.js'

/**
 * What lets AWS deliver flow logs to our logs bucket. In our own policy: otherwise AWS adds the same to it when a flow log
 * is made, and every later plan would take it away again (spec §2.9, §5.5).
 */
export function flowLogDelivery(names: Names): Statement[] {
  const { account } = names.place
  const arn = names.bucketArn('logs')
  const principal = { Service: 'delivery.logs.amazonaws.com' }
  const source = { ArnLike: { 'aws:SourceArn': names.arn('logs', '*') } }
  return [
    {
      Sid: 'AWSLogDeliveryWrite',
      Effect: 'Allow',
      Principal: principal,
      Action: 's3:PutObject',
      Resource: `${arn}/AWSLogs/${account}/*`,
      Condition: {
        StringEquals: { 'aws:SourceAccount': account, 's3:x-amz-acl': 'bucket-owner-full-control' },
        ...source,
      },
    },
    {
      Sid: 'AWSLogDeliveryAclCheck',
      Effect: 'Allow',
      Principal: principal,
      Action: 's3:GetBucketAcl',
      Resource: arn,
      Condition: { StringEquals: { 'aws:SourceAccount': account }, ...source },
    },
  ]
}
