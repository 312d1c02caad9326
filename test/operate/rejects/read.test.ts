import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ExactNumber } from '../../../src/operate/query/cells.js'
import { duckdbQuery } from '../../../src/operate/query/duckdb.js'
import { exportRejects } from '../../../src/operate/rejects/export.js'
import { listRejects } from '../../../src/operate/rejects/list.js'
import { showRejects } from '../../../src/operate/rejects/show.js'
import { TestLake, type LoadRequest } from '../../transform/merge/support.js'
import { readParquet } from '../../transform/support/files.js'
import { failure, signal } from '../support.js'

const METERS = { columns: { id: 'integer', note: 'string' }, rejects: { max: '50%' } }
const HEADER = 'id,"the ""note"", free"\n'
const TWO_LINES = 'x,"two\nlines, ""quoted"""'
const FILE = `${HEADER}1,a\n${TWO_LINES}\n2,b\nonly one\n3,c\n4,d\n`
const MISFIT = 'id: "x" is not a whole number from -2147483648 to 2147483647'

describe('looking at rejected rows', function () {
  this.timeout(120_000)
  let lake: TestLake
  let folder: string
  before(async () => {
    lake = await TestLake.start()
  })
  after(() => lake.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    await lake.reset({ meters: { ...METERS, columns: { id: 'integer', the_note_free: 'string' } } })
  })
  afterEach(() => rm(folder, { recursive: true }))

  const load = (name: string, body: string) => lake.uploadAndLoad('meters', name, body)
  const list = async (all = false) =>
    (await listRejects(lake.aws, { all }, signal)).sources.map(({ state, run, rowsRejected }) => [
      run,
      state,
      rowsRejected,
    ])
  const show = (selector: string, options: { limit?: number; reason?: string } = {}) =>
    showRejects(lake.aws, { selector, limit: 20, ...options }, signal)
  const query = async (sql: string) => {
    const stream = await duckdbQuery(
      lake.aws,
      sql,
      { signal, onProgress: () => undefined },
      { folder: join(folder, 'cache') },
    )
    const rows: unknown[][] = []
    // Whole numbers come as text, so that none loses digits.
    const plain = (cell: unknown) => (cell instanceof ExactNumber ? cell.toJSON() : cell)
    for await (const batch of stream.batches) rows.push(...batch.map((row) => row.map(plain)))
    await stream.close()
    return rows
  }

  it('lists every version whose rows matter: published, quarantined, replaced', async () => {
    const first = await load('a.csv', FILE)
    const sources = (await listRejects(lake.aws, { dataset: 'meters' }, signal)).sources
    expect(sources).to.have.length(1)
    expect(sources[0]).to.deep.include({ state: 'published', rowsRejected: 2, rowsIn: 6 })
    expect(sources[0]?.reasons).to.deep.equal([MISFIT, 'has 1 field instead of 2'])
    expect((await listRejects(lake.aws, { dataset: 'other' }, signal)).sources).to.deep.equal([])

    await lake.nextSecond()
    const worse = await load('a.csv', `${HEADER}x,\ny,\nz,\n`)
    expect(await list(), 'the rows of the first are in the table still').to.deep.equal([
      [worse.runId, 'quarantined', 3],
      [first.runId, 'published', 2],
    ])
    await lake.nextSecond()
    await load('a.csv', `${HEADER}1,a\n`)
    expect(await list()).to.deep.equal([])
    expect(await list(true)).to.have.deep.members([
      [worse.runId, 'replaced', 3],
      [first.runId, 'replaced', 2],
    ])
    expect((await failure(show(worse.runId))).code).to.equal('REJECTS_GONE')
  })

  it('shows the rows of a run, of a file, and those with a reason', async () => {
    const { runId, source } = await load('a.csv', FILE)
    for (const selector of [
      runId,
      runId.slice(0, 12),
      source.key,
      'meters/a.csv',
      `s3://${source.bucket}/${source.key}`,
    ]) {
      const { rows, rowsRejected } = await show(selector)
      expect(rowsRejected).to.equal(2)
      expect(rows).to.deep.equal([
        {
          input: null,
          line: 3,
          column: 'id',
          reason: MISFIT,
          raw: TWO_LINES,
          byteOffset: FILE.indexOf(TWO_LINES),
          byteLength: TWO_LINES.length,
        },
        {
          input: null,
          line: 6,
          column: null,
          reason: 'has 1 field instead of 2',
          raw: 'only one',
          byteOffset: FILE.indexOf('only one'),
          byteLength: 8,
        },
      ])
    }
    const some = await show(runId, { reason: 'FIELD INSTEAD' })
    expect([some.matching, some.rows.map(({ line }) => line)]).to.deep.equal([1, [6]])
    expect((await show(runId, { limit: 1 })).rows.map(({ line }) => line)).to.deep.equal([3])
    expect((await show(runId, { reason: "it's" })).matching).to.equal(0)
    await load('good.csv', `${HEADER}1,a\n`)
    expect((await failure(show('meters/good.csv'))).code).to.equal('NO_REJECTS')
    expect((await failure(show('o-'))).code).to.equal('RUN_AMBIGUOUS')
    expect((await failure(show('meters/none.csv'))).code).to.equal('RUN_NOT_FOUND')
  })

  it('exports rows that, corrected and uploaded, are read', async () => {
    await load('a.csv', FILE)
    const out = join(folder, 'rows.csv')
    const exported = await exportRejects(lake.aws, { selector: 'meters/a.csv', out }, signal)
    expect(exported.files).to.deep.equal([
      { path: out, input: null, rows: 2, reasons: join(folder, 'rows.reasons.csv') },
    ])
    const text = await readFile(out, 'utf8')
    expect(text).to.equal(`${HEADER}${TWO_LINES}\nonly one\n`)
    expect(await readFile(join(folder, 'rows.reasons.csv'), 'utf8')).to.equal(
      `export_line,line,column,reason\n2,3,id,"${MISFIT.replaceAll('"', '""')}"\n4,6,,"has 1 field instead of 2"\n`,
    )
    const corrected = await load('a-corrected.csv', text.replace('x,', '10,').replace('only one', '11,one'))
    expect(corrected).to.include({ rowsIn: 2, rowsRejected: 0 })
    expect((await lake.read('meters')).map(({ id }) => Number(id)).sort((a, b) => a - b)).to.deep.equal([
      1, 2, 3, 4, 10, 11,
    ])

    const again = { selector: 'meters/a.csv', out }
    expect((await failure(exportRejects(lake.aws, again, signal))).code).to.equal('FILE_EXISTS')
    await exportRejects(lake.aws, { ...again, overwrite: true, reason: 'instead of' }, signal)
    expect(await readFile(out, 'utf8')).to.equal(`${HEADER}only one\n`)
    const none = failure(exportRejects(lake.aws, { ...again, overwrite: true, reason: 'absent' }, signal))
    expect((await none).code).to.equal('NOTHING_MATCHES')
    expect((await failure(exportRejects(lake.aws, { ...again, out: 'a.txt' }, signal))).code).to.equal(
      'EXPORT_FORMAT',
    )
  })

  it('exports Parquet with all that is known of each row', async () => {
    const { runId, source } = await load('a.csv', FILE)
    const out = join(folder, 'rows.parquet')
    await exportRejects(lake.aws, { selector: runId, out }, signal)
    const rows = await readParquet(out)
    expect(rows[0]).to.deep.equal({
      dataset: 'meters',
      source: `${source.bucket}/${source.key}`,
      version_id: source.versionId,
      run_id: runId,
      input: null,
      line: 3n,
      column: 'id',
      reason: MISFIT,
      raw: TWO_LINES,
      byte_offset: BigInt(FILE.indexOf(TWO_LINES)),
      byte_length: BigInt(TWO_LINES.length),
    })
    await exportRejects(lake.aws, { selector: runId, out, reason: 'field', overwrite: true }, signal)
    expect((await readParquet(out)).map(({ line }) => line)).to.deep.equal([6n])
  })

  it('says which rows it does not have whole', async () => {
    const long = `y,${'z'.repeat(70_000)}`
    await load('a.csv', `${HEADER}1,a\nx,short\n2,b\n3,c\n${long}\n`)
    const out = join(folder, 'rows.csv')
    const exported = await exportRejects(lake.aws, { selector: 'meters/a.csv', out }, signal)
    expect(exported.withoutText).to.equal(1)
    expect(await readFile(out, 'utf8')).to.equal(`${HEADER}x,short\n`)
    const reasons = (await readFile(join(folder, 'rows.reasons.csv'), 'utf8')).split('\n')
    expect(reasons[2]).to.match(/^,6,id,/)

    await load('b.csv', `${HEADER}1,a\n${long}\n`)
    const only = { selector: 'meters/b.csv', out: join(folder, 'none.csv') }
    expect((await failure(exportRejects(lake.aws, only, signal))).code).to.equal('REJECTS_WITHOUT_TEXT')
    expect((await readdir(folder)).filter((name) => name.startsWith('none'))).to.deep.equal([])
  })

  it('has files of every format in lines that were in them', async () => {
    await lake.reset({ meters: { ...METERS, columns: { id: 'integer' }, format: { type: 'jsonl' } } })
    await load('a.jsonl', '{"id":1}\n{"id":"x"}\n{"id":2}\n')
    const out = join(folder, 'rows.csv')
    await exportRejects(lake.aws, { selector: 'meters/a.jsonl', out }, signal)
    expect(await readFile(out, 'utf8')).to.equal('{"id":"x"}\n')

    await lake.reset({
      meters: { ...METERS, columns: { id: 'integer' }, format: { type: 'csv', header: false } },
    })
    await load('a.csv', '1\nx\n2\n')
    await exportRejects(lake.aws, { selector: 'meters/a.csv', out, overwrite: true }, signal)
    expect(await readFile(out, 'utf8')).to.equal('x\n')
  })

  it('is a table: published and quarantined rows of every dataset', async () => {
    const published = await load('a.csv', FILE)
    const quarantined = await load('b.csv', `${HEADER}x,\ny,\n`)
    expect(quarantined.status).to.equal('rejected')
    expect(
      await query('select dataset, run_id, line, "column", raw from datapipe_rejects order by source, line'),
    ).to.deep.equal([
      ['meters', published.runId, 3, 'id', TWO_LINES],
      ['meters', published.runId, 6, null, 'only one'],
      ['meters', quarantined.runId, 2, 'id', 'x,'],
      ['meters', quarantined.runId, 3, 'id', 'y,'],
    ])
  })

  it('is the same set of rows after a load that is done again', async () => {
    const version: LoadRequest = await lake.upload('meters', 'a.csv', FILE)
    await lake.load(version)
    await lake.load({ ...version, execution: 'r1-again', force: true })
    expect(await query('select run_id, line from datapipe_rejects order by line')).to.deep.equal([
      ['r1-again', 3],
      ['r1-again', 6],
    ])
    expect(await list()).to.deep.equal([['r1-again', 'published', 2]])
  })
})
