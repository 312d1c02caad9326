import type { Dataset } from '../../config/dataset.js'
import type { Database } from '../database.js'
import type { Rule } from '../rules.js'
import { RECORD } from '../typed.js'
import { identifier, literal } from '../sql.js'
import { checksOf, type RowCheck } from './check.js'
import { broken } from './rules.js'

/** Records that repeat an earlier one, for each check that found some. */
const REPEATED = '"#repeated"'

export type UniqueCheck = Extract<RowCheck, { kind: 'not_null' | 'unique' }>

/** Rows that have the values of an earlier row in some columns. A row without a value in one of them repeats none. */
export function repeatedCount(columns: readonly string[], rows: string): string {
  const key = columns.map(identifier)
  const complete = key.map((column) => `${column} IS NOT NULL`).join(' AND ')
  return `SELECT count(*) - count(DISTINCT (${['1', ...key].join(', ')})) FROM (SELECT ${key.join(', ')} FROM ${rows}) WHERE ${complete}`
}

/**
 * The rules that reject repeated rows; none for a file without any. Of equal rows the first that breaks no other rule is
 * kept. Checks are applied one after the other, in their order.
 * @param accepted Parquet file with the rows that break no other rule
 * @param numbered SQL: the same rows with `RECORD`; dearer, and asked only when needed
 */
export async function repeatedRules(
  database: Database,
  config: Dataset,
  accepted: string,
  numbered: string,
): Promise<Rule[]> {
  const rules: Rule[] = []
  if (!rejectsRepeated(config)) return rules
  const rows = `read_parquet(${literal(accepted)}, hive_partitioning = false)`
  await database.run(`CREATE OR REPLACE TEMP TABLE ${REPEATED} (record BIGINT, "check" INTEGER)`)
  for (const [index, check] of checksOf(config).entries()) {
    if (check.kind !== 'unique' || check.severity !== 'reject') continue
    if ((await database.count(repeatedCount(check.columns, rows))) === 0) continue
    const key = check.columns.map(identifier)
    const complete = key.map((column) => `${column} IS NOT NULL`).join(' AND ')
    await database.run(
      `INSERT INTO ${REPEATED} SELECT ${RECORD}, ${index} FROM (SELECT ${RECORD},` +
        ` row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${RECORD}) AS "#nth" FROM (${numbered})` +
        ` WHERE ${complete} AND ${RECORD} NOT IN (SELECT record FROM ${REPEATED})) WHERE "#nth" > 1`,
    )
    rules.push({
      column: check.columns[0] ?? '',
      others: check.columns.slice(1),
      broken: `${RECORD} IN (SELECT record FROM ${REPEATED} WHERE "check" = ${index})`,
      reason: literal(`${broken(check.name)}: an earlier row has the same ${check.columns.join(', ')}`),
      check: check.name,
      isByRecord: true,
    })
  }
  return rules
}

/** Whether a dataset rejects repeated rows. */
function rejectsRepeated(config: Dataset): boolean {
  return checksOf(config).some(({ kind, severity }) => kind === 'unique' && severity === 'reject')
}
