import { formatElapsed, plural } from './format.js'
import type { InFlight, Result, RunKind, Tally } from './tally.js'

const VERBS: Record<RunKind, string> = { plan: 'read', apply: 'done', destroy: 'done' }

const IN_A_RUN: Record<Result, string> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
  unchanged: 'unchanged',
  deleted: 'deleted',
  absent: 'not there',
  scheduled: 'scheduled for deletion',
  retained: 'kept',
  blocked: 'blocked',
  failed: 'failed',
  skipped: 'skipped',
}

const IN_A_PLAN: Partial<Record<Result, string>> = {
  create: 'to create',
  update: 'to update',
  replace: 'to replace',
  delete: 'to delete',
}

/** `37 resources, 12 done` */
export function wholeTitle(tally: Tally): string {
  return `${plural(tally.total, 'resource')}, ${tally.results.size} ${VERBS[tally.kind]}`
}

/** `network: 2 created, 1 unchanged; vpc [12s], waiting for NAT gateway nat-1 [40s]` */
export function groupTitle(name: string, tally: Tally): string {
  const counts = new Map<Result, number>()
  for (const result of tally.results.values()) counts.set(result, (counts.get(result) ?? 0) + 1)
  const done = [...counts].map(([result, count]) => `${count} ${words(result, tally.kind)}`).join(', ')
  const doing = [...tally.inFlight.values()].map((resource) => inFlightText(resource, tally)).join(', ')
  return `${name}: ${[done, doing].filter((part) => part !== '').join('; ')}`
}

function words(result: Result, kind: RunKind): string {
  return (kind === 'plan' ? IN_A_PLAN[result] : undefined) ?? IN_A_RUN[result]
}

function inFlightText(resource: InFlight, tally: Tally): string {
  const what = resource.message ?? resource.id.slice(resource.id.indexOf('/') + 1)
  return `${what} [${formatElapsed(tally.elapsed(resource))}]`
}
