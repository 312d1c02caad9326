import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import type { RunExecution } from '../../src/operate/run/execution.js'
import type { StatusResult } from '../../src/operate/provision/status.js'
import { User } from '../support/cli.js'

const CONFIG = `
project: sensors
datasets:
  temperature:
    match: "*measurement_data.csv"
    format: { timezone: Europe/Stockholm }
    columns: { start_time: timestamp, end_time: timestamp, measurement: double, samples: integer }
    timeseries: { start: start_time, end: end_time, samples: samples }
    partition: day(start_time)
    rejects: { max: 25% }
  meters: { match: "meters*.csv" }
`
const HEADER = 'start_time,end_time,measurement,samples'
const FIRST = '2023-06-26 21:05:00.474245,2023-06-26 21:05:39.474245,10.855276688682668,10'
const SECOND = '2023-06-26 23:59:50.000000,2023-06-27 00:00:10.000000,11.5,4'

interface UploadDocument {
  files: { status: string; key: string; versionId: string; sha256: string; bytes: number }[]
}
interface RunDocument {
  executions: RunExecution[]
}
interface QueryDocument {
  columns: { name: string; type: string }[]
  rows: unknown[][]
  engine: string
}

describe('upload, run, query through the built CLI', function () {
  this.timeout(180_000)
  let user: User
  let endpoint: string
  const local = <R>(...args: string[]) => user.json<R>(...args, '--env', 'local')
  const query = async (sql: string) => {
    const document = await local<QueryDocument>('query', sql)
    expect(document.code, JSON.stringify(document.error)).to.equal(0)
    return document.result
  }

  before(async () => {
    user = await User.create()
    await user.write('datapipe.yaml', CONFIG)
    endpoint = await user.startLocal()
    expect((await user.run('up', '--env', 'local')).code).to.equal(0)
  })
  after(() => user.leave())

  it('makes the sensor file queryable: exact sub-intervals, rejects kept, rows in = out + rejected', async () => {
    await user.write(
      '20230703_measurement_data.csv',
      [HEADER, FIRST, SECOND, 'garbage,x,y,z', SECOND.replace(',4', ',0'), ...filler(6)].join('\n') + '\n',
    )
    const { result } = await local<UploadDocument>('upload', '--newest', '*_measurement_data.csv')
    expect(result.files[0]).to.include({
      status: 'uploaded',
      key: 'inbox/temperature/20230703_measurement_data.csv',
    })

    const run = await local<RunDocument>('run', '--watch')
    expect(run.code, JSON.stringify(run)).to.equal(0)
    expect(run.result.executions).to.have.length(1)
    expect(run.result.executions[0]).to.deep.include({
      status: 'succeeded',
      rowsIn: 10,
      rowsRejected: 2,
      rowsOut: 10 + 4 + 6,
    })

    const { columns, engine, rows } = await query(
      'select start_time, end_time, measurement from temperature order by 1 limit 10',
    )
    expect(engine).to.equal('duckdb')
    expect(columns.map(({ name }) => name)).to.deep.equal(['start_time', 'end_time', 'measurement'])
    expect(rows.map(([start]) => String(start).slice(0, 26))).to.deep.equal(
      [
        '00.474245',
        '04.374245',
        '08.274245',
        '12.174245',
        '16.074245',
        '19.974245',
        '23.874245',
        '27.774245',
        '31.674245',
        '35.574245',
      ].map((seconds) => `2023-06-26 21:05:${seconds}`),
    )
    expect(rows[9]!.slice(1)).to.deep.equal(['2023-06-26 21:05:39.474245', 10.855276688682668])
    expect(
      (await query("select day, count(*) from temperature where day < '2023-06-28' group by 1 order by 1"))
        .rows,
    ).to.deep.equal([
      ['2023-06-26', 12],
      ['2023-06-27', 2],
    ])
  })

  it('skips the same content, runs nothing twice, and counts the same afterwards', async () => {
    const before = (await query('select count(*) from temperature')).rows
    const again = await local<UploadDocument>('upload', '20230703_measurement_data.csv')
    expect(again.code).to.equal(0)
    expect(again.result.files[0]).to.include({ status: 'skipped' })
    const run = await local<RunDocument>('run')
    expect(run.code).to.equal(0)
    expect(run.result.executions).to.deep.equal([])
    const forced = await local<RunDocument>(
      'run',
      '--file',
      'inbox/temperature/20230703_measurement_data.csv',
    )
    expect(forced.code, JSON.stringify(forced)).to.equal(0)
    expect(forced.result.executions[0]).to.include({ status: 'succeeded' })
    expect((await query('select count(*) from temperature')).rows).to.deep.equal(before)
  })

  it('replaces what a corrected file had loaded', async () => {
    await user.write('20230703_measurement_data.csv', [HEADER, FIRST, ...filler(6)].join('\n') + '\n')
    const upload = await local<UploadDocument>('upload', '20230703_measurement_data.csv')
    expect(upload.result.files[0]).to.include({ status: 'uploaded' })
    expect((await local<RunDocument>('run')).code).to.equal(0)
    expect((await query('select count(*) from temperature')).rows).to.deep.equal([[16]])
    // The day that only the first version had is gone.
    expect((await query("select count(*) from temperature where day = '2023-06-27'")).rows).to.deep.equal([
      [0],
    ])
  })

  it('loads a plain CSV whose types nobody declared', async () => {
    await user.write(
      'meters-1.csv',
      'id,zip,reading,taken\n1,01234,1.5,2024-02-29\n2,99999,2.25,2024-03-01\n',
    )
    await local('upload', 'meters-1.csv')
    expect((await local<RunDocument>('run')).code).to.equal(0)
    const { columns, rows } = await query('select id, zip, reading, taken from meters order by id')
    expect(columns.map(({ type }) => type)).to.deep.equal(['bigint', 'varchar', 'double', 'date'])
    expect(rows).to.deep.equal([
      [1, '01234', 1.5, '2024-02-29'],
      [2, '99999', 2.25, '2024-03-01'],
    ])
  })

  it('publishes nothing of a file with too many bad rows: exit code 5, a message in the queue, no second try', async () => {
    await user.write('20230801_measurement_data.csv', [HEADER, FIRST, 'bad,bad,bad,bad'].join('\n') + '\n')
    await local('upload', '20230801_measurement_data.csv')
    const run = await local<RunDocument>('run', '--watch')
    expect(run.code).to.equal(5)
    expect(run.result.executions[0]).to.include({ status: 'rejected', rowsIn: 2, rowsRejected: 1 })
    expect((await query('select count(*) from temperature')).rows).to.deep.equal([[16]])

    const sqs = new SQSClient({
      endpoint,
      region: 'eu-north-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
    const QueueUrl = `${endpoint}/123456789012/dp-sensors-local-failed`
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    )
    expect(Attributes?.ApproximateNumberOfMessages).to.equal('1')
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    const message = JSON.parse(Messages?.[0]?.Body ?? '{}') as Record<string, string>
    expect(message).to.include({
      key: 'inbox/temperature/20230801_measurement_data.csv',
      error: 'datapipe.DataError',
    })

    const again = await local<RunDocument>('run')
    expect(again.result.executions).to.deep.equal([])
    expect(again.warnings.join('\n')).to.contain('20230801_measurement_data.csv')
  })

  it('fails a file that no dataset can read, and says why', async () => {
    await user.write('meters-2.csv', 'id,zip,reading,taken\n')
    await local('upload', 'meters-2.csv')
    const run = await local<RunDocument>('run', '--watch')
    expect(run.code).to.equal(1)
    expect(run.result.executions[0]).to.include({ status: 'failed' })
    expect(run.result.executions[0]!.error).to.match(/header and no rows/)
  })

  it('shows all of it in status, and nothing has drifted', async () => {
    const { result } = await local<StatusResult>('status')
    expect(result.resources.filter(({ state }) => state !== 'ok')).to.deep.equal([])
    expect(result.datasets).to.deep.equal([
      { name: 'meters', table: 'meters', rows: 2, files: 1 },
      { name: 'temperature', table: 'temperature', rows: 16, files: 7 },
    ])
    expect(result.runs.map(({ status }) => status)).to.include.members(['succeeded', 'rejected', 'failed'])
    expect(result.cost.idleMonthlyUsd).to.equal(1)
  })

  it('removes all of it', async () => {
    const down = await local<{ verifiedEmpty: boolean }>('down', '--delete-data', '--yes')
    expect(down.code, JSON.stringify(down.error)).to.equal(0)
    expect(down.result.verifiedEmpty).to.equal(true)
  })
})

/** Valid rows of one sample each, one day apart. */
function filler(rows: number): string[] {
  return Array.from({ length: rows }, (_, index) => {
    const day = `2023-07-${String(index + 1).padStart(2, '0')}`
    return `${day} 00:00:00.000000,${day} 00:01:00.000000,1.5,1`
  })
}
