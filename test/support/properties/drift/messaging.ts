import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { SetTopicAttributesCommand, SNSClient, UntagResourceCommand } from '@aws-sdk/client-sns'
import { subscriberTag } from '../../../../src/resources/sns/subscriber-mark.js'
import { drift, type Drift } from '../drift.js'

const OTHER_KEY = 'arn:aws:kms:eu-north-1:123456789012:key/00000000-0000-0000-0000-000000000000'
const allow = (Action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'all', Effect: 'Allow', Principal: { AWS: '*' }, Action, Resource: '*' }],
  })

/** The policy goes along: the emulator forgets it when it is not told again. */
const queue = (purpose: 'failed' | 'events-dlq', path: string, attribute: Record<string, string>): Drift =>
  drift(`messaging/${purpose}`, path, async (world) => {
    const sqs = world.client(SQSClient)
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: world.aws.names.queue(purpose) }))
    const { Attributes: { Policy = '' } = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }),
    )
    return sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy, ...attribute } }))
  })

const topic = (path: string, AttributeName: string, AttributeValue: string): Drift =>
  drift('messaging/alerts', path, (world) =>
    world.client(SNSClient).send(
      new SetTopicAttributesCommand({
        TopicArn: world.id('messaging/alerts'),
        AttributeName,
        AttributeValue,
      }),
    ),
  )

const EMAIL = 'ops@example.com'

/** Queues and the topic. */
export const messagingDrift: Drift[] = [
  queue('failed', 'keyArn', { KmsMasterKeyId: OTHER_KEY }),
  queue('failed', 'keyReuseSeconds', { KmsDataKeyReusePeriodSeconds: '86400' }),
  queue('failed', 'retentionSeconds', { MessageRetentionPeriod: '60' }),
  queue('events-dlq', 'visibilitySeconds', { VisibilityTimeout: '0' }),
  queue('events-dlq', 'policy', { Policy: allow('sqs:SendMessage') }),
  topic('keyArn', 'KmsMasterKeyId', OTHER_KEY),
  topic('displayName', 'DisplayName', 'by hand'),
  topic('policy', 'Policy', allow('sns:Publish')),
  drift(`messaging/alerts/${EMAIL}`, 'mark', (world) =>
    world.client(SNSClient).send(
      new UntagResourceCommand({
        ResourceArn: world.id('messaging/alerts'),
        TagKeys: [subscriberTag(EMAIL)],
      }),
    ),
  ),
]
