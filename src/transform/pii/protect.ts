import type { Compression } from '../../config/dataset/shape.js'
import { UsageError } from '../../errors.js'
import type { Database } from '../database.js'
import { IntegrityError } from '../errors.js'
import { parquetTable } from '../parquet.js'
import { identifier, literal } from '../sql.js'
import type { Column } from '../types.js'
import type { PiiAction } from './actions.js'
import { hmac } from './hmac.js'

export const MASK = '***'

/**
 * Writes accepted rows again without what must not leave scratch, in the same order.
 * @param actions by column; for `hash` the database must have been prepared with `prepareHmac`
 * @throws UsageError NO_COLUMNS_LEFT; IntegrityError ROWS_DO_NOT_ADD_UP
 */
export async function protectRows(
  database: Database,
  rows: { path: string; count: number },
  columns: readonly Column[],
  actions: ReadonlyMap<string, PiiAction>,
  to: string,
  compression: Compression,
): Promise<void> {
  const values = columns.flatMap(({ name }) => {
    const action = actions.get(name)
    const column = identifier(name)
    if (action === undefined) return [column]
    return action === 'drop' ? [] : [`${protectedValue(action, column)} AS ${column}`]
  })
  if (values.length === 0) {
    throw new UsageError(
      'NO_COLUMNS_LEFT',
      'Every column of the dataset is dropped as personal data; the table would have none.',
    )
  }
  const source = `read_parquet(${literal(rows.path)}, hive_partitioning = false)`
  const written = await database.count(
    `COPY (SELECT ${values.join(', ')} FROM ${source}) TO ${literal(to)} (${parquetTable(compression)})`,
  )
  if (written === rows.count) return
  throw new IntegrityError(
    'ROWS_DO_NOT_ADD_UP',
    `${rows.count} rows were to be protected, but ${written} were. Nothing was published.`,
    { suggestions: ['This is a defect of datapipe: please report it.'] },
  )
}

function protectedValue(action: 'mask' | 'hash', column: string): string {
  if (action === 'mask') return `CASE WHEN ${column} IS NOT NULL THEN ${literal(MASK)} END`
  return hmac(`CAST(${column} AS VARCHAR)`)
}
