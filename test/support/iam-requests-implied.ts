import { fromTagList } from '../../src/aws/tags.js'
import { requestTags } from './iam-requests.js'
import type { Input } from './iam-requests-named.js'
import type { IamRequest } from './iam-simulator.js'

/** Calls that can tag what they create, and the action that this is authorised as. */
const TAG_ACTIONS: Readonly<Record<string, string>> = {
  cloudwatch: 'TagResource',
  scheduler: 'TagResource',
  athena: 'TagResource',
  ecr: 'TagResource',
  ecs: 'TagResource',
  events: 'TagResource',
  glue: 'TagResource',
  iam: 'TagRole',
  logs: 'TagResource',
  sns: 'TagResource',
  sqs: 'TagQueue',
  states: 'TagResource',
  budgets: 'TagResource',
  datasync: 'TagResource',
}

/** Services that roles are passed to, by the services that they are passed through. */
const PASSED_TO: Readonly<Record<string, string>> = {
  codebuild: 'codebuild',
  datasync: 'datasync',
  ecs: 'ecs-tasks',
  events: 'events',
  glue: 'glue',
  scheduler: 'scheduler',
  states: 'states',
}

export type Key = Pick<IamRequest, 'resource' | 'context'>

export function tagsOf(input: Input): Record<string, string> | undefined {
  const tags = input.Tags ?? input.tags ?? input.ResourceTags
  if (tags === undefined) return undefined
  return Array.isArray(tags) ? fromTagList(tags as []) : (tags as Record<string, string>)
}

/** Tagging what is created, which is authorised for itself. */
export function tagging(
  service: string,
  operation: string,
  input: Input,
  resources: readonly string[],
): IamRequest[] {
  const tags = tagsOf(input)
  const tagAction = TAG_ACTIONS[service]
  if (tags === undefined || tagAction === undefined || /^(Tag|Untag)/.test(operation)) return []
  const context = { ...requestTags(tags), ...(service === 'ecs' ? { 'ecs:CreateAction': operation } : {}) }
  // Glue tags the database, not the catalog that it lies in; DataSync what is being created, not what it refers to.
  const tagged = operation === 'CreateDatabase' ? resources.slice(1, 2) : resources
  return tagged.map((resource) => ({ action: `${service}:${tagAction}`, resource, context }))
}

/**
 * Every role that the call hands over to a service.
 * @throws Error for a service that nobody has said anything of
 */
export function passing(service: string, input: Input): IamRequest[] {
  if (service === 'iam') return []
  return [...new Set(rolesIn(input))].map((resource) => {
    const to = PASSED_TO[service]
    if (to === undefined) throw new Error(`Which service gets ${resource} through ${service}?`)
    return { action: 'iam:PassRole', resource, context: { 'iam:PassedToService': `${to}.amazonaws.com` } }
  })
}

/** ARNs of roles, however deep. */
function rolesIn(value: unknown): string[] {
  if (typeof value === 'string') return /^arn:[a-z-]+:iam::\d{12}:role\/[^*]+$/.test(value) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(rolesIn) : []
}

/** With an encrypted state machine, repository or queue (spec §6.10, §7.1). */
export function keyUse(service: string, operation: string, input: Input, key: Key): IamRequest[] {
  const use = (...actions: string[]) => actions.map((action) => ({ action: `kms:${action}`, ...key }))
  if (service === 'states') {
    if (/^(Create|Update)StateMachine$/.test(operation)) return use('DescribeKey', 'GenerateDataKey')
    const reads = /^(DescribeStateMachine|DescribeExecution|GetExecutionHistory)$/.test(operation)
    return reads && input.includedData !== 'METADATA_ONLY' ? use('Decrypt') : []
  }
  if (service === 'sqs' && operation === 'ReceiveMessage') return use('Decrypt')
  if (service !== 'ecr' || operation !== 'CreateRepository') return []
  const grant = { action: 'kms:CreateGrant', ...key }
  return [
    ...use('DescribeKey'),
    { ...grant, context: { ...key.context, 'kms:GrantIsForAWSResource': 'true' } },
  ]
}
