import type { Dataset } from '../../config/dataset.js'
import { valueProblem, type Value } from '../../config/dataset/bounds.js'
import { UsageError } from '../../errors.js'
import { conversion } from '../convert.js'
import { literal } from '../sql.js'
import type { Column } from '../types.js'

const OFFSET = /\s?(Z|[+-]\d\d(:?\d\d)?)$/

/**
 * SQL: a value that the configuration mentions, in the type of its column. A time without an offset is one of the zone of
 * the format.
 * @throws UsageError INVALID_VALUE
 */
export function valueOf({ name, type }: Column, value: Value, format: Dataset['format']): string {
  const problem = valueProblem(type, value)
  if (problem !== undefined) {
    throw new UsageError('INVALID_VALUE', `"${String(value)}" of the column "${name}" must be ${problem}.`)
  }
  const text = String(value)
  if (type === 'timestamptz' && !OFFSET.test(text)) {
    return `timezone(${literal(format.timezone)}, CAST(${literal(text)} AS TIMESTAMP))`
  }
  const plain = type === 'timestamptz' ? text.replace(/\s(?=(Z|[+-]\d\d(:?\d\d)?)$)/, '') : text
  return `CAST(${literal(plain)} AS ${conversion(type, format).sqlType})`
}
