import type { PolicyDocument, Statement } from '../../aws/policy.js'
import { actionMatches, WILDCARDS, type Wildcard } from '../../pipeline/policies/wildcards.js'

/** A `*` in a policy: what may be done, on what, and why it must stay; no reason where the table has none. */
export interface UsedWildcard {
  actions: string[]
  resource: string
  reason: string | undefined
  limit: string | undefined
}

/**
 * The wildcards of a policy. `<bucket>/*`, and whatever else lies inside something that carries the environment's name,
 * is none: it reaches nothing of anybody else.
 * @param inside names of what belongs to the environment
 */
export function wildcardsIn(document: PolicyDocument, inside: readonly string[]): UsedWildcard[] {
  const used = new Map<string, UsedWildcard>()
  for (const { Action, Condition, Effect, Resource } of document.Statement) {
    if (Effect !== 'Allow') continue
    for (const resource of [Resource ?? '*'].flat().filter((arn) => isWildcard(arn, inside))) {
      for (const action of [Action].flat()) {
        const part = resource === '*' ? '*' : resource.split(':').slice(5).join(':')
        const known = wildcardFor(action, part, conditionKeys(Condition))
        const key =
          known === undefined ? `${action} ${part}` : `${known.reason} ${part} ${known.actions.join()}`
        const entry = used.get(key) ?? {
          actions: [],
          resource: part,
          reason: known?.reason,
          limit: known?.limit?.says,
        }
        if (!entry.actions.includes(action)) entry.actions.push(action)
        used.set(key, entry)
      }
    }
  }
  return [...used.values()]
}

function isWildcard(arn: string, inside: readonly string[]): boolean {
  const star = arn.search(/[*?]/)
  if (star === -1) return false
  const named = `/${arn.slice(0, star).split(':').slice(5).join(':')}`
  // A whole name, between separators: `role/dp-dev-*` is also that of an environment called dev-2.
  return !inside.some((name) =>
    ['/', ':'].some((end) => named.replaceAll(':', '/').includes(`/${name}${end}`.replaceAll(':', '/'))),
  )
}

function conditionKeys(condition: Statement['Condition']): string[] {
  return Object.entries(condition ?? {}).flatMap(([operator, values]) =>
    Object.keys(values).flatMap((key) => [key, `${operator} ${key}`]),
  )
}

/**
 * The entry of the table for an action on `*`, or on the resource part of an ARN; one that demands a condition before one
 * that demands none.
 */
function wildcardFor(action: string, resource: string, keys: readonly string[]): Wildcard | undefined {
  const candidates = WILDCARDS.filter(
    (wildcard) =>
      wildcard.actions.some((pattern) => actionMatches(pattern, action)) &&
      shapeMatches(wildcard.resource, resource),
  )
  const limited = candidates.find(
    ({ limit }) => limit !== undefined && keys.some((key) => key.startsWith(limit.key)),
  )
  return limited ?? candidates.find(({ limit }) => limit === undefined)
}

/** `<type>` and the like stand for any one word. */
function shapeMatches(shape: string, resource: string): boolean {
  const pattern = shape
    .split(/<[a-z]+>/)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\w.-]+')
  return new RegExp(`^${pattern}$`).test(resource)
}
