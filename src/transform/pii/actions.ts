import type { Dataset } from '../../config/dataset.js'
import { columnConfig, type ColumnConfig } from '../../config/dataset/columns.js'
import { columnsOf } from '../header.js'
import type { Column } from '../types.js'

export type PiiAction = NonNullable<ColumnConfig['pii']>

type Declared = Dataset['columns']

/** What is to happen to columns with personal data, by table name. */
export function actionsOf(declared: Declared): Map<string, PiiAction> {
  const columns = Object.values(declared ?? {})
  const names = declared ? columnsOf(declared).map(({ name }) => name) : []
  return new Map(
    columns.flatMap((column, index): [string, PiiAction][] => {
      const { pii } = columnConfig(column)
      return pii === undefined ? [] : [[names[index] ?? '', pii]]
    }),
  )
}

/** The columns that are left for others to see: dropped ones are not, and of masked and hashed ones there is a text. */
export function columnsAfter(declared: Declared, columns: readonly Column[]): Column[] {
  const actions = actionsOf(declared)
  return columns.flatMap(({ name, type }) => {
    const action = actions.get(name)
    if (action === 'drop') return []
    return [{ name, type: action === undefined ? type : 'string' }]
  })
}

/** The columns that the configuration declares for an input. */
export function declaredFor(config: Dataset, input: string): Declared {
  if (config.sheets === undefined) return config.columns
  const own = config.sheets[input]?.columns
  return own ?? (Object.keys(config.sheets).length === 1 ? config.columns : undefined)
}

/** Whether any column of a dataset holds personal data. */
export function hasPersonalData(config: Dataset): boolean {
  return allActions(config).length > 0
}

/** Whether a dataset needs the key of the hashes. */
export function needsKey(config: Dataset): boolean {
  return allActions(config).includes('hash')
}

function allActions(config: Dataset): PiiAction[] {
  const all = [config.columns, ...Object.values(config.sheets ?? {}).map(({ columns }) => columns)]
  return all.flatMap((declared) => [...actionsOf(declared).values()])
}
