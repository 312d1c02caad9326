import { messageOf, UsageError } from '../../errors.js'
import type { Database } from '../database.js'
import { judgeQuery } from './judge.js'
import type { Query, QueryInput } from './query.js'
import { resultColumns, type ResultColumn } from './result.js'

/** What a query can be wrong about; every other error of DuckDB is about the machine. */
const OF_QUERY =
  /^(?:Binder|Catalog|Parser|Conversion|Invalid Input|Invalid|Out of Range|Mismatch Type|Not implemented|Syntax|Constraint|Invalid type) Error/i

/**
 * Checks a query against the tables that are there, and tells the columns of its result.
 * @throws UsageError SQL_…, see judgeQuery and resultColumns
 */
export async function bindQuery(
  database: Database,
  query: Query,
  inputs: readonly QueryInput[],
): Promise<ResultColumn[]> {
  await judgeQuery(database, query, inputs)
  return resultColumns(query, await ofQuery(query, () => database.rows(`DESCRIBE\n${query.sql}`)))
}

/** Runs a statement whose second line is where the query starts. @throws UsageError SQL_FAILED */
export async function ofQuery<T>({ where, table }: Query, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const message = messageOf(error)
    if (!OF_QUERY.test(message)) throw error
    const [what = '', line] = message.split(/\n+LINE (\d+):/)
    const at = line === undefined ? '' : ` (line ${Number(line) - 1})`
    throw new UsageError(
      'SQL_FAILED',
      `\`${where}\`${at} makes no table ${table}: ${what.trim().replace(/\s*\n\s*/g, ' ')}`,
      { cause: error, suggestions: ['Correct the query. Nothing was published.'] },
    )
  }
}
