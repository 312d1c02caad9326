import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GlueClient,
  type Column,
} from '@aws-sdk/client-glue'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import type { QueryCell, QueryColumn } from '../../../src/operate/query/cells.js'
import { duckdbQuery } from '../../../src/operate/query/duckdb.js'
import { limitRows, openQuery } from '../../../src/operate/query/query.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { createVersionedBucket, emulatedContext, failure, scratchFolder, signal } from '../support.js'

const SERDE = 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'

describe('queries in DuckDB', function () {
  this.timeout(120_000)
  let moto: Moto
  let aws: AwsContext
  let folder: Awaited<ReturnType<typeof scratchFolder>>
  let bucket: string
  let said: string[]

  before(async () => {
    moto = await startMoto()
    aws = emulatedContext(moto.endpoint)
    folder = await scratchFolder()
    process.env.DATAPIPE_CACHE_DIR = join(folder.path, 'default')
    bucket = aws.names.bucket('transformed')
    await createVersionedBucket(aws, bucket)
    await aws.clients
      .of(GlueClient)
      .send(new CreateDatabaseCommand({ DatabaseInput: { Name: aws.names.database } }))
    await temperature()
    await places()
  })

  after(async () => {
    delete process.env.DATAPIPE_CACHE_DIR
    aws.clients.destroy()
    await folder.remove()
    await moto.stop()
  })

  beforeEach(() => {
    said = []
  })

  /** A table with a partition column, a column that the first file lacks, and a folder that no partition is registered for. */
  async function temperature(): Promise<void> {
    const columns = [
      { Name: 'start_time', Type: 'timestamp' },
      { Name: 'measurement', Type: 'double' },
      { Name: 'price', Type: 'decimal(20,2)' },
      { Name: 'site', Type: 'string' },
    ]
    await createTable('temperature', columns, [{ Name: 'day', Type: 'date' }])
    await put(
      'temperature/day=2026-01-01/a.parquet',
      `select timestamp '2026-01-01 10:00:00.123456' as start_time, 1.5 as measurement, 12.50::decimal(10,2) as price
       union all select timestamp '2026-01-01 11:00:00', 'nan'::double, null`,
    )
    await put(
      'temperature/day=2026-01-02/a.parquet',
      `select timestamp '2026-01-02 10:00:00' as start_time, 3.0 as measurement, 1 as price, 'lab' as site`,
    )
    await put('temperature/day=2026-01-03/a.parquet', `select 'not registered' as site`)
    await put('temperature/day=2026-01-02/_temporary.parquet', `select 'hidden' as site`)
    await register('temperature', ['2026-01-01', '2026-01-02'], 'day')
  }

  /** A partition column of text with characters that do not belong in a path, and a null. */
  async function places(): Promise<void> {
    await createTable('places', [{ Name: 'n', Type: 'int' }], [{ Name: 'name', Type: 'string' }])
    const folders = ['a%2Fb c%3D%25', '__HIVE_DEFAULT_PARTITION__']
    for (const [index, name] of folders.entries()) {
      await put(`places/name=${name}/x.parquet`, `select ${index}::int as n`)
    }
    await aws.clients.of(GlueClient).send(
      new BatchCreatePartitionCommand({
        DatabaseName: aws.names.database,
        TableName: 'places',
        PartitionInputList: ['a/b c=%', '__HIVE_DEFAULT_PARTITION__'].map((value, index) => ({
          Values: [value],
          StorageDescriptor: { Location: `s3://${bucket}/places/name=${folders[index]}/` },
        })),
      }),
    )
  }

  async function createTable(name: string, columns: Column[], partitionKeys: Column[]): Promise<void> {
    await aws.clients.of(GlueClient).send(
      new CreateTableCommand({
        DatabaseName: aws.names.database,
        TableInput: {
          Name: name,
          PartitionKeys: partitionKeys,
          StorageDescriptor: {
            Columns: columns,
            Location: `s3://${bucket}/${name}/`,
            SerdeInfo: { SerializationLibrary: SERDE },
          },
        },
      }),
    )
  }

  async function register(table: string, values: string[], key: string): Promise<void> {
    await aws.clients.of(GlueClient).send(
      new BatchCreatePartitionCommand({
        DatabaseName: aws.names.database,
        TableName: table,
        PartitionInputList: values.map((value) => ({
          Values: [value],
          StorageDescriptor: { Location: `s3://${bucket}/${table}/${key}=${value}/` },
        })),
      }),
    )
  }

  async function put(key: string, sql: string): Promise<void> {
    const path = join(folder.path, 'made.parquet')
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`copy (${sql}) to '${path}' (format parquet)`)
    connection.closeSync()
    await aws.clients
      .of(S3Client)
      .send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(path) }))
  }

  const cacheFolder = () => join(folder.path, 'cache', 'objects')

  async function run(
    sql: string,
    maxBytes?: number,
  ): Promise<{ columns: QueryColumn[]; rows: QueryCell[][] }> {
    const stream = await duckdbQuery(
      aws,
      sql,
      { signal, onProgress: (message) => said.push(message) },
      { folder: cacheFolder(), maxBytes },
    )
    try {
      const rows: QueryCell[][] = []
      for await (const batch of stream.batches) rows.push(...batch)
      return { columns: stream.columns, rows }
    } finally {
      await stream.close()
    }
  }

  it('have the columns, order and types of the catalog, and every microsecond', async () => {
    const { columns, rows } = await run('select * from temperature order by start_time')
    expect(columns).to.deep.equal([
      { name: 'start_time', type: 'timestamp' },
      { name: 'measurement', type: 'double' },
      { name: 'price', type: 'decimal(20,2)' },
      { name: 'site', type: 'varchar' },
      { name: 'day', type: 'date' },
    ])
    expect(JSON.parse(JSON.stringify(rows))).to.deep.equal([
      ['2026-01-01 10:00:00.123456', 1.5, 12.5, null, '2026-01-01'],
      ['2026-01-01 11:00:00', 'NaN', null, null, '2026-01-01'],
      ['2026-01-02 10:00:00', 3, 1, 'lab', '2026-01-02'],
    ])
  })

  it('see partition values with any characters, and null', async () => {
    const { rows } = await run('select n, name from places order by n')
    expect(rows).to.deep.equal([
      [0, 'a/b c=%'],
      [1, null],
    ])
  })

  it('find tables wherever a statement can have them', async () => {
    const count = async (sql: string) => JSON.stringify((await run(sql)).rows)
    const { database } = aws.names
    expect(await count('select count(*) from TEMPERATURE')).to.equal('[[3]]')
    expect(await count(`select count(*) from ${database}.temperature`)).to.equal('[[3]]')
    expect(await count('with t as (select * from "temperature") select count(*) from t')).to.equal('[[3]]')
    expect(await count('select (select max(n) from places) + count(*) from temperature')).to.equal('[[4]]')
    expect(await count('select count(*) from (temperature t join places p on p.n < t.measurement)')).to.equal(
      '[[6]]',
    )
    expect(await count('with temperature as (select 1) select count(*) from temperature')).to.equal('[[1]]')
    expect(await count('from places select max(n)')).to.equal('[[1]]')
  })

  it('describe and list tables without fetching any', async () => {
    await rm(cacheFolder(), { recursive: true, force: true })
    expect((await run('show tables')).rows).to.deep.equal([['places'], ['temperature']])
    expect(said).to.deep.equal([])
    expect((await run('describe places')).rows.map((row) => row.slice(0, 2))).to.deep.equal([
      ['n', 'INTEGER'],
      ['name', 'VARCHAR'],
    ])
  })

  it('fetch each object once, and again when it changes', async () => {
    await rm(cacheFolder(), { recursive: true, force: true })
    await run('select count(*) from temperature')
    expect(said).to.have.lengthOf(1)
    expect(said[0]).to.match(/^Fetching 2 Parquet files \(0\.0 MB\)$/)
    said = []
    await run('select count(*) from temperature')
    expect(said).to.deep.equal([])
    await put('temperature/day=2026-01-04/a.parquet', `select 1.0::double as measurement`)
    await register('temperature', ['2026-01-04'], 'day')
    expect(
      (await run('select max(measurement) from temperature where site is null and not isnan(measurement)'))
        .rows,
    ).to.deep.equal([[1.5]])
    await put('temperature/day=2026-01-04/a.parquet', `select 8.0::double as measurement`)
    expect((await run(`select measurement from temperature where day = '2026-01-04'`)).rows).to.deep.equal([
      [8],
    ])
    await aws.clients
      .of(S3Client)
      .send(new DeleteObjectCommand({ Bucket: bucket, Key: 'temperature/day=2026-01-04/a.parquet' }))
    expect(JSON.stringify((await run('select count(*) from temperature')).rows)).to.equal('[[3]]')
  })

  it('stop at the number of rows that is wanted, and say that there are more', async () => {
    const read = async (maxRows: number | undefined) => {
      const stream = await openQuery(aws, 'select * from range(5000)', undefined, {
        signal,
        onProgress: () => undefined,
      })
      let rows = 0
      const batches = limitRows(stream, maxRows)
      for (;;) {
        const next = await batches.next()
        if (next.done === true) {
          await stream.close()
          return { rows, truncated: next.value.truncated }
        }
        rows += next.value.length
      }
    }
    expect(await read(3000)).to.deep.equal({ rows: 3000, truncated: true })
    expect(await read(5000)).to.deep.equal({ rows: 5000, truncated: false })
    expect(await read(undefined)).to.deep.equal({ rows: 5000, truncated: false })
  })

  it('leave nothing but the cache behind', async () => {
    await run('select count(*) from temperature')
    expect(await readdir(join(folder.path, 'cache'))).to.deep.equal(['objects'])
  })

  it('of a table that does not exist name those that do', async () => {
    const error = await failure(run('select * from temperatur'))
    expect(error.code).to.equal('TABLE_NOT_FOUND')
    expect(error.message).to.equal('There is no table temperatur.')
    expect(error.suggestions).to.deep.equal(['Did you mean temperature?', 'Tables: places, temperature'])
  })

  it('that are wrong fail with the message and the place that DuckDB gives', async () => {
    const syntax = await failure(run('select * form temperature'))
    expect(syntax.code).to.equal('QUERY_FAILED')
    expect(syntax.exitCode).to.equal(1)
    expect(syntax.message).to.include('syntax error at or near "temperature"').and.include('LINE 1:')
    const column = await failure(run('select nope from places'))
    expect(column.code).to.equal('QUERY_FAILED')
    expect(column.message).to.include('"nope" not found').and.include('LINE 1: select nope from places')
    const value = await failure(run(`select 'x'::int from places`))
    expect(value.code).to.equal('QUERY_FAILED')
    expect(value.message).to.include('Could not convert')
  })

  it('read no file of this machine and write none', async () => {
    for (const sql of [`select * from read_csv('/etc/passwd')`, `select * from read_text('/etc/hostname')`]) {
      const error = await failure(run(sql))
      expect(error.code).to.equal('QUERY_FAILED')
      expect(error.message).to.include('file system operations are disabled by configuration')
    }
    expect((await failure(run(`from '/etc/passwd'`))).code).to.equal('TABLE_NOT_FOUND')
    const writes = ['with t as (select 1) delete from places', 'select 1; select 2']
    for (const sql of writes) expect((await failure(run(sql))).code).to.equal('QUERY_NOT_READ_ONLY')
  })

  it('too large for the cache are sent to Athena', async () => {
    await rm(cacheFolder(), { recursive: true, force: true })
    const error = await failure(run('select * from temperature', 100))
    expect(error.code).to.equal('QUERY_TOO_LARGE')
    expect(error.suggestions).to.deep.equal(['Use --engine athena, which reads them where they are.'])
  })

  it('stop when they are interrupted', async () => {
    const stop = new AbortController()
    // More work than any machine does in the time a test has.
    const endless = openQuery(
      aws,
      'select count(*) from range(10000000) a, range(10000000) b where a.range % 7 = b.range % 5',
      undefined,
      {
        signal: stop.signal,
        onProgress: () => undefined,
      },
    )
    setTimeout(() => stop.abort(), 300)
    expect((await failure(endless)).code).to.equal('INTERRUPTED')
  })

  it('in Athena are refused where Athena runs nothing', async () => {
    const error = await failure(openQuery(aws, 'select 1', 'athena', { signal, onProgress: () => undefined }))
    expect(error.code).to.equal('ENGINE_NOT_AVAILABLE')
    expect(error.exitCode).to.equal(2)
  })

  it('without an environment say how to make one', async () => {
    const other = emulatedContext(moto.endpoint)
    Object.defineProperty(other.names, 'database', { value: 'nowhere' })
    const error = await failure(duckdbQuery(other, 'select 1', { signal, onProgress: () => undefined }))
    expect(error.code).to.equal('ENVIRONMENT_NOT_UP')
    expect(error.suggestions).to.deep.equal(['Create it: datapipe up --env dev'])
  })
})
