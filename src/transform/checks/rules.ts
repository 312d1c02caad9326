import type { Dataset } from '../../config/dataset.js'
import { typeOf, type Rule } from '../rules.js'
import { identifier, literal } from '../sql.js'
import type { Database } from '../database.js'
import type { Column } from '../types.js'
import { checksOf, type Check } from './check.js'
import { enclosed, judge } from './predicate.js'

type Typed = Column & { sqlType: string }

/**
 * The checks of a dataset that reject rows, as rules; those about repeated rows are in `repeated.ts`. A predicate that is
 * NULL holds, as in a CHECK of SQL.
 * @throws UsageError CHECK_INVALID, UNKNOWN_COLUMN
 */
export async function checkRules(
  database: Database,
  config: Dataset,
  dataset: string,
  columns: readonly Typed[],
): Promise<Rule[]> {
  const rules: Rule[] = []
  for (const check of checksOf(config)) {
    assertColumns(check, columns)
    const { name } = check
    if (check.kind === 'sql') {
      // Whatever its severity: it is judged before a row is read.
      const { sql, columns: own } = await judge(database, check.sql, { dataset, check: name, columns })
      const [column = columns[0]?.name ?? '', ...others] = own
      if (check.severity !== 'reject') continue
      rules.push({
        column,
        others,
        broken: `NOT ${enclosed(sql)}`,
        reason: literal(broken(name)),
        check: name,
      })
    }
    if (check.kind === 'not_null' && check.severity === 'reject') {
      for (const column of check.columns) {
        const reason = literal(`${broken(name)}: ${column} is empty`)
        rules.push({ column, broken: `${identifier(column)} IS NULL`, reason, check: name })
      }
    }
  }
  return rules
}

/** Why a row is rejected. */
export function broken(check: string): string {
  return `check "${check}" does not hold`
}

/** @throws UsageError UNKNOWN_COLUMN, CHECK_INVALID */
function assertColumns(check: Check, columns: readonly Column[]): void {
  const where = `the check "${check.name}"`
  if (check.kind === 'not_null' || check.kind === 'unique')
    for (const column of check.columns) typeOf(where, column, columns)
  if (check.kind === 'freshness') typeOf(where, check.column, columns)
}
