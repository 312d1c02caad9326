import type { Dataset } from '../config/dataset.js'
import { INFERRED_TYPES, isNull, strictConversion } from './convert.js'
import { textColumn } from './csv-input.js'
import type { Database } from './database.js'
import { readsItself, type ColumnShape } from './scan/shapes.js'

/** The type of each column by its position; undefined where the column holds no value at all. */
export type InferredTypes = Map<number, string | undefined>

/** One query looks at so many columns: more make it slow to plan. */
const COLUMNS_AT_ONCE = 64

/**
 * The narrowest type that every value of a column fits, for some columns of a table of text. All rows are looked at, unless
 * the forms of their values tell.
 * @param table SQL of the table, see `csvTable`
 * @param shapes of all columns of the file
 */
export async function inferTypes(
  database: Database,
  table: string,
  columns: readonly number[],
  format: Dataset['format'],
  shapes?: readonly ColumnShape[],
): Promise<InferredTypes> {
  const types: InferredTypes = new Map()
  for (const index of columns) {
    const shape = shapes?.[index]
    const type = INFERRED_TYPES.find((type) => shape && readsItself(shape, type, format, true))
    if (type !== undefined) types.set(index, type)
  }
  const open = columns.filter((index) => !types.has(index))
  for (let from = 0; from < open.length; from += COLUMNS_AT_ONCE) {
    const some = open.slice(from, from + COLUMNS_AT_ONCE)
    const [row = {}] = await database.rows(
      `SELECT ${some.flatMap((index) => testsOf(index, format)).join(', ')} FROM ${table}`,
    )
    for (const index of some) types.set(index, typeOf(row, index))
  }
  return types
}

function testsOf(index: number, format: Dataset['format']): string[] {
  const text = textColumn(index)
  const tests = INFERRED_TYPES.map((type) => {
    const { raw, value } = strictConversion(type, format)
    return `bool_and(${isNull(text, type, format)} OR ${value(text, raw(text))} IS NOT NULL) AS ${type}_${index}`
  })
  return [`count(*) FILTER (NOT (${isNull(text, 'any', format)})) AS values_${index}`, ...tests]
}

function typeOf(row: Record<string, unknown>, index: number): string | undefined {
  if (Number(row[`values_${index}`]) === 0) return undefined
  return INFERRED_TYPES.find((type) => row[`${type}_${index}`] === true) ?? 'string'
}
