import { DuckDBPreparedStatement, type DuckDBConnection, type DuckDBResult } from '@duckdb/node-api'
import type { AwsContext } from '../../aws/context.js'
import { nearestWord } from '../../config/nearest.js'
import { DatapipeError, InterruptedError, messageOf } from '../../errors.js'
import { catalogTables, type CatalogTable } from './catalog.js'
import { duckdbCell } from './duckdb-cells.js'
import { DuckDbSession, queryFailed } from './duckdb-session.js'
import type { QueryCell } from './cells.js'
import type { QueryContext, QueryStream } from './engine.js'
import { ObjectCache, StaleListingError, type CacheOptions } from './object-cache.js'
import { tableFiles } from './table-files.js'
import { createEmptyTable, replaceByView } from './table-views.js'

/**
 * Runs a statement on this machine: DuckDB itself says which tables the statement refers to, their Parquet objects are
 * fetched (or found in the cache), and the statement runs over views of them, typed as the Glue catalog says.
 * @throws DatapipeError QUERY_FAILED, TABLE_NOT_FOUND, QUERY_NOT_READ_ONLY, QUERY_TOO_LARGE, TABLE_NOT_PARQUET, ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function duckdbQuery(
  aws: AwsContext,
  sql: string,
  context: QueryContext,
  cacheOptions: Pick<CacheOptions, 'folder' | 'maxBytes'> = {},
): Promise<QueryStream> {
  const tables = await catalogTables(aws, context.signal)
  const cache = new ObjectCache(aws, { ...cacheOptions, ...context })
  const session = await DuckDbSession.open(cache.folder, aws.names.database)
  try {
    for (const table of await bindTables(session, sql, tables))
      await load(aws, session, cache, table, context)
    await session.lock()
    const result = await start(session.connection, await bound(session, sql), context.signal)
    const types = result.columnTypes()
    return {
      engine: 'duckdb',
      columns: result
        .columnNames()
        .map((name, index) => ({ name, type: String(types[index]).toLowerCase() })),
      batches: rows(session.connection, result, context.signal),
      close: () => session.close(),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * Creates every table of the catalog, empty, and says which of them the statement refers to: those whose absence keeps it
 * from binding.
 */
async function bindTables(
  session: DuckDbSession,
  sql: string,
  tables: readonly CatalogTable[],
): Promise<CatalogTable[]> {
  const byName = new Map(tables.map((table) => [table.name.toLowerCase(), table]))
  const referenced: CatalogTable[] = []
  for (;;) {
    const planned = await session.prepare(sql)
    if (planned instanceof DuckDBPreparedStatement) break
    const name = planned.missingTable
    if (name === undefined) throw queryFailed(planned.message, undefined)
    const table = byName.get(name.toLowerCase())
    if (table === undefined || referenced.includes(table)) throw tableNotFound(name, tables)
    await createEmptyTable(session.connection, table)
    referenced.push(table)
  }
  for (const table of tables) {
    if (!referenced.includes(table)) await createEmptyTable(session.connection, table)
  }
  return referenced
}

const LISTINGS = 3

async function load(
  aws: AwsContext,
  session: DuckDbSession,
  cache: ObjectCache,
  table: CatalogTable,
  { signal }: QueryContext,
): Promise<void> {
  if (table.format === undefined) {
    throw new DatapipeError(
      'TABLE_NOT_PARQUET',
      `Table ${table.name} is neither Parquet nor JSON; DuckDB reads nothing else here.`,
      {
        suggestions: ['Use --engine athena.'],
      },
    )
  }
  for (let attempt = 1; ; attempt++) {
    const files = await tableFiles(aws, table, signal)
    try {
      await replaceByView(session.connection, table, await cache.fetch(files))
      return
    } catch (error) {
      if (!(error instanceof StaleListingError)) throw error
      if (attempt === LISTINGS) {
        throw new DatapipeError(
          'TABLE_CHANGING',
          `Table ${table.name} is being rewritten while it is read.`,
          {
            suggestions: ['Run the query again when the run is done: datapipe status'],
          },
        )
      }
    }
  }
}

/** The statement again, over the views: a type that differs from the empty table's can still break it. */
async function bound(session: DuckDbSession, sql: string): Promise<DuckDBPreparedStatement> {
  const planned = await session.prepare(sql)
  if (planned instanceof DuckDBPreparedStatement) return planned
  throw queryFailed(planned.message, undefined)
}

async function start(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  signal: AbortSignal,
): Promise<DuckDBResult> {
  return interruptible(connection, signal, () => statement.stream())
}

async function* rows(
  connection: DuckDBConnection,
  result: DuckDBResult,
  signal: AbortSignal,
): AsyncGenerator<QueryCell[][]> {
  for (;;) {
    const chunk = await interruptible(connection, signal, () => result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) return
    yield chunk.getRows().map((row) => row.map(duckdbCell))
  }
}

async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  const interrupt = () => connection.interrupt()
  if (signal.aborted) throw new InterruptedError()
  signal.addEventListener('abort', interrupt)
  try {
    return await action()
  } catch (error) {
    if (signal.aborted) throw new InterruptedError()
    throw queryFailed(messageOf(error), error)
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}

function tableNotFound(name: string, tables: readonly CatalogTable[]): DatapipeError {
  const names = tables.map((table) => table.name).sort()
  const near = nearestWord(name, names)
  return new DatapipeError('TABLE_NOT_FOUND', `There is no table ${name}.`, {
    suggestions: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      names.length === 0
        ? 'There are no tables yet: upload a file and run datapipe run.'
        : `Tables: ${names.join(', ')}`,
    ],
  })
}
