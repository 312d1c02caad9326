import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
  type Row,
} from '@aws-sdk/client-athena'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'chai'
import type { QueryCell } from '../../../src/operate/query/cells.js'
import { openQuery } from '../../../src/operate/query/query.js'
import { testContext } from '../../support/resource.js'
import { failure, signal } from '../support.js'

const columns = [
  { Name: 'n', Type: 'bigint' },
  { Name: 'price', Type: 'decimal', Precision: 10, Scale: 2 },
  { Name: 'ratio', Type: 'double' },
  { Name: 'ok', Type: 'boolean' },
  { Name: 'at', Type: 'timestamp' },
  { Name: 'note', Type: 'varchar' },
]

function row(...values: (string | undefined)[]): Row {
  return { Data: values.map((VarCharValue) => ({ VarCharValue })) }
}

const header = row('n', 'price', 'ratio', 'ok', 'at', 'note')

describe('queries in Athena', () => {
  const aws = testContext()
  const athena = mockClient(aws.clients.of(AthenaClient))

  beforeEach(() => {
    athena.reset()
    athena.on(StartQueryExecutionCommand).resolves({ QueryExecutionId: 'q1' })
  })

  const query = (sql: string, stop: AbortSignal = signal, said: string[] = []) =>
    openQuery(aws, sql, undefined, { signal: stop, onProgress: (message) => said.push(message) })

  function succeeds(type: string, scanned = 0): void {
    athena.on(GetQueryExecutionCommand).resolves({
      QueryExecution: {
        StatementType: type as 'DML',
        Status: { State: 'SUCCEEDED' },
        Statistics: { DataScannedInBytes: scanned },
      },
    })
  }

  it('run in the database and workgroup of the environment and give typed rows of all pages', async () => {
    succeeds('DML', 123_000_000)
    const metadata = { ResultSetMetadata: { ColumnInfo: columns } }
    athena
      .on(GetQueryResultsCommand)
      .resolvesOnce({
        ResultSet: {
          ...metadata,
          Rows: [header, row('9007199254740993', '1.50', '0.5', 'true', '2026-01-01 10:00:00.123', 'a')],
        },
        NextToken: 'more',
      })
      .resolvesOnce({
        ResultSet: { ...metadata, Rows: [row('2', undefined, 'NaN', 'false', undefined, '')] },
      })
    const stream = await query('select * from t')
    const rows: QueryCell[][] = []
    for await (const batch of stream.batches) rows.push(...batch)
    expect(stream.engine).to.equal('athena')
    expect(stream.columns.map(({ type }) => type)).to.deep.equal([
      'bigint',
      'decimal(10,2)',
      'double',
      'boolean',
      'timestamp',
      'varchar',
    ])
    expect(JSON.parse(JSON.stringify(rows))).to.deep.equal([
      ['9007199254740993', 1.5, 0.5, true, '2026-01-01 10:00:00.123', 'a'],
      [2, null, 'NaN', false, null, ''],
    ])
    expect(stream.scanned).to.deep.equal({ bytes: 123_000_000, usd: 0.000615 })
    expect(athena.commandCalls(StartQueryExecutionCommand)[0]!.args[0].input).to.deep.equal({
      QueryString: 'select * from t',
      WorkGroup: 'dp-sensors-dev',
      QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'dp_sensors_dev' },
    })
    expect(
      athena.commandCalls(GetQueryResultsCommand).map((call) => call.args[0].input.NextToken),
    ).to.deep.equal([undefined, 'more'])
  })

  it('keep the first row of statements that have no header', async () => {
    succeeds('UTILITY')
    athena.on(GetQueryResultsCommand).resolves({
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: [{ Name: 'tab_name', Type: 'string' }] },
        Rows: [row('temperature')],
      },
    })
    const stream = await query('show tables')
    const rows: QueryCell[][] = []
    for await (const batch of stream.batches) rows.push(...batch)
    expect(rows).to.deep.equal([['temperature']])
    expect(stream.scanned).to.deep.equal({ bytes: 0, usd: 0 })
  })

  it('cost at least 10 MB when they scan anything', async () => {
    succeeds('DML', 1)
    athena.on(GetQueryResultsCommand).resolves({})
    expect((await query('select 1')).scanned).to.deep.equal({ bytes: 1, usd: 0.00005 })
  })

  it('wait while Athena works, and say so once per state', async () => {
    athena
      .on(GetQueryExecutionCommand)
      .resolvesOnce({ QueryExecution: { Status: { State: 'QUEUED' } } })
      .resolvesOnce({ QueryExecution: { Status: { State: 'RUNNING' } } })
      .resolves({ QueryExecution: { StatementType: 'DML', Status: { State: 'SUCCEEDED' } } })
    athena.on(GetQueryResultsCommand).resolves({})
    const said: string[] = []
    await query('select 1', signal, said)
    expect(said).to.deep.equal(['Athena: queued', 'Athena: running'])
  })

  it('that fail say why', async () => {
    athena.on(GetQueryExecutionCommand).resolves({
      QueryExecution: {
        Status: {
          State: 'FAILED',
          StateChangeReason: "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
        },
      },
    })
    const error = await failure(query('select x from t'))
    expect(error.code).to.equal('QUERY_FAILED')
    expect(error.message).to.equal(
      "The query failed: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
    )
  })

  it('that scan more than allowed say what to do', async () => {
    athena.on(GetQueryExecutionCommand).resolves({
      QueryExecution: {
        Status: { State: 'CANCELLED', StateChangeReason: 'Bytes scanned limit was exceeded' },
      },
    })
    const error = await failure(query('select * from t'))
    expect(error.code).to.equal('QUERY_CANCELLED')
    expect(error.message).to.equal('Athena cancelled the query: Bytes scanned limit was exceeded')
    expect(error.suggestions[0]).to.include('query.maxScanBytes')
  })

  it('are stopped when they are interrupted', async () => {
    const stop = new AbortController()
    athena.on(StopQueryExecutionCommand).resolves({})
    athena.on(GetQueryExecutionCommand).callsFake(() => {
      stop.abort()
      return { QueryExecution: { Status: { State: 'RUNNING' } } }
    })
    const error = await failure(query('select * from t', stop.signal))
    expect(error.code).to.equal('INTERRUPTED')
    expect(athena.commandCalls(StopQueryExecutionCommand)[0]!.args[0].input).to.deep.equal({
      QueryExecutionId: 'q1',
    })
  })

  it('with a syntax error, or without a workgroup, say which it is', async () => {
    const invalid = (message: string) => new InvalidRequestException({ message, $metadata: {} })
    athena.on(StartQueryExecutionCommand).rejects(invalid('line 1:8: mismatched input'))
    expect((await failure(query('select form'))).message).to.equal(
      'The query failed: line 1:8: mismatched input',
    )
    athena.on(StartQueryExecutionCommand).rejects(invalid('WorkGroup dp-sensors-dev is not found.'))
    expect((await failure(query('select 1'))).code).to.equal('ENVIRONMENT_NOT_UP')
  })

  it('that write are refused before Athena sees them', async () => {
    expect((await failure(query('insert into t values (1)'))).code).to.equal('QUERY_NOT_READ_ONLY')
    expect(athena.calls()).to.have.lengthOf(0)
  })
})
