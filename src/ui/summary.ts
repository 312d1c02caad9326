import { formatDuration, formatValue, plural } from './format.js'
import type { ChangeCounts } from './plan.js'

export interface ApplySummary {
  changes: ChangeCounts
  /** Names to values. */
  outputs: object
  apiCalls: number
  durationMs: number
}

/** The end of `up`: what was done, how long it took, and the outputs, also when nothing changed. */
export function renderSummary({ apiCalls, changes, durationMs, outputs }: ApplySummary): string {
  const entries = Object.entries(outputs)
  const width = Math.max(0, ...entries.map(([name]) => name.length))
  const lines = entries.map(([name, value]) => `  ${name.padEnd(width)}  ${outputText(value)}`)
  const took = `${formatDuration(durationMs)}, ${plural(apiCalls, 'API call')}`
  return [...(lines.length === 0 ? [] : ['Outputs', ...lines, '']), `${changesText(changes)} (${took})`].join(
    '\n',
  )
}

function changesText(changes: ChangeCounts): string {
  const { unchanged, ...others } = changes
  const done = Object.entries(others).filter(([, count]) => count > 0)
  if (done.length === 0) return `Nothing changed: ${plural(unchanged, 'resource')} as they should be.`
  return `${done.map(([what, count]) => `${count} ${what}`).join(', ')}, ${unchanged} unchanged.`
}

function outputText(value: unknown): string {
  return typeof value === 'string' ? value : formatValue(value, Number.POSITIVE_INFINITY)
}
