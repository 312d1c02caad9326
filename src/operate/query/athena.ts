import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
  type GetQueryResultsCommandOutput,
  type QueryExecution,
  type Row,
} from '@aws-sdk/client-athena'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { sleep } from '../../engine/wait.js'
import { DatapipeError, InterruptedError } from '../../errors.js'
import { athenaColumn, athenaRow } from './athena-rows.js'
import type { QueryCell, QueryColumn } from './cells.js'
import type { QueryContext, QueryStream } from './engine.js'

/** US dollars per TB that Athena reads, and the least it charges for (spec §15.2, us-east-1). */
const USD_PER_TB = 5
const LEAST_BYTES = 10e6
const SLOWEST_POLL_MS = 2000

/**
 * Runs a statement in the environment's workgroup, which fixes where results go, their encryption, and how much one query
 * may scan. A query that is no longer wanted is stopped, as it costs.
 * @throws DatapipeError QUERY_FAILED, QUERY_CANCELLED, ENVIRONMENT_NOT_UP; InterruptedError
 */
export async function athenaQuery(aws: AwsContext, sql: string, context: QueryContext): Promise<QueryStream> {
  const athena = aws.clients.of(AthenaClient)
  const id = await start(aws, athena, sql)
  const done = await finished(athena, id, context)
  const bytes = done.Statistics?.DataScannedInBytes ?? 0
  const first = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1000 }), {
    abortSignal: context.signal,
  })
  const columns = (first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(athenaColumn)
  return {
    engine: 'athena',
    columns,
    batches: pages(athena, id, first, columns, done, context.signal),
    scanned: { bytes, usd: bytes === 0 ? 0 : (Math.max(bytes, LEAST_BYTES) * USD_PER_TB) / 1e12 },
    close: () => Promise.resolve(),
  }
}

async function start(aws: AwsContext, athena: AthenaClient, sql: string): Promise<string> {
  try {
    const { QueryExecutionId: id = '' } = await athena.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: aws.names.workgroup,
        QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: aws.names.database },
      }),
    )
    return id
  } catch (error) {
    // Athena has no error of its own for a workgroup that does not exist (spec §11.3).
    if (isAwsError(error, 'InvalidRequestException') && error instanceof Error) {
      if (/workgroup .*not found/i.test(error.message)) {
        throw new DatapipeError(
          'ENVIRONMENT_NOT_UP',
          `Environment ${aws.env} has no Athena workgroup ${aws.names.workgroup}.`,
          { cause: error, suggestions: [`Create it: datapipe up --env ${aws.env}`] },
        )
      }
      throw queryFailed(error.message, error)
    }
    throw error
  }
}

async function finished(athena: AthenaClient, id: string, context: QueryContext): Promise<QueryExecution> {
  let pauseMs = 250
  let said = ''
  try {
    for (;;) {
      const { QueryExecution: execution = {} } = await athena.send(
        new GetQueryExecutionCommand({ QueryExecutionId: id }),
        { abortSignal: context.signal },
      )
      const state = execution.Status?.State ?? 'QUEUED'
      if (state === 'SUCCEEDED') return execution
      if (state === 'FAILED') throw queryFailed(failureReason(execution), undefined)
      if (state === 'CANCELLED') {
        throw new DatapipeError(
          'QUERY_CANCELLED',
          `Athena cancelled the query: ${failureReason(execution)}`,
          {
            suggestions: [
              'If it scans too much, add a condition on the partition, or raise query.maxScanBytes in datapipe.yaml and run datapipe up.',
            ],
          },
        )
      }
      if (said !== state) context.onProgress(`Athena: ${state.toLowerCase()}`)
      said = state
      await sleep(pauseMs, context.signal)
      pauseMs = Math.min(pauseMs * 1.5, SLOWEST_POLL_MS)
    }
  } catch (error) {
    if (!context.signal.aborted) throw error
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id })).catch(() => undefined)
    throw new InterruptedError('Interrupted; the query was stopped.')
  }
}

function failureReason({ Status: status }: QueryExecution): string {
  return status?.StateChangeReason ?? status?.AthenaError?.ErrorMessage ?? 'Athena gave no reason.'
}

function queryFailed(reason: string, cause: unknown): DatapipeError {
  return new DatapipeError('QUERY_FAILED', `The query failed: ${reason}`, {
    cause,
    suggestions: ['See the tables with: datapipe query "show tables"'],
  })
}

async function* pages(
  athena: AthenaClient,
  id: string,
  first: GetQueryResultsCommandOutput,
  columns: QueryColumn[],
  execution: QueryExecution,
  signal: AbortSignal,
): AsyncGenerator<QueryCell[][]> {
  let page = first
  let rows = withoutHeader(page.ResultSet?.Rows ?? [], columns, execution)
  for (;;) {
    yield rows.map((row) => athenaRow(row, columns))
    if (page.NextToken === undefined) return
    page = await athena.send(
      new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1000, NextToken: page.NextToken }),
      { abortSignal: signal },
    )
    rows = page.ResultSet?.Rows ?? []
  }
}

/** The first row of a SELECT repeats the names of the columns; SHOW and DESCRIBE have no such row. */
function withoutHeader(rows: Row[], columns: QueryColumn[], { StatementType: type }: QueryExecution): Row[] {
  const repeatsNames = columns.every((column, index) => rows[0]?.Data?.[index]?.VarCharValue === column.name)
  return type === 'DML' || repeatsNames ? rows.slice(1) : rows
}
