import type { Dataset } from '../../config/dataset.js'
import type { Database } from '../database.js'
import { converted, type TypedColumn } from '../typed.js'
import { checksOf } from './check.js'
import { notComputed } from './evaluate.js'
import { enclosed } from './predicate.js'

/**
 * Rethrows what went wrong while rows were read; where a check cannot be computed for a row, as the error that names it.
 * @throws DataError CHECK_NOT_COMPUTED; or the error itself
 */
export async function explained(
  error: unknown,
  table: string,
  columns: readonly TypedColumn[],
  options: { database: Database; config: Dataset; dataset: string; file: string },
): Promise<never> {
  for (const check of checksOf(options.config)) {
    if (check.kind !== 'sql' || check.severity !== 'reject') continue
    // The file itself may be what DuckDB cannot read; then each of them fails, and none of them is the reason.
    if (!(await canRun(options.database, `SELECT count(*) FROM (${converted(table, columns)})`))) break
    const query = `SELECT count(*) FROM (${converted(table, columns)}) WHERE ${enclosed(check.sql)}`
    if (!(await canRun(options.database, query))) throw notComputed(error, check, options)
  }
  throw error
}

async function canRun(database: Database, sql: string): Promise<boolean> {
  return database.run(sql).then(
    () => true,
    () => false,
  )
}
