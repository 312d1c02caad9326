import type { Change } from '../engine/change.js'
import type { Action } from '../engine/resource.js'
import { formatUsd, formatValue } from './format.js'
import type { Colors } from './reporter.js'

/** One resource of a plan, as `plan --json` has it. */
export interface PlannedResource {
  id: string
  type: string
  action: Action
  diff: Change[]
}

export interface ChangeCounts {
  created: number
  updated: number
  replaced: number
  deleted: number
  unchanged: number
}

export interface PlanCost {
  idleMonthlyUsd: number
  items: { item: string; monthlyUsd: number }[]
  /** USD per GB of each size of files. */
  processing?: { usdPerGb: number }[]
}

const MARKS: Record<Action, string> = {
  create: '+',
  update: '~',
  replace: '-/+',
  delete: '-',
  unchanged: ' ',
}

/** The plan as a person reads it: what changes, property by property, then the sum and the cost. */
export function renderPlan(resources: readonly PlannedResource[], cost: PlanCost, colors: Colors): string {
  const changing = resources.filter(({ action }) => action !== 'unchanged')
  const parts = changing.map((resource) => renderResource(resource, colors))
  return [...parts, summaryLine(countPlan(resources)), '', renderCost(cost)].join('\n')
}

/** How many resources a plan would create, update, replace, delete and leave. */
export function countPlan(resources: readonly PlannedResource[]): ChangeCounts {
  const count = (wanted: Action) => resources.filter(({ action }) => action === wanted).length
  return {
    created: count('create'),
    updated: count('update'),
    replaced: count('replace'),
    deleted: count('delete'),
    unchanged: count('unchanged'),
  }
}

/** `network.cidr, tags.Name` of a change list, after a colon; nothing when there are no changes. */
export function changeNames(changes: readonly Change[]): string {
  return changes.length === 0 ? '' : `: ${changes.map(({ path }) => path).join(', ')}`
}

/** What an idle month costs, item by item, and what a GB costs. */
export function renderCost(cost: PlanCost): string {
  const items = cost.items.map(({ item, monthlyUsd }) => `  ${formatUsd(monthlyUsd).padStart(9)}  ${item}`)
  return [
    `Idle, this environment costs about ${formatUsd(cost.idleMonthlyUsd)} a month.`,
    ...items,
    ...(cost.processing === undefined ? [] : [processingLine(cost.processing)]),
  ].join('\n')
}

/** Of all sizes of files, the cheapest and the dearest. */
export function processingLine(processing: readonly { usdPerGb: number }[]): string {
  const prices = processing.map(({ usdPerGb }) => usdPerGb)
  const usd = (amount: number) => `$${amount.toFixed(4)}`
  return `Processing costs about ${usd(Math.min(...prices))} to ${usd(Math.max(...prices))} per GB; \`datapipe cost\` says for which files.`
}

function renderResource({ action, diff, id, type }: PlannedResource, colors: Colors): string {
  const paint = painter(action, colors)
  const head = `${paint(`${MARKS[action]} ${action}`)} ${id} ${colors.dim(`(${type})`)}`
  // Of something new, every property is new: the id and the type say enough.
  const shown = action === 'create' || action === 'delete' ? [] : diff
  const lines = shown.map(({ from, path, replaces, to }) => {
    const why = replaces ? '  (cannot change in place)' : ''
    return `    ${path}: ${formatValue(from)} -> ${formatValue(to)}${why}`
  })
  return [head, ...lines].join('\n')
}

function summaryLine({ created, deleted, replaced, unchanged, updated }: ChangeCounts): string {
  if (created + deleted + replaced + updated === 0) return 'Nothing to do: everything is as it should be.'
  return `\n${created} to create, ${updated} to update, ${replaced} to replace, ${deleted} to delete, ${unchanged} unchanged.`
}

function painter(action: Action, colors: Colors): (text: string) => string {
  switch (action) {
    case 'create':
      return colors.green
    case 'update':
      return colors.yellow
    case 'replace':
    case 'delete':
      return colors.red
    case 'unchanged':
      return colors.dim
  }
}
