import type { Dataset } from '../../config/dataset.js'
import type { Database } from '../database.js'
import { inferTypes } from '../infer.js'
import type { ReadRows } from '../read.js'
import { literal } from '../sql.js'
import type { Drift } from './drift.js'
import { isSameType } from './widening.js'

/**
 * Columns whose values in a file are of another type than in the table: those in which most of its rows are wrong.
 * Asked when too many rows are rejected; it reads the file once more.
 */
export async function differingColumns(
  database: Database,
  { accepted, columns, unfit, table }: ReadRows,
  format: Dataset['format'],
  file: string,
): Promise<Drift[]> {
  if (unfit.rows === 0) return []
  const counts = await database.rows(
    `SELECT column_index AS "index" FROM read_parquet(${literal(unfit.path)}) GROUP BY ALL` +
      ` HAVING count(*) * 2 > ${accepted.rows + unfit.rows}`,
  )
  const positions = counts.flatMap(({ index }) =>
    index === null || index === undefined ? [] : [Number(index)],
  )
  if (positions.length === 0) return []
  const types = await inferTypes(database, table, positions, format)
  return positions.flatMap((position): Drift[] => {
    const column = columns.find(({ index }) => index === position)
    const to = types.get(position)
    if (column?.fits === undefined || to === undefined || isSameType(column.type, to)) return []
    // Values of a narrower type broke a rule, and not their type.
    if (NARROWER[to]?.test(column.type) === true) return []
    return [{ file, column: column.name, change: 'differs', from: column.type, to }]
  })
}

/** Types that take the values of an inferred one. */
const NARROWER: Partial<Record<string, RegExp>> = {
  bigint: /^(integer|double|decimal.*)$/,
  double: /^decimal.*$/,
  date: /^timestamp(tz)?$/,
  timestamp: /^timestamptz$/,
}
