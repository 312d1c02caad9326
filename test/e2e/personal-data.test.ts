import { createHmac } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectVersionsCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import type { UpResult } from '../../src/operate/provision/up.js'
import type { ShownRejects } from '../../src/operate/rejects/show.js'
import type { RunResult } from '../../src/operate/run/run.js'
import type { RunRecord } from '../../src/transform/record.js'
import { User, type CliResult } from '../support/cli.js'
import { readParquet } from '../transform/support/files.js'

const config = (email: string) => `
project: people
datasets:
  people:
    match: "people*.csv"
    columns:
      id: integer
      email: ${email}
      name: { type: string, pii: mask }
      ssn: { type: bigint, pii: drop }
      born: { type: date, pii: hash }
    rejects: { max: 10 }
    checks:
      - { freshness: { column: born, within: 100000d }, name: any_born, severity: warn }
      - { freshness: { column: born, within: 1d }, name: born_yesterday, severity: warn }
      - { sql: "ssn > 0", name: positive }
`
const HASHED = config('{ type: string, pii: hash }')
const PEOPLE = [
  ['1', 'anna@canary.example', 'Anna Canary', '8112218901', '1981-12-21'],
  ['2', 'bo@canary.example', 'Bo Canary', '8212218902', '1982-12-22'],
] as const
const BAD = [
  '3,cy@canary.example,Cy Canary,canary-ssn,1983-12-23',
  '4,dee@canary.example,Dee Canary,-8412218904,1984-12-24',
  '5,eve@canary.example,Eve Canary,8512218905,canary-born',
  'canary-id,fay@canary.example,Fay Canary,8612218906,1986-12-26',
  '7,gus@canary.example,Gus Canary,8712218907,1987-12-27,canary-extra',
]
/** Whatever only the file may hold. */
const PERSONAL = /canary|8\d12218\s*90\d|198\d-12-2\d/i

