import type { Names } from '../../aws/names.js'
import { policy, type PolicyDocument, type Statement } from '../../aws/policy.js'

function tlsOnly(action: string, resource: string): Statement {
  return {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
}

/** Failed files: written by the worker's role through its identity policy, so the queue itself only demands TLS (spec §10.1). */
export function failedQueuePolicy(names: Names): PolicyDocument {
  return policy(tlsOnly('sqs:*', names.arn('sqs', names.queue('failed'))))
}

/** Events that EventBridge could not deliver; it writes as a service, so the queue must allow it (spec §9.1, §10.1). */
export function eventsDlqPolicy(names: Names): PolicyDocument {
  const queue = names.arn('sqs', names.queue('events-dlq'))
  return policy(
    {
      Sid: 'Events',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue,
      Condition: {
        ArnEquals: { 'aws:SourceArn': names.arn('events', `rule/${names.rule}`) },
        StringEquals: { 'aws:SourceAccount': names.place.account },
      },
    },
    tlsOnly('sqs:*', queue),
  )
}

export interface TopicPolicyOptions {
  /** AWS Budgets writes to the topic. */
  budgets?: boolean
}

/** The alerts topic (spec §10.1). */
export function topicPolicy(names: Names, { budgets = false }: TopicPolicyOptions = {}): PolicyDocument {
  const topic = names.arn('sns', names.topic)
  const { account } = names.place
  const publisher = (sid: string, service: string, source: string): Statement => ({
    Sid: sid,
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sns:Publish',
    Resource: topic,
    Condition: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': source } },
  })
  return policy(
    {
      Sid: 'Owner',
      Effect: 'Allow',
      Principal: { AWS: `arn:${names.partition}:iam::${account}:root` },
      Action: [
        'sns:GetTopicAttributes',
        'sns:SetTopicAttributes',
        'sns:AddPermission',
        'sns:RemovePermission',
        'sns:DeleteTopic',
        'sns:Subscribe',
        'sns:ListSubscriptionsByTopic',
        'sns:Publish',
      ],
      Resource: topic,
    },
    publisher('Alarms', 'cloudwatch.amazonaws.com', names.arn('cloudwatch', `alarm:${names.stem}-*`)),
    publisher('Events', 'events.amazonaws.com', names.arn('events', `rule/${names.stem}-*`)),
    ...(budgets ? [publisher('Budgets', 'budgets.amazonaws.com', names.budgetArns)] : []),
    tlsOnly('sns:Publish', topic),
  )
}
