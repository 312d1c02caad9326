import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
} from '@aws-sdk/client-glue'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { inboxKey, rejectsKey, runKey, sourceId, sourceKey } from '../../../src/transform/layout.js'
import { runRecordSchema, type RunRecord } from '../../../src/transform/record.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { FIRST_ROW, readParquet, SENSOR, SENSOR_HEADER, timeText } from '../support/files.js'

const RAW = 'raw-bucket'
const TRANSFORMED = 'transformed-bucket'
const ARTIFACTS = 'artifacts-bucket'
const DATABASE = 'sensors_dev'
const KEY = inboxKey('temperature', '20230703_measurement_data.csv')
const SOURCE = sourceId(`${RAW}/${KEY}`)
const ENTRY = new URL('../../../src/transform/container.ts', import.meta.url).pathname
const SECOND_ROW = '2023-06-27 00:00:00,2023-06-27 00:00:10,11.5,2\n'
const AWS = {
  AWS_REGION: 'eu-north-1',
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'a-secret-to-keep',
}

describe('the container', function () {
  this.timeout(120_000)
  let moto: Moto
  let s3: S3Client
  let glue: GlueClient
  let scratch: string

  before(async () => {
    moto = await startMoto()
    const client = {
      endpoint: moto.endpoint,
      region: AWS.AWS_REGION,
      credentials: { accessKeyId: AWS.AWS_ACCESS_KEY_ID, secretAccessKey: AWS.AWS_SECRET_ACCESS_KEY },
    }
    s3 = new S3Client({ ...client, forcePathStyle: true })
    glue = new GlueClient(client)
  })
  after(async () => {
    s3.destroy()
    glue.destroy()
    await moto.stop()
  })

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    await fetch(`${moto.endpoint}/moto-api/reset`, { method: 'POST' })
    for (const Bucket of [RAW, TRANSFORMED, ARTIFACTS]) {
      await s3.send(
        new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-north-1' } }),
      )
      await s3.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      )
    }
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }))
    await configure({ temperature: { ...SENSOR, partition: 'day(start_time)', rejects: { max: '50%' } } })
  })
  afterEach(async () => {
    expect((await readdir(scratch)).length, 'left in scratch').to.equal(0)
    await rm(scratch, { recursive: true })
  })

  const configure = (datasets: object) =>
    s3.send(
      new PutObjectCommand({
        Bucket: ARTIFACTS,
        Key: 'config/datasets.json',
        Body: JSON.stringify({ schemaVersion: 1, datasets }),
      }),
    )

  const upload = async (body: string | Uint8Array, key = KEY) => {
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: RAW, Key: key, Body: body }))
    return VersionId ?? ''
  }

  interface Ended {
    code: number | null
    log: Record<string, unknown>[]
    output: string
  }

  function runContainer(versionId: string, key = KEY, extra: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = spawn(process.execPath, ['--import', 'tsx', ENTRY], {
      env: {
        PATH: process.env.PATH,
        ...AWS,
        AWS_ENDPOINT_URL: moto.endpoint,
        DP_ENV: 'dev',
        DP_PROJECT: 'sensors',
        DP_CONFIG_BUCKET: ARTIFACTS,
        DP_CONFIG_KEY: 'config/datasets.json',
        DP_TRANSFORMED_BUCKET: TRANSFORMED,
        DP_GLUE_DATABASE: DATABASE,
        DP_BUCKET: RAW,
        DP_KEY: key,
        DP_VERSION_ID: versionId,
        DP_SIZE: '',
        DP_EXECUTION: 'execution-1',
        DP_SCRATCH: scratch,
        DP_MEMORY_MB: '1024',
        ...extra,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        const log = stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
        resolve({ code, log, output: output + stdout })
      })
    })
  }

  const object = async (Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: TRANSFORMED, Key }))
    return (await Body?.transformToByteArray()) ?? new Uint8Array()
  }

  const recordOf = async (versionId: string, dataset = 'temperature', id = SOURCE): Promise<RunRecord> =>
    runRecordSchema.parse(JSON.parse(Buffer.from(await object(runKey(dataset, id, versionId))).toString()))

  /** Current objects, and how many versions and delete markers there are in all. */
  const inventory = async () => {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: TRANSFORMED }),
    )
    const current = Versions.filter(({ IsLatest }) => IsLatest).map(({ Key, ETag }) => [Key, ETag] as const)
    return {
      keys: current.map(([key]) => key).sort(),
      etags: new Map(current),
      all: Versions.length + DeleteMarkers.length,
    }
  }

  const rewrite = async (versionId: string, changes: Partial<RunRecord>) => {
    const Body = JSON.stringify({ ...(await recordOf(versionId)), ...changes })
    await s3.send(
      new PutObjectCommand({ Bucket: TRANSFORMED, Key: runKey('temperature', SOURCE, versionId), Body }),
    )
  }

  const rowsOf = async (key: string) => {
    const path = join(tmpdir(), `datapipe-test-${process.pid}.parquet`)
    await writeFile(path, await object(key))
    const rows = await readParquet(path)
    await rm(path)
    return rows
  }

  const values = async () => {
    const { Partitions = [] } = await glue.send(
      new GetPartitionsCommand({ DatabaseName: DATABASE, TableName: 'temperature' }),
    )
    return Partitions.map(({ Values, StorageDescriptor }) => [
      Values?.join('/'),
      StorageDescriptor?.Location,
    ]).sort()
  }

  const dataKey = (day: string) => `temperature/day=${day}/${SOURCE}.parquet`

  it('fetches, transforms, publishes, registers and records', async () => {
    const version = await upload(`${SENSOR_HEADER}${FIRST_ROW}${SECOND_ROW}not a row\n`)
    const { code, log, output } = await runContainer(version)
    expect(code, output).to.equal(0)
    expect(log.at(-1)).to.include({
      event: 'finished',
      status: 'succeeded',
      rowsIn: 3,
      rowsOut: 12,
      rowsRejected: 1,
    })
    expect(output).not.to.contain(AWS.AWS_SECRET_ACCESS_KEY)

    expect((await inventory()).keys).to.deep.equal(
      [
        dataKey('2023-06-26'),
        dataKey('2023-06-27'),
        rejectsKey('temperature', SOURCE, 'csv', version),
        rejectsKey('temperature', SOURCE, 'parquet', version),
        runKey('temperature', SOURCE, version),
        sourceKey('temperature', SOURCE),
      ].sort(),
    )
    const rows = await rowsOf(dataKey('2023-06-26'))
    expect(rows.map((row) => timeText(row.start_time)).slice(0, 2)).to.deep.equal([
      '2023-06-26 21:05:00.474245',
      '2023-06-26 21:05:04.374245',
    ])

    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name: 'temperature' }))
    expect(Table?.StorageDescriptor?.Columns?.map(({ Name, Type }) => `${Name} ${Type}`)).to.deep.equal([
      'start_time timestamp',
      'end_time timestamp',
      'measurement double',
    ])
    expect(Table?.PartitionKeys?.map(({ Name, Type }) => `${Name} ${Type}`)).to.deep.equal(['day string'])
    expect(Table?.Parameters?.['parquet.compression']).to.equal('ZSTD')
    expect(await values()).to.deep.equal([
      ['2023-06-26', `s3://${TRANSFORMED}/temperature/day=2023-06-26/`],
      ['2023-06-27', `s3://${TRANSFORMED}/temperature/day=2023-06-27/`],
    ])

    const record = await recordOf(version)
    expect(record).to.deep.include({
      status: 'succeeded',
      runId: 'execution-1',
      rowsIn: 3,
      rowsAccepted: 2,
      rowsOut: 12,
      rowsRejected: 1,
    })
    expect(record.source).to.deep.include({ bucket: RAW, key: KEY, versionId: version })
    expect(record.outputs.map(({ key, rows, partition }) => [key, rows, partition])).to.deep.equal([
      [dataKey('2023-06-26'), 10, { day: '2023-06-26' }],
      [dataKey('2023-06-27'), 2, { day: '2023-06-27' }],
    ])
  })

  it('run twice on the same version, changes nothing but the record', async () => {
    const version = await upload(SENSOR_HEADER + FIRST_ROW + SECOND_ROW)
    await runContainer(version)
    const before = await inventory()
    expect((await runContainer(version)).code).to.equal(0)
    const after = await inventory()
    expect(after.keys).to.deep.equal(before.keys)
    expect(after.all).to.equal(before.all + 1)
    const changed = [...after.etags]
      .filter(([key, etag]) => before.etags.get(key) !== etag)
      .map(([key]) => key)
    expect(changed).to.deep.equal([runKey('temperature', SOURCE, version)])
  })

  it('leaves alone what is loaded already, when nobody asked for it again', async () => {
    const swept = { DP_EXECUTION: 'o-1', DP_RESULT_KEY: 'datapipe_results/o-1.json' }
    const version = await upload(`${SENSOR_HEADER}${FIRST_ROW}bad\n`)
    expect((await runContainer(version, KEY, swept)).code).to.equal(0)
    const first = await recordOf(version)
    const before = await inventory()
    const result = async () =>
      JSON.parse(Buffer.from(await object(swept.DP_RESULT_KEY)).toString()) as Record<string, unknown>
    const { rowsOut } = first
    expect(await result()).to.include({ outcome: 'succeeded', rowsIn: 2, rowsOut, rowsRejected: 1 })

    const again = await runContainer(version, KEY, swept)
    expect(again.code).to.equal(0)
    expect(again.log.map(({ event }) => event)).to.deep.equal(['started', 'already_loaded', 'finished'])
    expect(await recordOf(version)).to.deep.equal(first)
    expect(await result()).to.include({ outcome: 'already-loaded', rowsIn: 2 })
    const after = await inventory()
    const changed = [...after.etags].filter(([key, etag]) => before.etags.get(key) !== etag)
    expect(changed.map(([key]) => key)).to.deep.equal([swept.DP_RESULT_KEY])

    for (const force of [{ DP_FORCE: '1' }, { DP_EXECUTION: 'r1-1' }, { DP_EXECUTION: 'b-1' }]) {
      const earlier = await recordOf(version)
      const forced = await runContainer(version, KEY, { ...swept, ...force })
      expect(forced.log.map(({ event }) => event)).not.to.include('already_loaded')
      expect((await recordOf(version)).startedAt).not.to.equal(earlier.startedAt)
    }
  })

  const pointTo = (versionId: string) =>
    s3.send(
      new PutObjectCommand({
        Bucket: TRANSFORMED,
        Key: sourceKey('temperature', SOURCE),
        Body: JSON.stringify({
          schemaVersion: 1,
          versionId,
          lastModified: 1,
          state: 'published',
          outputs: [],
          rejects: [],
        }),
      }),
    )
  const reconfigure = () =>
    configure({ temperature: { ...SENSOR, partition: 'day(start_time)', rejects: { max: '40%' } } })
  for (const [what, change] of [
    ['with another configuration of its dataset', reconfigure],
    ['by another release', (version: string) => rewrite(version, { datapipe: '0.0.0-other' })],
    [
      'by a release that did not say how',
      (version: string) => rewrite(version, { configuration: undefined }),
    ],
    ['without success', (version: string) => rewrite(version, { status: 'superseded' })],
    ['before something else was published', () => pointTo('other')],
  ] as const) {
    it(`loads again what was loaded ${what}`, async () => {
      const swept = { DP_EXECUTION: 'o-1' }
      const version = await upload(SENSOR_HEADER + FIRST_ROW)
      await runContainer(version, KEY, swept)
      const first = await recordOf(version)
      await change(version)
      const again = await runContainer(version, KEY, swept)
      expect(again.code, again.output).to.equal(0)
      expect(again.log.map(({ event }) => event)).not.to.include('already_loaded')
      const second = await recordOf(version)
      expect(second).to.include({ status: 'succeeded', rowsIn: 1 })
      expect(second.startedAt).not.to.equal(first.startedAt)
    })
  }

  it('a corrected file replaces its predecessor, also where it no longer has rows', async () => {
    await runContainer(await upload(`${SENSOR_HEADER}${FIRST_ROW}${SECOND_ROW}bad\n`))
    const version = await upload(SENSOR_HEADER + SECOND_ROW)
    expect((await runContainer(version)).code).to.equal(0)
    const { keys } = await inventory()
    expect(keys.filter((key) => !key?.startsWith('datapipe_'))).to.deep.equal([dataKey('2023-06-27')])
    expect(keys.filter((key) => key?.startsWith('datapipe_rejects'))).to.deep.equal([])
  })

  it('leaves a version alone that a newer one has superseded', async () => {
    const old = await upload(SENSOR_HEADER + FIRST_ROW)
    const current = await upload(SENSOR_HEADER + SECOND_ROW)
    expect((await runContainer(current)).code).to.equal(0)
    const before = await inventory()
    const { code } = await runContainer(old)
    expect(code).to.equal(0)
    expect((await recordOf(old)).status).to.equal('superseded')
    const after = await inventory()
    expect(after.keys.filter((key) => !before.keys.includes(key))).to.deep.equal([
      runKey('temperature', SOURCE, old),
    ])
    expect(after.all).to.equal(before.all + 1)
  })

  it('takes the current version when none is named', async () => {
    await upload(SENSOR_HEADER + FIRST_ROW)
    const current = await upload(SENSOR_HEADER + SECOND_ROW)
    expect((await runContainer('')).code).to.equal(0)
    expect((await recordOf(current)).rowsOut).to.equal(2)
  })

  it('too many rejected rows: exit code 64, a record, the rejects, and no data', async () => {
    const version = await upload(`${SENSOR_HEADER}${FIRST_ROW}bad\nworse\n`)
    const { code } = await runContainer(version)
    expect(code).to.equal(64)
    const record = await recordOf(version)
    expect(record).to.deep.include({
      status: 'rejected',
      rowsIn: 3,
      rowsAccepted: 1,
      rowsRejected: 2,
      rowsOut: 0,
      outputs: [],
    })
    expect(record.error?.code).to.equal('REJECTS_OVER_LIMIT')
    expect(record.error?.message).to.contain(`of ${KEY} were rejected`)
    expect((await inventory()).keys).to.deep.equal([
      rejectsKey('temperature', SOURCE, 'parquet', version),
      rejectsKey('temperature', SOURCE, 'csv', version),
      runKey('temperature', SOURCE, version),
    ])
  })

  it('leaves a version with too many rejected rows alone until somebody asks, and reports it once', async () => {
    const swept = { DP_EXECUTION: 'o-1', DP_RESULT_KEY: 'datapipe_results/o-1.json' }
    const version = await upload(`${SENSOR_HEADER}${FIRST_ROW}bad\nworse\n`)
    expect((await runContainer(version, KEY, swept)).code).to.equal(64)
    const first = await recordOf(version)
    expect(first.quarantined).to.equal(true)

    const retried = await runContainer(version, KEY, swept)
    expect(retried.code, 'a task that died before it could tell its execution').to.equal(64)
    const later = await runContainer(version, KEY, { DP_EXECUTION: 'o-2' })
    expect(later.code, 'another execution, which has nothing to report').to.equal(0)
    expect(later.log.map(({ event }) => event)).to.deep.equal(['started', 'left_alone', 'finished'])
    expect(await recordOf(version)).to.deep.equal(first)

    const asked = await runContainer(version, KEY, { DP_EXECUTION: 'r1-1' })
    expect(asked.code).to.equal(64)
    expect((await recordOf(version)).runId).to.equal('r1-1')
  })

  const bad: [name: string, body: string, code: string][] = [
    ['a file without rows', SENSOR_HEADER, 'FILE_HAS_NO_ROWS'],
    ['an empty file', '', 'FILE_EMPTY'],
    ['a missing column', 'start_time,end_time\n1,2\n', 'MISSING_COLUMN'],
  ]
  for (const [name, body, errorCode] of bad) {
    it(`${name}: exit code 64 and a record`, async () => {
      const version = await upload(body)
      expect((await runContainer(version)).code).to.equal(64)
      const record = await recordOf(version)
      expect(record.status).to.equal('failed')
      expect(record.error?.code).to.equal(errorCode)
      expect((await inventory()).keys).to.deep.equal([runKey('temperature', SOURCE, version)])
    })
  }

  it('a version that was deleted: exit code 64 and a record', async () => {
    const version = await upload(SENSOR_HEADER + FIRST_ROW)
    await s3.send(new DeleteObjectCommand({ Bucket: RAW, Key: KEY, VersionId: version }))
    expect((await runContainer(version)).code).to.equal(64)
    expect((await recordOf(version)).error?.code).to.equal('SOURCE_NOT_FOUND')
  })

  it('what another try may cure: exit code 1, no record', async () => {
    const version = await upload(SENSOR_HEADER + FIRST_ROW)
    const { code, log } = await runContainer(version, KEY, { DP_CONFIG_KEY: 'absent.json' })
    expect(code).to.equal(1)
    expect(log.at(-1)).to.include({ event: 'failed', code: 'CONFIG_NOT_FOUND' })
    expect((await inventory()).keys).to.deep.equal([])
  })

  it('says which variables are missing', async () => {
    const { code, log } = await runContainer('', KEY, { DP_BUCKET: '', DP_GLUE_DATABASE: undefined })
    expect(code).to.equal(1)
    expect(log.at(-1)).to.include({ code: 'CONTAINER_SETTINGS' })
    expect(log.at(-1)?.message).to.match(/DP_GLUE_DATABASE, DP_BUCKET|DP_BUCKET, DP_GLUE_DATABASE/)
  })

  it('the first file makes the contract of a dataset that nobody declared', async () => {
    const first = inboxKey('readings', 'first.csv')
    const second = inboxKey('readings', 'second.csv')
    const later = inboxKey('readings', 'later.csv')
    await configure({ readings: { rejects: { max: '50%' } } })
    expect((await runContainer(await upload('id,zip\n1,01234\n2,99999\n', first), first)).code).to.equal(0)
    const version = await upload('zip,id\n55555,3\n66666,4\n77777,x\n', second)
    expect((await runContainer(version, second)).code).to.equal(0)
    const record = await recordOf(version, 'readings', sourceId(`${RAW}/${second}`))
    expect(record).to.deep.include({ rowsIn: 3, rowsAccepted: 2, rowsRejected: 1 })
    expect(await rowsOf(record.outputs[0]?.key ?? '')).to.deep.equal([
      { id: 3n, zip: '55555' },
      { id: 4n, zip: '66666' },
    ])
    const other = await upload('id\n5\n', later)
    expect((await runContainer(other, later)).code).to.equal(64)
    expect((await recordOf(other, 'readings', sourceId(`${RAW}/${later}`))).error?.code).to.equal(
      'MISSING_COLUMN',
    )
  })

  it('refuses a file that would change the table', async () => {
    await runContainer(await upload(SENSOR_HEADER + FIRST_ROW))
    await configure({ temperature: { ...SENSOR, partition: 'month(start_time)' } })
    const before = await inventory()
    const version = await upload(SENSOR_HEADER + SECOND_ROW)
    expect((await runContainer(version)).code).to.equal(64)
    expect((await recordOf(version)).error).to.deep.include({
      code: 'TABLE_DIFFERS',
      message:
        `${KEY} cannot be loaded: the table temperature is partitioned by day (string), ` +
        'and the dataset says month (string) now.',
    })
    expect((await inventory()).keys.filter((key) => !before.keys.includes(key))).to.deep.equal([
      runKey('temperature', SOURCE, version),
    ])
  })

  it('a file with a new column changes the table, and the record says so; older files stay loadable', async () => {
    const [first, second, third] = ['first.csv', 'second.csv', 'third.csv'].map((name) =>
      inboxKey('readings', name),
    )
    await configure({
      readings: { partition: 'day(at)', checks: ['v > 0', { row_count: { max: 2 } }], rejects: { max: 1 } },
    })
    const at = '2023-06-26 12:00:00'
    expect((await runContainer(await upload(`at,v\n${at},1\n`, first), first)).code).to.equal(0)
    const version = await upload(`note,v,at\nx,2,${at}\ny,-1,${at}\n`, second)
    expect((await runContainer(version, second)).code).to.equal(0)
    const record = await recordOf(version, 'readings', sourceId(`${RAW}/${second}`))
    expect(record.drift).to.deep.equal([
      { file: second, column: 'note', change: 'added', from: null, to: 'string' },
    ])
    expect(record.checks.map(({ name, passed, failed }) => [name, passed, failed])).to.deep.equal([
      ['v > 0', false, 1],
      ['row_count', true, 0],
    ])
    const columns = ['at timestamp', 'v bigint', 'note string']
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: DATABASE, Name: 'readings' }))
    expect(Table?.StorageDescriptor?.Columns?.map(({ Name, Type }) => `${Name} ${Type}`)).to.deep.equal(
      columns,
    )
    const { Partitions } = await glue.send(
      new GetPartitionsCommand({ DatabaseName: DATABASE, TableName: 'readings' }),
    )
    expect(
      Partitions?.map((partition) =>
        partition.StorageDescriptor?.Columns?.map(({ Name, Type }) => `${Name} ${Type}`),
      ),
    ).to.deep.equal([columns])
    expect((await runContainer(await upload(`v,at\n3,${at}\n`, third), third)).code).to.equal(0)
    const many = await upload(`v,at\n${`3,${at}\n`.repeat(3)}`, third)
    const { code } = await runContainer(many, third)
    expect(code).to.equal(64)
    const failed = await recordOf(many, 'readings', sourceId(`${RAW}/${third}`))
    expect([failed.status, failed.error?.code]).to.deep.equal(['failed', 'CHECK_FAILED'])
    expect(failed.checks.map(({ name, passed }) => [name, passed])).to.deep.equal([
      ['v > 0', true],
      ['row_count', false],
    ])
  })

  it('takes a partition that is registered already', async () => {
    await runContainer(await upload(SENSOR_HEADER + SECOND_ROW))
    await glue.send(
      new BatchCreatePartitionCommand({
        DatabaseName: DATABASE,
        TableName: 'temperature',
        PartitionInputList: [{ Values: ['2023-06-26'], StorageDescriptor: { Location: 's3://elsewhere/' } }],
      }),
    )
    expect((await runContainer(await upload(SENSOR_HEADER + FIRST_ROW))).code).to.equal(0)
    // The corrected file left nothing in the other.
    expect((await values()).map(([value]) => value)).to.deep.equal(['2023-06-26'])
  })
})
