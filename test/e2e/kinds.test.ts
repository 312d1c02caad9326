import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import type { HistoryResult } from '../../src/operate/history/history.js'
import type { RejectsList } from '../../src/operate/rejects/list.js'
import type { ShownRejects } from '../../src/operate/rejects/show.js'
import type { RunResult } from '../../src/operate/run/run.js'
import { User } from '../support/cli.js'
import { number, row, text, workbook } from '../transform/inputs/workbook.js'

const CONFIG = `
project: kinds
datasets:
  lines: { match: "*.jsonl", format: { type: jsonl }, columns: { id: integer, note: string } }
  pages: { match: "*.parquet", format: { type: parquet } }
  sheets: { match: "*.xlsx", format: { type: xlsx } }
  tabs: { match: "*.tsv", format: { type: tsv } }
  packed: { match: "*.csv.zst" }
  names:
    match: "{*.csv,*.}"
    columns: { id: integer, note: string }
    rejects: { max: 1 }
`
const EXPECTED = [
  [1, 'one, with "quotes"'],
  [2, 'zwei: ä'],
]
/** Names that trip encodings up; three of them differ by nothing that a slug keeps. */
const NAMES = [
  `it's "quoted".csv`,
  'day=2026-01-01.csv',
  '100% + more.csv',
  'Ålesund 東京 🙂.csv',
  'trailing.',
  'a b.csv',
  'a_b.csv',
  'a%20b.csv',
  `${'long'.repeat(60)}.csv`,
]

describe('every kind of file, and every kind of name, through the built CLI', function () {
  this.timeout(240_000)
  let user: User
  let s3: S3Client
  const local = <R>(...args: string[]) => user.json<R>(...args, '--env', 'local')
  const query = async (sql: string) => {
    const document = await local<{ rows: unknown[][] }>('query', sql)
    expect(document.code, JSON.stringify(document.error)).to.equal(0)
    return document.result.rows
  }

  before(async () => {
    user = await User.create()
    await user.write('datapipe.yaml', CONFIG)
    const endpoint = await user.startLocal()
    s3 = new S3Client({
      endpoint,
      region: 'eu-north-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
    const up = await local('up')
    expect(up.code, JSON.stringify(up.error)).to.equal(0)
  })
  after(async () => {
    s3.destroy()
    await user.leave()
  })

  it('loads JSON lines, Parquet, workbooks, tabs and zstd', async () => {
    await writeKinds(user)
    const files = ['data.jsonl', 'data.parquet', 'data.xlsx', 'data.tsv', 'data.csv.zst']
    const upload = await local('upload', ...files)
    expect(upload.code, JSON.stringify(upload.error)).to.equal(0)
    const run = await local<RunResult>('run', '--watch')
    expect(run.code, JSON.stringify(run)).to.equal(0)
    expect(run.result.executions.map(({ status }) => status)).to.deep.equal(files.map(() => 'succeeded'))
    const tables = ['lines', 'pages', 'sheets', 'tabs', 'packed']
    const all = tables
      .map((table, at) => `select ${at} as position, id, note from ${table}`)
      .join(' union all ')
    expect(await query(`select * from (${all}) order by position, id`)).to.deep.equal(
      tables.flatMap((_, at) => EXPECTED.map((cells) => [at, ...cells])),
    )
  })

  it('loads names of every kind, and keeps them apart', async () => {
    await mkdir(join(user.folder, 'names'))
    for (const [index, name] of NAMES.entries())
      await user.write(join('names', name), `id,note\n${index},fine\nbad,${index}\n`)
    const upload = await local('upload', ...NAMES.map((name) => join('names', name)))
    expect(upload.code, JSON.stringify(upload.error)).to.equal(0)
    // A key can be four times as long as the name of a file on a disk.
    const deep = `inbox/names/${'d'.repeat(1000 - 'inbox/names/.csv'.length)}.csv`
    const Body = `id,note\n${NAMES.length},fine\nbad,${NAMES.length}\n`
    await s3.send(new PutObjectCommand({ Bucket: await rawBucket(), Key: deep, Body }))
    const keys = [...NAMES.map((name) => `inbox/names/${name}`), deep]

    const run = await local<RunResult>('run', '--watch')
    expect(run.code, JSON.stringify(run)).to.equal(0)
    expect(run.result.executions.map(({ source }) => source.key).sort()).to.deep.equal([...keys].sort())
    expect(await query('select id from names order by id')).to.deep.equal(keys.map((_, index) => [index]))
    expect(await query('select raw from datapipe_rejects order by raw')).to.deep.equal(
      keys.map((_, index) => [`bad,${index}`]).sort(),
    )
    const history = await local<HistoryResult>('history', 'names')
    expect(history.result.runs.map(({ source }) => source.key).sort()).to.deep.equal([...keys].sort())
    const rejected = await local<RejectsList>('rejects', 'list', 'names')
    expect(rejected.result.sources).to.have.length(keys.length)
    for (const index of [0, 3, 4, keys.length - 1]) {
      const shown = await local<ShownRejects>('rejects', 'show', keys[index]!)
      expect(
        shown.result?.rows.map(({ raw }) => raw),
        keys[index],
      ).to.deep.equal([`bad,${index}`])
    }
    // Loaded once more, each takes its own place.
    const twice = await local<RunResult>('run', '--file', keys[2]!)
    expect(twice.code, JSON.stringify(twice)).to.equal(0)
    expect(await query('select count(*) from names')).to.deep.equal([[keys.length]])
  })

  async function rawBucket(): Promise<string> {
    const { result } = await local<{ files: { bucket: string }[] }>('upload', 'data.tsv')
    return result.files[0]!.bucket
  }
})

async function writeKinds(user: User): Promise<void> {
  const records = EXPECTED.map(([id, note]) => ({ id, note }))
  await user.write('data.jsonl', records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  await user.write('data.tsv', `id\tnote\n1\t"one, with ""quotes"""\n2\tzwei: ä\n`)
  const cells = EXPECTED.map(([id, note], index) =>
    row(index + 2, number(`A${index + 2}`, id as number), text(`B${index + 2}`, note as string)),
  )
  const rows = row(1, text('A1', 'id'), text('B1', 'note')) + cells.join('')
  await user.write('data.xlsx', Buffer.from(workbook([{ name: 'data', rows }])))
  const instance = await DuckDBInstance.create(':memory:')
  const database = await instance.connect()
  const table = `(select id, note from read_json('${join(user.folder, 'data.jsonl')}'))`
  await database.run(`COPY ${table} TO '${join(user.folder, 'data.parquet')}' (FORMAT parquet)`)
  await database.run(`COPY ${table} TO '${join(user.folder, 'data.csv.zst')}' (FORMAT csv, COMPRESSION zstd)`)
  database.closeSync()
  instance.closeSync()
  expect((await readFile(join(user.folder, 'data.csv.zst'))).readUInt32LE()).to.equal(0xfd2fb528)
}
