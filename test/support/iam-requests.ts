import type { ApiCall } from '../../src/aws/clients.js'
import type { Names } from '../../src/aws/names.js'
import { fromTagList, type Tags } from '../../src/aws/tags.js'
import type { Facts } from './iam-recording.js'
import { dataSyncRequests } from './iam-requests-datasync.js'
import { ec2Requests } from './iam-requests-ec2.js'
import { s3Requests } from './iam-requests-s3.js'
import { named, type Input } from './iam-requests-named.js'
import type { IamRequest } from './iam-simulator.js'

/** Names of the services in IAM, where the SDK calls them otherwise. */
const PREFIXES: Readonly<Record<string, string>> = {
  CloudWatchLogs: 'logs',
  EventBridge: 'events',
  ResourceGroupsTaggingAPI: 'tag',
  SFN: 'states',
}

/** Calls that are authorised as another action than they are named. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'athena:GetQueryResultsStream': 'athena:GetQueryResults',
  'sqs:ChangeMessageVisibilityBatch': 'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
  'sqs:SendMessageBatch': 'sqs:SendMessage',
  'budgets:DescribeBudget': 'budgets:ViewBudget',
  'budgets:DescribeNotificationsForBudget': 'budgets:ViewBudget',
  'budgets:DescribeSubscribersForNotification': 'budgets:ViewBudget',
  'budgets:CreateBudget': 'budgets:ModifyBudget',
  'budgets:UpdateBudget': 'budgets:ModifyBudget',
  'budgets:DeleteBudget': 'budgets:ModifyBudget',
  'budgets:CreateNotification': 'budgets:ModifyBudget',
  'budgets:UpdateNotification': 'budgets:ModifyBudget',
  'budgets:DeleteNotification': 'budgets:ModifyBudget',
  'budgets:CreateSubscriber': 'budgets:ModifyBudget',
  'budgets:DeleteSubscriber': 'budgets:ModifyBudget',
}

/**
 * What IAM is asked for one call of the SDK: the action itself on each resource that it touches, and what AWS asks beside,
 * such as passing a role, tagging what is created, and using the key.
 * @throws Error for a call that nobody has said this of; the simulator throws for actions that IAM does not know
 */
export function requestsOf(call: ApiCall, names: Names, facts: Facts): IamRequest[] {
  const requests = lookUp(call, names, facts)
  for (const { action, resource } of requests) {
    if (/undefined|\[object/.test(resource))
      throw new Error(`What does ${action} work on? ${JSON.stringify(call.input)}`)
  }
  return requests
}

function lookUp(call: ApiCall, names: Names, facts: Facts): IamRequest[] {
  const input = call.input as Input
  if (call.service === 'S3' || call.service === 'Upload')
    return s3Requests(call.operation, input, names, facts)
  if (call.service === 'EC2') return ec2Requests(call.operation, input, names, facts)
  if (call.service === 'KMS') return kmsRequests(call.operation, input, names, facts)
  if (call.service === 'DataSync') return dataSyncRequests(call.operation, input, names, facts)
  const prefix = PREFIXES[call.service] ?? call.service.toLowerCase()
  const action = `${prefix}:${call.operation}`
  return named(OTHERWISE[action] ?? action, input, names, keyOf(names, facts))
}

function kmsRequests(operation: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const action = `kms:${operation}`
  if (operation === 'ListKeys' || operation === 'ListAliases') return [{ action, resource: '*' }]
  if (operation === 'CreateKey') {
    const context = requestTags(fromTagList(input.Tags as []))
    return [
      { action, resource: '*', context },
      { action: 'kms:TagResource', resource: names.arn('kms', 'key/being-created'), context },
    ]
  }
  const alias = input.AliasName as string | undefined
  const named = (input.TargetKeyId ?? input.KeyId ?? alias) as string
  const id = facts.aliases.get(named) ?? named.replace(/^arn:.*:key\//, '')
  // An alias that does not exist is answered with NotFoundException, before IAM has a key to be asked about.
  const onKey = id.startsWith('alias/')
    ? []
    : [{ action, resource: names.arn('kms', `key/${id}`), context: resourceTags(facts, id) }]
  return [...onKey, ...(alias === undefined ? [] : [{ action, resource: names.arn('kms', alias) }])]
}

/** The environment's key as a request for it looks like. */
export function keyOf(names: Names, facts: Facts): Pick<IamRequest, 'resource' | 'context'> {
  const id = facts.aliases.get(names.keyAlias) ?? 'unknown'
  return { resource: names.arn('kms', `key/${id}`), context: resourceTags(facts, id) }
}

export function requestTags(tags: Tags): Record<string, string | string[]> {
  const entries = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value] as const)
  return { ...Object.fromEntries(entries), 'aws:TagKeys': Object.keys(tags) }
}

export function resourceTags(facts: Facts, id: string): Record<string, string> {
  const entries = Object.entries(facts.tags.get(id) ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
}
