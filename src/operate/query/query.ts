import type { AwsContext } from '../../aws/context.js'
import { InterruptedError, UsageError } from '../../errors.js'
import type { QueryCell } from './cells.js'
import type { EngineName, QueryContext, QueryStream } from './engine.js'
import { requireReadOnly } from './read-only.js'

/**
 * Runs one reading statement: in Athena, or, on `--env local` and on demand, in DuckDB on this machine.
 * @throws UsageError QUERY_EMPTY, ENGINE_NOT_AVAILABLE; InterruptedError; those of the engine
 */
export async function openQuery(
  aws: AwsContext,
  sql: string,
  engine: EngineName | undefined,
  context: QueryContext,
): Promise<QueryStream> {
  requireReadOnly(sql)
  if (engine === 'athena' && aws.emulated) {
    throw new UsageError('ENGINE_NOT_AVAILABLE', `Environment ${aws.env} has no Athena that runs SQL.`, {
      suggestions: ['Leave --engine out: DuckDB reads the same tables.'],
    })
  }
  try {
    if (engine === 'duckdb' || aws.emulated) {
      const { duckdbQuery } = await import('./duckdb.js')
      return await duckdbQuery(aws, sql, context)
    }
    const { athenaQuery } = await import('./athena.js')
    return await athenaQuery(aws, sql, context)
  } catch (error) {
    throw context.signal.aborted && !(error instanceof InterruptedError) ? new InterruptedError() : error
  }
}

/**
 * At most `maxRows` rows of a result; everything without it.
 * @returns `truncated`: there were more
 */
export async function* limitRows(
  stream: QueryStream,
  maxRows: number | undefined,
): AsyncGenerator<QueryCell[][], { truncated: boolean }> {
  let left = maxRows ?? Number.POSITIVE_INFINITY
  for await (const batch of stream.batches) {
    if (batch.length > left) {
      yield batch.slice(0, left)
      return { truncated: true }
    }
    left -= batch.length
    yield batch
  }
  return { truncated: false }
}
