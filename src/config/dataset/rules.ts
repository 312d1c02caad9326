import type { Dataset } from '../dataset.js'
import { isEmptyRange, isOrdered, valueProblem } from './bounds.js'
import { checkTitle } from './checks.js'
import { columnConfig, type ColumnConfig } from './columns.js'

type Path = readonly PropertyKey[]
type Report = (path: Path, message: string) => void

/** What no schema of a single value can see in the columns and checks of a dataset. */
export function checkRules(path: Path, dataset: Dataset, report: Report): void {
  checkColumns([...path, 'columns'], dataset.columns, report)
  for (const [sheet, { columns }] of Object.entries(dataset.sheets ?? {}))
    checkColumns([...path, 'sheets', sheet, 'columns'], columns, report)
  checkChecks([...path, 'checks'], dataset, report)
}

function checkColumns(path: Path, columns: Dataset['columns'], report: Report): void {
  for (const [name, column] of Object.entries(columns ?? {})) {
    if (typeof column !== 'string') checkColumn([...path, name], columnConfig(column), report)
  }
}

function checkColumn(path: Path, column: ColumnConfig, report: Report): void {
  const { type, values, min, max, pattern, nan, nullable, optional } = column
  for (const [index, value] of (values ?? []).entries()) {
    const problem = valueProblem(type, value)
    if (problem !== undefined)
      report([...path, 'values', index], `must be ${problem}, as the column is ${type}.`)
  }
  let bounds = 0
  for (const [key, bound] of Object.entries({ min, max })) {
    if (bound === undefined) continue
    if (!isOrdered(type)) {
      report([...path, key], `is for numbers, dates and times; the column is ${type}.`)
      continue
    }
    const problem = valueProblem(type, bound)
    if (problem === undefined) bounds += 1
    else report([...path, key], `must be ${problem}, as the column is ${type}.`)
  }
  if (bounds === 2 && isEmptyRange(column)) report([...path, 'min'], 'is above `max`: no value fits.')
  if (pattern !== undefined && type !== 'string')
    report([...path, 'pattern'], `is for text; the column is ${type}.`)
  if (nan && type !== 'double') report([...path, 'nan'], `is for double; the column is ${type}.`)
  if (optional && !nullable)
    report(
      [...path, 'optional'],
      'contradicts `nullable: false`: rows of a file without the column have no value.',
    )
}

function checkChecks(path: Path, { checks, columns, sheets }: Dataset, report: Report): void {
  if (checks.length > 0 && Object.keys(sheets ?? {}).length > 1) {
    report(path, 'is for datasets of one table; this one reads several sheets.')
    return
  }
  const names = new Map<string, number>()
  const only = Object.values(sheets ?? {})[0]?.columns
  const known = columns ?? only
  for (const [index, check] of checks.entries()) {
    const title = checkTitle(check)
    const earlier = names.get(title)
    if (earlier !== undefined)
      report(
        [...path, index],
        `is called "${title}", as \`checks[${earlier}]\` is: give it a \`name\` of its own.`,
      )
    names.set(title, index)
    if (typeof check === 'string') continue
    const need = (at: Path, column: string): string | undefined => {
      if (known === undefined) return undefined
      const declared = Object.hasOwn(known, column) ? known[column] : undefined
      if (declared !== undefined) return columnConfig(declared).type
      report([...path, index, ...at], `names the column \`${column}\`, which the dataset does not declare.`)
      return undefined
    }
    for (const key of ['not_null', 'unique'] as const) {
      const mentioned = key in check ? (check as Record<string, string | string[]>)[key] : undefined
      if (typeof mentioned === 'string') need([key], mentioned)
      else for (const [at, column] of (mentioned ?? []).entries()) need([key, at], column)
    }
    if ('row_count' in check) {
      const { min, max } = check.row_count
      if (min === undefined && max === undefined)
        report([...path, index, 'row_count'], 'needs `min` or `max`.')
      else if (min !== undefined && max !== undefined && min > max)
        report([...path, index, 'row_count', 'min'], 'is above `max`: no file fits.')
    }
    if ('freshness' in check) {
      const at = ['freshness', 'column']
      const type = need(at, check.freshness.column)
      if (type !== undefined && !/^(date|timestamp|timestamptz)$/.test(type))
        report([...path, index, ...at], `needs a date or a timestamp; the column is ${type}.`)
    }
  }
}