describe('a dataset with personal data, through the built CLI', function () {
  this.timeout(180_000)
  let user: User
  let s3: S3Client
  let key: string
  const outputs: CliResult[] = []
  const local = async <R>(...args: string[]) => {
    const printed = await user.run(...args, '--env', 'local', '--json')
    outputs.push(printed)
    return { ...(JSON.parse(printed.stdout) as { result: R; error?: unknown }), code: printed.code }
  }
  const keyVersions = async () => {
    const bucket = await bucketOf('artifacts')
    const { Versions = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'keys/' }),
    )
    return Versions.map(({ Key, VersionId }) => `${Key}@${VersionId}`)
  }
  const bucketOf = async (part: string) => {
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
    return Buckets.find(({ Name }) => Name?.includes(`-local-${part}-`))?.Name ?? ''
  }

  before(async () => {
    user = await User.create()
    user.env.TMPDIR = join(user.folder, 'tmp')
    await mkdir(user.env.TMPDIR)
    await user.write('datapipe.yaml', HASHED)
    await user.write(
      'people.csv',
      ['id,email,name,ssn,born', ...PEOPLE.map((row) => row.join()), ...BAD, ''].join('\n'),
    )
    const endpoint = await user.startLocal()
    s3 = new S3Client({
      endpoint,
      region: 'eu-north-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
  })
  after(async () => {
    s3.destroy()
    await user.leave()
  })

  it('gets its key once', async () => {
    const first = await local<UpResult>('up')
    expect(first.code, JSON.stringify(first.error)).to.equal(0)
    const made = await keyVersions()
    expect(made).to.have.length(1)
    const again = await local<UpResult>('up')
    expect(again.result.changes).to.include({ created: 0, updated: 0, replaced: 0, deleted: 0 })
    expect(again.result.apiCalls).to.be.lessThan(first.result.apiCalls)
    expect(await keyVersions()).to.deep.equal(made)

    const stored = await objectText(s3, await bucketOf('artifacts'), 'keys/pii.json')
    key = (JSON.parse(stored.toString()) as { key: string }).key
    expect(Buffer.from(key, 'base64')).to.have.length(32)
  })

  it('shows hashes that anybody with the key can compute', async () => {
    expect((await local('upload', 'people.csv')).code).to.equal(0)
    const run = await local<RunResult>('run', '--watch')
    expect(run.code, JSON.stringify(run)).to.equal(0)
    expect(run.result.executions[0]).to.include({ rowsIn: 7, rowsOut: 2, rowsRejected: 5 })
    const hash = (text: string) => createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('hex')
    const { result } = await local<{ rows: unknown[][] }>('query', 'select * from people order by id')
    expect(result.rows).to.deep.equal(
      PEOPLE.map(([id, email, , , born]) => [Number(id), hash(email), '***', hash(born)]),
    )
  })

  it('tells where rejected rows are, and not what is in them', async () => {
    const shown = await local<ShownRejects>('rejects', 'show', 'people/people.csv')
    expect(shown.result.rows.map(({ line, column, raw }) => [line, column, raw])).to.deep.equal([
      [4, 'ssn', null],
      [5, 'ssn', null],
      [6, 'born', null],
      [7, 'id', null],
      [8, null, null],
    ])
    const file = await local('rejects', 'export', 'people/people.csv', '--out', 'bad.csv')
    expect(file.code).to.equal(1)
    expect(file.error).to.deep.include({ code: 'REJECTS_WITHOUT_TEXT' })
    expect(JSON.stringify(file.error)).to.match(/personal data.*s3:\/\/\S+\/inbox\/people\/people\.csv/)
    expect(await readdir(user.folder)).not.to.include('bad.csv')
    expect((await local('rejects', 'export', 'people/people.csv', '--out', 'bad.parquet')).code).to.equal(0)
  })

  it('checks values without telling them', async () => {
    const { result } = await local<RunRecord>('show', 'inbox/people/people.csv')
    const checks = result.checks ?? []
    expect(checks.map(({ name, passed }) => [name, passed])).to.deep.equal([
      ['any_born', true],
      ['born_yesterday', false],
      ['positive', false],
    ])
    expect(checks[1]!.detail).to.match(/^the newest born is \(withheld\); the file is of /)
  })

  it('leaves neither values nor the key anywhere but in the raw file and in the key itself', async () => {
    for (const words of [
      ['history'],
      ['rejects', 'list'],
      ['status'],
      ['run', '--file', 'inbox/people/people.csv'],
    ])
      outputs.push(await user.run(...words, '--env', 'local'))
    outputs.push(await user.run('query', 'select * from datapipe_rejects', '--env', 'local'))
    const found: string[] = []
    const files: string[] = []
    const look = async (place: string, content: Buffer) => {
      const text = content.toString('latin1') + (await rowsOf(user.env.TMPDIR!, content))
      if (PERSONAL.test(text) || text.includes(key)) found.push(place)
    }
    for (const [index, { stdout, stderr }] of outputs.entries())
      await look(`output ${index}`, Buffer.from(stdout + stderr))
    for (const entry of await readdir(user.folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || entry.name === 'people.csv') continue
      files.push(path)
      await look(path, await readFile(path))
    }
    const objects: string[] = []
    for (const part of ['transformed', 'artifacts', 'logs']) {
      const bucket = await bucketOf(part)
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      for (const { Key = '', VersionId } of Versions) {
        objects.push(Key)
        if (Key !== 'keys/pii.json')
          await look(`${part}: ${Key}`, await objectText(s3, bucket, Key, VersionId))
      }
    }
    expect(found).to.deep.equal([])
    expect(files.join('\n'), 'the log of the run').to.match(/\.log$/m)
    // It would have found them.
    const raw = await objectText(s3, await bucketOf('raw'), 'inbox/people/people.csv')
    await look('raw', raw)
    expect(found).to.deep.equal(['raw'])
    expect(objects.join('\n')).to.match(/datapipe_rejects\/.*datapipe_rejects_csv\/.*datapipe_runs\//s)
    expect(outputs.some(({ stdout }) => stdout.includes('(withheld)'))).to.equal(true)
  })

  it('refuses a column that nobody declared, and says why', async () => {
    await user.write(
      'people-2.csv',
      'id,email,name,ssn,born,phone\n8,hal@canary.example,Hal,1,1981-12-21,2\n',
    )
    expect((await local('upload', 'people-2.csv')).code).to.equal(0)
    const run = await local<RunResult>('run', '--watch')
    expect(run.code).to.equal(1)
    expect(run.result.executions[0]!.error).to.match(/"phone".*holds personal data/)
  })

  it('keeps its key when nothing is hashed any more, and until its data go', async () => {
    const before = await keyVersions()
    await user.write('datapipe.yaml', config('string').replace('pii: hash', 'pii: drop'))
    const up = await local<UpResult>('up')
    expect(up.code, JSON.stringify(up.error)).to.equal(0)
    expect(up.result.changes).to.include({ deleted: 0, replaced: 0 })
    expect(await keyVersions()).to.deep.equal(before)

    const down = await local<{ verifiedEmpty: boolean; retained: { id: string }[] }>('down', '--yes')
    expect(down.code, JSON.stringify(down.error)).to.equal(0)
    expect(down.result.verifiedEmpty).to.equal(false)
    expect(await keyVersions()).to.deep.equal(before)

    const all = await local<{ verifiedEmpty: boolean }>('down', '--delete-data', '--yes')
    expect(all.code, JSON.stringify(all.error)).to.equal(0)
    expect(all.result.verifiedEmpty).to.equal(true)
    expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).to.deep.equal([])
  })
})

async function objectText(s3: S3Client, bucket: string, key: string, version?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

/** The values in a Parquet file, which are compressed there; '' of anything else. */
async function rowsOf(folder: string, content: Buffer): Promise<string> {
  if (content.subarray(0, 4).toString() !== 'PAR1') return ''
  const path = join(folder, 'looked-at.parquet')
  await writeFile(path, content)
  return JSON.stringify(await readParquet(path), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}
