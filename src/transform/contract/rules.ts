import type { Dataset } from '../../config/dataset.js'
import type { Value } from '../../config/dataset/bounds.js'
import { columnConfig, type ColumnConfig } from '../../config/dataset/columns.js'
import { safeNames } from '../names.js'
import type { Rule } from '../rules.js'
import { WITHHELD } from '../pii/withheld.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'
import { declaredConfig } from './contract.js'
import { valueOf } from './values.js'

/** How much of a value, and of a list of values, a reason shows. */
const LONGEST_SHOWN = 100

/** What the declared columns demand of their values beyond the type. A row without a value only breaks `nullable: false`. */
export function columnRules(config: Dataset, columns: readonly Column[]): Rule[] {
  const declared = declaredConfig(config) ?? {}
  const names = safeNames(Object.keys(declared))
  return Object.values(declared).flatMap((column, index) => {
    const own = columns.find(({ name }) => name === names[index])
    return own === undefined || typeof column === 'string'
      ? []
      : rulesOf(own, columnConfig(column), config.format)
  })
}

/** The patterns of the declared columns, by column. */
export function patternsOf(config: Dataset): { column: string; pattern: string }[] {
  return Object.entries(declaredConfig(config) ?? {}).flatMap(([column, declared]) => {
    const { pattern } = columnConfig(declared)
    return pattern === undefined ? [] : [{ column, pattern }]
  })
}

function rulesOf(column: Column, config: ColumnConfig, format: Dataset['format']): Rule[] {
  const { name, type } = column
  const { nullable, values, min, max, pattern } = config
  const own = identifier(name)
  const shown = shownValue(own, type)
  const rules: Rule[] = []
  const add = (broken: string, ...reason: string[]) => {
    const withheld = reason.map((part) => (part === shown ? literal(WITHHELD) : part))
    rules.push({ column: name, broken, reason: reason.join(' || '), withheld: withheld.join(' || ') })
  }
  if (!nullable) add(`${own} IS NULL`, literal(`${name}: is empty`))
  if (values) {
    const list = values.map((value) => valueOf(column, value, format)).join(', ')
    add(`${own} NOT IN (${list})`, literal(`${name}: `), shown, literal(` is not one of ${listed(values)}`))
  }
  if (min !== undefined)
    add(
      `${own} < ${valueOf(column, min, format)}`,
      literal(`${name}: `),
      shown,
      literal(` is less than ${min}`),
    )
  if (max !== undefined)
    add(
      `${own} > ${valueOf(column, max, format)}`,
      literal(`${name}: `),
      shown,
      literal(` is more than ${max}`),
    )
  if (pattern !== undefined)
    add(
      `NOT regexp_full_match(${own}, ${literal(pattern)})`,
      literal(`${name}: `),
      shown,
      literal(` does not match ${pattern}`),
    )
  return rules
}

/** SQL: a value in a reason. */
function shownValue(own: string, type: string): string {
  return type === 'string' ? `'"' || left(${own}, ${LONGEST_SHOWN}) || '"'` : `CAST(${own} AS VARCHAR)`
}

function listed(values: readonly Value[]): string {
  const text = values.map(String).join(', ')
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text
}
