import { UsageError } from '../../errors.js'
import type { Row } from '../database.js'
import { safeName } from '../names.js'
import { identifier } from '../sql.js'
import type { Column } from '../types.js'
import type { Query } from './query.js'

/** A column of a result, and the type it is cast to without loss. */
export interface ResultColumn extends Column {
  sqlType: string
}

const MOST_COLUMNS = 4000
/** DuckDB's types as ours, and what they are widened to on the way: only such types as every engine reads the same. */
const TYPES = new Map<string, [type: string, sqlType: string]>([
  ['VARCHAR', ['string', 'VARCHAR']],
  ['BOOLEAN', ['boolean', 'BOOLEAN']],
  ['TINYINT', ['integer', 'INTEGER']],
  ['SMALLINT', ['integer', 'INTEGER']],
  ['UTINYINT', ['integer', 'INTEGER']],
  ['USMALLINT', ['integer', 'INTEGER']],
  ['INTEGER', ['integer', 'INTEGER']],
  ['UINTEGER', ['bigint', 'BIGINT']],
  ['BIGINT', ['bigint', 'BIGINT']],
  ['FLOAT', ['double', 'DOUBLE']],
  ['DOUBLE', ['double', 'DOUBLE']],
  ['DATE', ['date', 'DATE']],
  ['TIMESTAMP', ['timestamp', 'TIMESTAMP']],
  ['TIMESTAMP_S', ['timestamp', 'TIMESTAMP']],
  ['TIMESTAMP_MS', ['timestamp', 'TIMESTAMP']],
  ['TIMESTAMP WITH TIME ZONE', ['timestamptz', 'TIMESTAMP WITH TIME ZONE']],
])

/**
 * The columns of a query's result as columns of a table.
 * @param described rows of DESCRIBE
 * @throws UsageError SQL_COLUMN_NAME, SQL_COLUMN_TYPE, SQL_TOO_MANY_COLUMNS
 */
export function resultColumns({ where }: Query, described: readonly Row[]): ResultColumn[] {
  if (described.length > MOST_COLUMNS) {
    throw new UsageError(
      'SQL_TOO_MANY_COLUMNS',
      `\`${where}\` gives ${described.length} columns; the limit is ${MOST_COLUMNS}.`,
    )
  }
  const seen = new Set<string>()
  return described.map(({ column_name: label, column_type: found }, index) => {
    const name = label as string
    assertName(where, name, index + 1)
    if (seen.has(name)) {
      throw new UsageError('SQL_COLUMN_NAME', `\`${where}\` gives two columns called "${name}".`, {
        suggestions: ['Give one of them another name with AS, or leave it out with EXCLUDE.'],
      })
    }
    seen.add(name)
    return { name, ...typeOf(where, name, found as string) }
  })
}

function assertName(where: string, name: string, position: number): void {
  const safe = safeName(name, position)
  if (name === safe && name !== 'file_row_number') return
  throw new UsageError(
    'SQL_COLUMN_NAME',
    `\`${where}\` gives a column called "${name}"; a table's columns are lower-case letters, digits and _.`,
    { suggestions: [`Name it: … AS ${safe === name || safe.length > 40 ? `column_${position}` : safe}`] },
  )
}

function typeOf(where: string, name: string, found: string): Omit<ResultColumn, 'name'> {
  const [type, sqlType] = TYPES.get(found) ?? []
  if (type !== undefined && sqlType !== undefined) return { type, sqlType }
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(found)
  if (decimal) return { type: `decimal(${decimal[1]},${decimal[2]})`, sqlType: found }
  throw new UsageError(
    'SQL_COLUMN_TYPE',
    `\`${where}\`: the column "${name}" is of type ${found.length > 80 ? `${found.slice(0, 79)}…` : found}, which not every engine reads.`,
    { suggestions: [`Convert it: CAST(… AS ${castFor(found)}) AS ${identifier(name)}`] },
  )
}

function castFor(found: string): string {
  if (found === 'UBIGINT' || found === 'HUGEINT' || found === 'UHUGEINT') return 'BIGINT'
  if (found === 'TIMESTAMP_NS') return 'TIMESTAMP'
  return 'VARCHAR'
}
