import type { Names } from '../../src/aws/names.js'
import type { Facts } from './iam-recording.js'
import { passing, tagsOf } from './iam-requests-implied.js'
import { requestTags, resourceTags } from './iam-requests.js'
import type { Input } from './iam-requests-named.js'
import type { IamRequest } from './iam-simulator.js'

const CREATED = /^Create(Agent|Location|Task)/

/**
 * DataSync knows what exists by its tags. An execution carries none: it does not get those of its task.
 */
export function dataSyncRequests(operation: string, input: Input, names: Names, facts: Facts): IamRequest[] {
  const action = `datasync:${operation}`
  if (operation.startsWith('List') && operation !== 'ListTagsForResource') return [{ action, resource: '*' }]
  const [, created] = CREATED.exec(operation) ?? []
  const passed = passing('datasync', input)
  const on = (arn: string, more = {}): IamRequest => ({
    action,
    resource: arn,
    context: { ...resourceTags(facts, arn), ...more },
  })
  if (created === undefined) return [on(arnIn(operation, input), requested(input)), ...passed]
  const tags = requested(input)
  const resource = names.arn('datasync', `${created.toLowerCase()}/being-created`)
  const referred = created === 'Task' ? [input.SourceLocationArn, input.DestinationLocationArn] : []
  return [
    // A task is authorised on its locations only.
    ...(created === 'Task' ? [] : [{ action, resource: '*', context: tags }]),
    ...(referred as string[]).map((arn) => on(arn, tags)),
    { action: 'datasync:TagResource', resource, context: tags },
    ...passed,
  ]
}

function requested(input: Input): Record<string, string | string[]> {
  const tags = tagsOf(input)
  return tags === undefined ? {} : requestTags(tags)
}

function arnIn(operation: string, input: Input): string {
  const arn =
    input.ResourceArn ?? input.TaskExecutionArn ?? input.TaskArn ?? input.LocationArn ?? input.AgentArn
  if (typeof arn !== 'string') throw new Error(`What does datasync:${operation} work on?`)
  return arn
}
