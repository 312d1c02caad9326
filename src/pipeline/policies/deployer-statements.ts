import type { Statement } from '../../aws/policy.js'
import { canonical } from '../../engine/change.js'
import type { Grant } from './deployer-tagged.js'

interface Group {
  service: string
  condition: Statement['Condition']
  resources: string[]
  actions: string[]
}

/**
 * As few statements as say the same: what is granted under the same condition on the same resources stands together.
 * Statements of different services stay apart, except those on `*` without a condition. Sorted, so that the same grants
 * always give the same text.
 */
export function toStatements(grants: readonly Grant[]): Statement[] {
  const groups = new Map<string, Group>()
  for (const { action, condition, resources } of merged(grants)) {
    const service = isOpen(resources, condition) ? '' : (action.split(':')[0] ?? '')
    const key = canonical([service, condition ?? null, resources])
    const group = groups.get(key) ?? { service, condition, resources: [...resources], actions: [] }
    group.actions.push(action)
    groups.set(key, group)
  }
  const counts = new Map<string, number>()
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { actions, condition, resources, service }]) => {
      const count = (counts.get(service) ?? 0) + 1
      counts.set(service, count)
      return {
        Sid:
          service === ''
            ? 'WithoutResource'
            : `${service.charAt(0).toUpperCase()}${service.slice(1)}No${count}`,
        Effect: 'Allow',
        Action: single(actions.sort()),
        Resource: single(resources),
        ...(condition === undefined ? {} : { Condition: condition }),
      }
    })
}

/** One grant for each action and condition, on all its resources; without what another of them contains. */
function merged(grants: readonly Grant[]): Grant[] {
  const found = new Map<string, Grant & { resources: string[] }>()
  for (const { action, condition, resources } of grants) {
    const key = canonical([action, condition ?? null])
    const known = found.get(key)
    if (known === undefined) found.set(key, { action, condition, resources: [...resources] })
    else known.resources.push(...resources)
  }
  return [...found.values()].map((grant) => ({ ...grant, resources: distinct(grant.resources) }))
}

function distinct(resources: readonly string[]): string[] {
  const unique = [...new Set(resources)].sort()
  const containers = unique.filter((arn) => arn.endsWith('*'))
  return unique.filter(
    (arn) => !containers.some((container) => container !== arn && arn.startsWith(container.slice(0, -1))),
  )
}

function isOpen(resources: readonly string[], condition: Grant['condition']): boolean {
  return condition === undefined && resources.length === 1 && resources[0] === '*'
}

function single(values: string[]): string | string[] {
  const [first] = values
  return values.length === 1 && first !== undefined ? first : values
}
