import type { Dataset } from '../../config/dataset.js'
import { checkTitle, type CheckConfig } from '../../config/dataset/checks.js'
import { durationMs } from '../../config/dataset/duration.js'
import { columnName } from '../header.js'

export type Severity = 'warn' | 'reject' | 'fail'

/** A check of a dataset, its columns under their table names. */
export type Check = { name: string; severity: Severity } & (
  | { kind: 'sql'; sql: string }
  | { kind: 'not_null' | 'unique'; columns: string[] }
  | { kind: 'row_count'; min: number | undefined; max: number | undefined }
  | { kind: 'freshness'; column: string; withinMs: number; within: string }
)

/** A check about single rows. */
export type RowCheck = Extract<Check, { kind: 'sql' | 'not_null' | 'unique' }>

export function checksOf({ checks }: Pick<Dataset, 'checks'>): Check[] {
  return checks.map((check) => ({ name: checkTitle(check), ...checkOf(check) }))
}

type Unnamed = Check extends infer Each ? (Each extends Check ? Omit<Each, 'name'> : never) : never

function checkOf(check: CheckConfig): Unnamed {
  if (typeof check === 'string') return { kind: 'sql', severity: 'reject', sql: check }
  const { severity } = check
  if ('sql' in check) return { kind: 'sql', severity, sql: check.sql }
  if ('not_null' in check) return { kind: 'not_null', severity, columns: named(check.not_null) }
  if ('unique' in check) return { kind: 'unique', severity, columns: named(check.unique) }
  if ('row_count' in check)
    return { kind: 'row_count', severity, min: check.row_count.min, max: check.row_count.max }
  const { column, within } = check.freshness
  return { kind: 'freshness', severity, column: columnName(column), within, withinMs: durationMs(within) }
}

function named(columns: string | string[]): string[] {
  return [...new Set([columns].flat().map(columnName))]
}
